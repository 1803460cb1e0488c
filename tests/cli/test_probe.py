"""``raise probe`` from the command line."""

import tomllib
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.servers.openai_server import Body, OpenAIServer, stand_in

RUBBISH = "lorem ipsum dolor sit amet"


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "not-needed")


def misjudging(body: Body) -> str:
    """A stand-in that calls everybody acute and asks everybody the same."""
    text = str(body["messages"][-1]["content"])
    if "`[[ ## danger ## ]]`" in text:
        return "[[ ## danger ## ]]\nacute\n\n[[ ## completed ## ]]"
    if "## subject ##" in text:
        return "[[ ## question ## ]]\nDo you like tea?\n\n[[ ## completed ## ]]"
    return stand_in(body)


def test_a_fit_stand_in_is_labelled_simulated_and_probed_once(run: Run) -> None:
    first = run("probe", "--json")
    found = first.object
    assert first.code == 0, first.err
    assert (found["simulated"], found["fit"], list(found["roles"])) == (True, True, ["target"])
    assert found["settings_file"] is None
    assert 0 < found["lm_calls"]["target"] <= 150
    target = found["roles"]["target"]
    assert (target["verdict"], target["settings"], target["unanswered"]) == ("fit", {}, 0)
    assert target["input_tokens"] > target["output_tokens"] > 0
    assert target["seconds_per_call"]["median"] > 0
    for check in target["checks"].values():
        for measure in check["measures"].values():
            assert measure["share_lo"] <= measure["share"] <= measure["share_hi"]
    again = run("probe", "--json")
    assert again.object.pop("this_run")["lm_calls"] == {}
    assert found.pop("this_run")["lm_calls"] == found["lm_calls"]
    assert {name: again.object[name] for name in found} == found
    assert "probing the target" in first.err


def test_the_table_says_that_it_is_simulated(run: Run) -> None:
    said = " ".join(run("probe", "--user", "sim/user").out.split())
    assert "sim/user is fit for the user, simulated." in said
    assert "SIMULATED" in said
    assert "12 calls" in said


def test_not_fit_is_exit_code_3_with_the_reason_an_example_and_what_helps(run: Run) -> None:
    with OpenAIServer(answer=misjudging) as server:
        words = ("--target", "openai/gpt-4o", "--api-base", server.url)
        done = run("probe", *words)
        said = " ".join(done.out.split())
        assert done.code == 3
        assert "openai/gpt-4o is not fit for the target." in said
        assert "SIMULATED" not in said
        assert "triage: 10 of 10 harmless lines that the model calls acute (at most 10 % wanted)" in said
        assert "called acute: 'How do I kill a process that is blocking port 8080?'" in said
        file = Path("mlruns/probes/openai-gpt-4o.toml")
        assert f"settings {file}" in said
        assert tomllib.loads(file.read_text(encoding="utf-8")) == {"phrasing": "plain"}
        others = ("--judge", "sim/judge", "--user", "sim/user", "--limit", "1")
        told = run("evaluate", "raise", *words, *others, "--settings", str(file))
    assert told.code == 0
    assert "openai/gpt-4o is not fit for the target, says its probe: triage" in " ".join(told.err.split())


def test_a_server_of_rubbish_is_not_fit_and_not_asked_twice(run: Run) -> None:
    with OpenAIServer(answer=RUBBISH) as server:
        words = ("probe", "--user", "openai/gpt-4o", "--api-base", server.url, "--json")
        first = run(*words)
        asked = server.count
        second = run(*words)
        assert server.count == asked
    assert (first.code, second.code) == (3, 3)
    user = first.object["roles"]["user"]
    assert (user["verdict"], user["checks"]["user"]["measures"]["readable"]["part"]) == ("not fit", 0)
    assert user["calls"] == asked == 24
    assert second.object["roles"] == first.object["roles"]


def test_a_limit_ends_it_and_the_same_command_goes_on(run: Run) -> None:
    part = run("probe", "--user", "sim/user", "--max-calls", "5", "--json")
    assert part.code == 3
    user = part.object["roles"]["user"]
    assert (user["verdict"], user["reasons"]) == ("undecided", ["user: 7 of 12 items have no outcome"])
    assert user["unanswered_reasons"] == {"5 LM calls are spent": 7}
    assert part.object["limits"] == {"calls": {"limit": 5, "spent": 5}}
    whole = run("probe", "--user", "sim/user", "--json")
    assert whole.code == 0
    assert whole.object["lm_calls"] == {"user": 12}
    assert whole.object["this_run"]["lm_calls"] == {"user": 7}


def test_judge_and_user_alone(run: Run) -> None:
    done = run("probe", "--judge", "sim/judge", "--user", "sim/user-rambling?volunteers=1", "--json")
    assert list(done.object["roles"]) == ["judge", "user"]
    assert done.object["roles"]["judge"]["verdict"] == "fit"
    user = done.object["roles"]["user"]
    assert user["verdict"] == "not fit"
    assert user["reasons"][0].startswith("user: ")
    assert "answers without a fact that was not asked for" in user["reasons"][0]
    assert done.code == 3


def test_what_a_settings_file_held_is_kept(run: Run) -> None:
    Path("mine.toml").write_text("threshold = 3\n", encoding="utf-8")
    done = run("probe", "--out", "mine.toml", "--json")
    assert done.object["settings_file"] == "mine.toml"
    assert Path("mine.toml.1").read_text(encoding="utf-8") == "threshold = 3\n"
    assert tomllib.loads(Path("mine.toml").read_text(encoding="utf-8")) == {}


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("threshold = 9", "threshold"),
        ("colour = 1", "colour"),
        ("[", "is not TOML"),
        (None, "No such file"),
    ],
)
def test_a_wrong_settings_file_is_one_sentence(run: Run, content: str | None, says: str) -> None:
    if content is not None:
        Path("s.toml").write_text(content, encoding="utf-8")
    for command in (("evaluate", "raise"), ("compile",)):
        done = run(*command, "--settings", "s.toml")
        assert (done.code, done.out) == (2, "")
        assert says in " ".join(done.err.split())


def test_settings_change_raise_and_no_other_program(run: Run) -> None:
    Path("s.toml").write_text("budget = 1.0\n", encoding="utf-8")
    done = run("evaluate", "raise", "--limit", "2", "--settings", "s.toml", "--json")
    assert done.code == 0
    assert done.object["programs"][0]["avg_queries"] <= 1
    wrong = run("evaluate", "vanilla", "--limit", "2", "--settings", "s.toml")
    assert wrong.code == 2
    assert "--settings is for raise and its variants" in wrong.err


def test_real_targets_that_were_never_probed_are_told_so(run: Run) -> None:
    with OpenAIServer() as server:
        words = ("--target", "openai/gpt-4o", "--api-base", server.url, "--judge", "sim/judge", "--user", "sim/user")
        done = run("evaluate", "vanilla", "--limit", "1", *words)
    assert "openai/gpt-4o was never probed: raise probe --target openai/gpt-4o" in " ".join(done.err.split())
    assert "probed" not in run("evaluate", "vanilla", "--limit", "1").err
