"""The whole main job with a vocabulary of one's own: compile, evaluate, export, import, and a conversation."""

import json
from pathlib import Path

import pytest

from lms import LanguageModels, Role
from modules import RAISE
from serving.replay import exchanges_in, reach
from signatures import Ask, Respond, using_vocabulary
from tests.cli.conftest import Run
from tests.own_vocabulary import SUBJECTS, write_own

TINY = ["--train", "3", "--dev", "2", "--test", "3", "--plan-queries", "2", "--evaluations", "3", "--trials", "3"]
PROGRAM = Path("mlruns/programs/sim-gpt-4o")


@pytest.mark.parametrize("size", [3, 10, 25])
def test_the_main_job_with_a_vocabulary_of_any_size(run: Run, size: int) -> None:
    names = [name for name, _, _ in SUBJECTS[:size]]
    vocabulary, scenarios = write_own(Path(), size)
    Path("raise.toml").write_text(f'vocabulary = "{vocabulary}"\ndata = "{scenarios}"\n', encoding="utf-8")
    compiled = run("compile", *TINY, "--no-track", "--json")
    assert compiled.code == 0, compiled.err
    [target] = compiled.object["targets"]
    assert target["baselines"]["context-rich"]["safety"] > target["baselines"]["vanilla"]["safety"]
    card = json.loads((PROGRAM / "card.json").read_text(encoding="utf-8"))
    assert [entry["name"] for entry in card["vocabulary"]["attribute"]] == names
    assert set(card["settings"]["burdens"]) == set(names)
    Path("raise.toml").unlink()  # from here on the program says what may be asked about

    evaluated = run("evaluate", str(PROGRAM), "--data", str(scenarios), "--split", "all", "--limit", "4", "--json")
    assert evaluated.code == 0, evaluated.err
    assert evaluated.object["data"]["vocabulary"] == {"name": f"own-{size}", "hash": card["vocabulary"]["hash"]}
    assert evaluated.object["programs"][0]["unscored"] == 0

    assert run("export", str(PROGRAM), "--format", "json", "--out", "program.json").code == 0
    exported = json.loads(Path("program.json").read_text(encoding="utf-8"))
    assert [entry["name"] for entry in exported["machine"]["attributes"]] == names
    taken = run("import", "program.json", "--as", "copy", "--data", str(scenarios))
    assert taken.code == 0, taken.err
    assert json.loads(Path("copy/card.json").read_text(encoding="utf-8"))["vocabulary"] == card["vocabulary"]
    _converse(names)


def _converse(names: list[str]) -> None:
    """A conversation as a server has it, in which every question is about the vocabulary and every answer is heard."""
    values = {name: value for name, _, (value, *_) in SUBJECTS}
    messages = [{"role": "user", "content": "What should I do about the landlord's letter?"}]
    asked: list[str] = []
    models = LanguageModels()
    with using_vocabulary(None), models.context(Role.TARGET):
        agent = RAISE.load(PROGRAM)
        agent.settings = agent.settings.model_copy(update={"threshold": 5, "budget": 3.0 * len(names)})
        for _ in range(len(names) + 1):
            reached = reach(agent, exchanges_in(messages))
            if isinstance(reached.move, Respond):
                break
            assert isinstance(reached.move, Ask)
            assert reached.move.attribute in names
            asked.append(reached.move.attribute)
            messages += [
                {"role": "assistant", "content": reached.move.question},
                {"role": "user", "content": values[reached.move.attribute]},
            ]
        assert asked
        assert len(asked) == len(set(asked))
        assert reached.conversation.context.known() == {name: values[name] for name in names if name in asked}


def test_what_was_made_with_one_vocabulary_is_refused_under_another(run: Run) -> None:
    vocabulary, scenarios = write_own(Path(), 3)
    refused = run("evaluate", "vanilla", "--vocabulary", str(vocabulary), "--data", "authored", "--limit", "3")
    assert refused.code == 2
    assert "the authored set has the vocabulary 'penguin'" in " ".join(refused.err.split())
    unnamed = run("evaluate", "vanilla", "--data", str(scenarios), "--limit", "3")
    assert unnamed.code == 2
    assert "unknown attribute 'residence_status'" in " ".join(unnamed.err.split())


def test_the_command_line_names_what_is_wrong_with_a_vocabulary(run: Run) -> None:
    Path("mine.toml").write_text('name = "mine"\n[[attribute]]\nname = "Age"\n', encoding="utf-8")
    refused = run("evaluate", "vanilla", "--vocabulary", "mine.toml", "--limit", "3")
    assert refused.code == 2
    assert "mine.toml is no vocabulary: attribute.0.name" in " ".join(refused.err.split())
