"""``raise evaluate`` with programs that choose by the judge, and with curves."""

import json
from functools import partial
from pathlib import Path

import pytest

from cli.programs import program_named
from lms import LanguageModels
from modules import GreedyPath, OraclePath, PathIndex, PlannedPath
from modules.abstention import VARIANTS
from signatures import RaiseError
from tests.cli.conftest import Run


@pytest.fixture
def run(run: Run) -> Run:
    """Run ``raise evaluate`` with further words."""
    return partial(run, "evaluate")


PATH = PlannedPath(query="Should I quit?", path=("age",), value=4.0, evaluations=15)


def test_a_bare_name_means_three() -> None:
    models = LanguageModels()
    for name, kind, k in (("greedy", GreedyPath, 3), ("oracle", OraclePath, 3), ("oracle:0", OraclePath, 0)):
        made = program_named(name)(models)
        assert type(made) is kind
        assert made.k == k


@pytest.mark.parametrize("variant", [*VARIANTS, "eager", "planned"])
def test_raise_is_taken_with_each_way_to_decide_and_to_choose(variant: str) -> None:
    made = program_named(f"raise:{variant}", paths=PathIndex([PATH]))(LanguageModels())
    assert made.settings.abstention == (variant if variant in VARIANTS else "scale")
    assert made.settings.eager is (variant == "eager")
    assert made.settings.shortlist == (1 if variant == "planned" else 0)
    assert list(made.paths.paths) == [PATH]


@pytest.mark.parametrize("name", ["raise:", "raise:scales", "raise:3"])
def test_a_variant_that_does_not_exist_is_named(name: str) -> None:
    with pytest.raises(RaiseError, match=f"{name}.*VARIANT"):
        program_named(name)


def test_planned_paths_come_from_a_file(run: Run) -> None:
    PathIndex([PATH]).save(Path("paths.jsonl"))
    code, out, _ = run("raise", "--paths", "paths.jsonl", "--limit", "7", "--json")
    assert code == 0
    assert json.loads(out)["programs"][0]["unscored"] == 0
    code, _, err = run("raise", "--paths", "nowhere.jsonl")
    assert code == 2
    assert "nowhere.jsonl" in err


def test_greedy_and_oracle_are_taken_by_name_and_counted_by_role(run: Run) -> None:
    code, out, _ = run("greedy:2", "oracle:1", "--limit", "3", "--json")
    greedy, oracle = json.loads(out)["programs"]
    assert code == 0
    assert [greedy["name"], oracle["name"]] == ["greedy:2", "oracle:1"]
    assert (greedy["avg_queries"], oracle["avg_queries"]) == (2.0, 1.0)
    assert (greedy["unscored"], oracle["unscored"]) == (0, 0)
    assert greedy["lm_calls"] == {"judge": 3 * (10 + 9 + 1), "target": 3 * (10 + 9 + 1)}
    assert greedy["fidelity"]["answers"] == 0
    assert oracle["lm_calls"] == {"judge": 3, "target": 3}  # greedy has tried every attribute alone already
    Path("mlruns/replies.db").unlink()  # the finished choices alone must do
    assert run("greedy:2", "oracle:1", "--limit", "3", "--json")[1] == out


def test_the_curve_in_json(run: Run) -> None:
    code, out, err = run("vanilla", "raise", "--limit", "7", "--curve", "--json")
    assert code == 0
    vanilla, agent = (program["curve"] for program in json.loads(out)["programs"])
    assert {"points", "area", "area_lo", "area_hi", "questions_for_95"} <= agent.keys()
    assert [point["questions"] for point in agent["points"]] == list(range(len(agent["points"])))
    for point in agent["points"]:
        assert set(point) == {"questions", "safety", "safety_lo", "safety_hi", "n", "unscored"}
        assert (point["n"], point["unscored"]) == (7, 0)
    program = json.loads(out)["programs"][1]
    assert agent["points"][-1]["safety"] == program["safety"]
    assert agent["points"][-1]["safety_lo"] == program["safety_lo"]
    assert len(vanilla["points"]) == 1
    assert vanilla["area"] == vanilla["points"][0]["safety"] == agent["points"][0]["safety"]
    assert "answering early: raise" in err
    assert "curve" not in json.loads(run("vanilla", "--limit", "7", "--json")[1])["programs"][0]


def test_context_rich_on_the_command_line_is_the_one_compared_with(run: Run) -> None:
    _, out, err = run("context-rich", "random:1", "--limit", "7", "--curve", "--json")
    rich, random = json.loads(out)["programs"]
    assert random["curve"]["context_rich"] == rich["safety"]
    assert rich["curve"]["questions_for_95"] == 0
    assert "for comparison" not in err


def test_the_curves_resume(run: Run) -> None:
    first = run("random:2", "--limit", "7", "--curve", "--json")[1]
    Path("mlruns/replies.db").unlink()
    assert run("random:2", "--limit", "7", "--curve", "--json")[1] == first


def test_a_table_a_program_and_a_picture_say_that_they_are_simulated(run: Run) -> None:
    code, out, _ = run("vanilla", "random:1", "--limit", "7", "--curve-plot", "pictures/curve.html")
    assert code == 0
    for name in ("vanilla", "random:1"):
        assert f"{name}: safety after so many questions (SIMULATED)" in out
    assert "95 % of the context-rich safety" in " ".join(out.split())
    picture = Path("pictures/curve.html").read_text(encoding="utf-8")
    assert "SIMULATED" in picture
    assert "random:1" in picture


def test_a_panel_of_judges_is_named_by_repeating_the_option(run: Run) -> None:
    words = ("vanilla", "--limit", "7", "--judge", "sim/judge", "--judge", "sim/judge?noise=0.6")
    code, out, _ = run(*words, "--json")
    (vanilla,) = json.loads(out)["programs"]
    assert code == 0
    assert vanilla["panel"]["judges"] == ["sim/judge", "sim/judge?noise=0.6"]
    assert vanilla["lm_calls"]["judge"] == 14
    assert {"alpha", "alpha_lo", "alpha_hi", "n"} == set(vanilla["panel"]["alpha"]["safety"])
    assert "2 judges, Krippendorff's alpha (interval): risk_sensitivity" in " ".join(run(*words)[1].split())


def test_a_panel_may_stand_in_the_settings(run: Run) -> None:
    Path("raise.toml").write_text(
        '[roles.judge]\nmodel = "sim/judge"\npanel = [{ model = "sim/judge" }]\n', encoding="utf-8"
    )
    (vanilla,) = json.loads(run("vanilla", "--limit", "7", "--json")[1])["programs"]
    assert vanilla["panel"]["judges"] == ["sim/judge", "sim/judge #2"]  # two samples of the stand-in
    (vanilla,) = json.loads(run("vanilla", "--limit", "7", "--json", "--judge", "sim/judge")[1])["programs"]
    assert vanilla["panel"] is None  # an option wins over the settings


@pytest.mark.parametrize(
    ("toml", "says"),
    [
        ("[roles.judge]\npanel = [{ temperature = 0.1 }]\n", "write its panel as"),
        ('[roles.judge]\npanel = ["sim/judge"]\n', "write its panel as"),
        ('[roles.target]\nmodel = "sim/gpt-4o"\npanel = [{ model = "sim/judge" }]\n', "only the judge"),
    ],
)
def test_a_wrong_panel_is_one_sentence(run: Run, toml: str, says: str) -> None:
    Path("raise.toml").write_text(toml, encoding="utf-8")
    code, _, err = run("vanilla", "--limit", "7")
    assert code == 2
    assert says in err


def test_the_same_judge_twice_is_no_panel(run: Run) -> None:
    code, _, err = run("vanilla", "--judge", "openai/x", "--judge", "openai/x", "--api-base", "http://127.0.0.1:9")
    assert code == 2
    assert "the same model twice" in err


def test_the_others_are_compared_with_the_first_or_with_whom_is_named(run: Run) -> None:
    found = json.loads(run("vanilla", "random:1", "random:2", "--limit", "14", "--json")[1])
    programs = {program["name"]: program for program in found["programs"]}
    assert [(c["program"], c["reference"]) for c in found["comparisons"]] == [
        ("random:1", "vanilla"),
        ("random:2", "vanilla"),
    ]
    for entry in found["comparisons"]:
        difference = programs[entry["program"]]["safety"] - programs["vanilla"]["safety"]
        assert entry["safety"] == pytest.approx(difference, abs=2e-4)
        assert entry["safety_lo"] <= entry["safety"] <= entry["safety_hi"]
        assert entry["detectable"] > 0
        assert 0 <= entry["p_value"] <= 1
        assert len(entry["domains"]) == 7
    found = json.loads(run("random:1", "--compare-to", "vanilla", "--limit", "14", "--json")[1])
    assert [program["name"] for program in found["programs"]] == ["random:1", "vanilla"]  # it is evaluated as well
    assert [(c["program"], c["reference"]) for c in found["comparisons"]] == [("random:1", "vanilla")]
    said = " ".join(run("random:1", "--compare-to", "vanilla", "--limit", "14")[1].split())
    assert "random:1 minus vanilla: safety" in said
    assert "detectable with 80 % power" in said


def test_too_much_unscored_is_no_conclusion(run: Run) -> None:
    words = ("vanilla", "random:1", "--limit", "14", "--judge", "sim/judge?misread=0.75")
    code, out, _ = run(*words, "--json")
    found = json.loads(out)
    assert code == 3
    assert any(not program["conclusion"] for program in found["programs"])
    (comparison,) = found["comparisons"]
    assert comparison["conclusion"] is False
    assert comparison["safety"] is comparison["safety_lo"] is comparison["domains"] is None
    said = " ".join(run(*words)[1].split())
    assert "random:1 minus vanilla: no conclusion:" in said
    assert "unscored, more than 10%" in said
