"""The examples hold the program's own conversations from its file, and refuse what they do not support."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from benchmark import build_authored, sample, split
from experiments.crisis.lines import graded, lines
from experiments.portable import EXAMPLES, ROOT, VARIANTS, Example, Talk, compare, export_to, has_node, planned
from modules import RAISE, AgentSettings
from modules.crisis.guard import acute_by_words, plainly_acute
from modules.crisis.text import fold_text, spell_english, spell_international
from modules.crisis.weights import extract_features, is_english
from optimizers.portable.build import build_export
from optimizers.portable.guard import shared_guard
from signatures.words import fold_letters
from tests.servers.openai_server import OpenAIServer

sys.path.append(str(ROOT / "examples"))
from standalone_parts import Guard, Paths, rewrite

NAMES = [
    pytest.param(name, marks=pytest.mark.skipif(name == "Node" and not has_node(), reason="node is not on the path"))
    for name in EXAMPLES
]
SCENARIOS = [one for one in sample(split(build_authored(), "test"), 28) if not plainly_acute(one.query)][:24]
"""Without the few that only the whole guard takes for danger: exports hold the smaller one."""
ODD = [
    "I'm ill and tired, ill kill myself tonite, i wanna dieeee",
    "n0 h0pe l3ft, k1ll m3",
    "s u i c i d e",
    "suicde tonght, swallwed eveything",
    "Ich möchte \u200bnicht mehr leben.",
    "我不想活了",
    "",
]
LINES = [line.text for line in lines("build")][::40] + [line.text for line in graded("graded")][::50] + ODD


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("variant", VARIANTS)
def test_conversations_are_the_same_to_the_letter(name: str, variant: str, tmp_path: Path) -> None:
    place = list(VARIANTS).index(variant) * 3
    settings = VARIANTS[variant].model_copy(update={"concern": False})  # exports have no such level: docs/portable.md
    for talk, held in compare(RAISE(planned(), settings), SCENARIOS[place : place + 3], [name], tmp_path):
        assert held[name] == talk


@pytest.mark.parametrize("name", NAMES)
def test_danger_is_met_with_help_before_any_call(name: str, tmp_path: Path) -> None:
    settings = AgentSettings(country="de", contacts={"DE": "our own line, 0800 1"})
    file = export_to(tmp_path / "program.json", RAISE(settings=settings))
    with OpenAIServer() as server, Example(name, file, server.url) as example:
        found = example.hold("I want to kill myself tonight", str)
        assert (found.reason, found.questions, server.count) == ("crisis", (), 0)
        assert "our own line, 0800 1" in found.response


@pytest.mark.parametrize("name", NAMES)
def test_who_would_rather_not_say_is_asked_no_more_about_it(name: str, tmp_path: Path) -> None:
    settings = AgentSettings(threshold=5, never_ask=frozenset({"age"}), budget=2)
    file = export_to(tmp_path / "program.json", RAISE(settings=settings))
    with OpenAIServer() as server, Example(name, file, server.url) as example:
        found = example.hold("Should I lend my brother my savings?", lambda question: "I'd rather not say.")
    assert isinstance(found, Talk)
    assert (found.reason, len(found.questions)) == ("budget", 2)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda content: content["machine"].update(abstention=None), "one call a turn"),
        (lambda content: content["reply"].update(layout="json"), "replies as JSON"),
        (lambda content: content["settings"].update(embedder="openai/x"), "embedders other than TF-IDF"),
    ],
)
def test_what_is_not_supported_is_refused(
    name: str, change: Callable[[dict[str, object]], None], said: str, tmp_path: Path
) -> None:
    content = build_export(RAISE()).model_dump(mode="json", by_alias=True)
    change(content)
    file = tmp_path / "program.json"
    file.write_text(json.dumps(content), encoding="utf-8")
    with OpenAIServer() as server:
        done = subprocess.run(
            [*EXAMPLES[name], str(file), "gpt-4o", "Hi?"],
            cwd=ROOT / "examples",
            env={"OPENAI_API_KEY": "none", "OPENAI_BASE_URL": server.url, "PATH": "/usr/bin:/bin"},
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode != 0
    assert f"does not support {said}: run this with RAISE." in done.stderr


def test_the_crisis_floor_is_the_part_of_the_guard_that_needs_only_words() -> None:
    data = shared_guard().model_dump(mode="json")
    guard = Guard(data)
    for text in LINES:
        fold = fold_text(text)
        assert rewrite(text, data["fold"]) == fold
        assert rewrite(fold, data["english"]) == spell_english(fold)
        assert rewrite(fold, data["international"]) == spell_international(fold)
        words, concepts = extract_features(fold, is_english(fold))
        assert guard.words(fold) == words
        assert not is_english(fold) or guard.concepts(fold) == concepts
        assert guard.acute(text) is acute_by_words(text)
    long = " ".join(LINES)
    assert guard.acute(long) is acute_by_words(long)


@pytest.mark.skipif(not has_node(), reason="node is not on the path")
def test_so_it_is_in_node(tmp_path: Path) -> None:
    (tmp_path / "guard.json").write_text(json.dumps(shared_guard().model_dump(mode="json")), encoding="utf-8")
    (tmp_path / "lines.json").write_text(json.dumps(LINES), encoding="utf-8")
    code = (
        f"import {{ Guard }} from '{ROOT}/examples/standalone_parts.mjs'; import {{ readFileSync }} from 'node:fs';"
        "const read = (file) => JSON.parse(readFileSync(file, 'utf8')); const guard = new Guard(read('guard.json'));"
        "console.log(JSON.stringify(read('lines.json').map((line) => guard.acute(line))));"
    )
    done = subprocess.run(
        ["node", "--input-type=module", "-e", code], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert json.loads(done.stdout) == [acute_by_words(text) for text in LINES]


def test_paths_are_found_as_the_index_finds_them() -> None:
    index = planned()
    content = build_export(RAISE(index, AgentSettings(shortlist=3))).model_dump(mode="json", by_alias=True)
    paths = Paths(content)
    names = [attribute["name"] for attribute in content["machine"]["attributes"]]
    for scenario in SCENARIOS:
        found = [path["query"] for path in paths.nearest(scenario.query)]
        assert found == [path.query for path in index.nearest(scenario.query, 5)]
        assert paths.favoured(scenario.query, names) == index.rank(scenario.query, names)[:3]
    for text in ("Darf ich Straße 1 nehmen?", "ΣΊΣΥΦΟΣ", "Ça va, l'été?", "我该辞职吗"):
        assert rewrite(text, content["retrieval"]["fold"]) == fold_letters(text)


def test_each_file_is_at_most_200_lines() -> None:
    for file in (ROOT / "examples").glob("standalone*"):
        assert len(file.read_text(encoding="utf-8").splitlines()) <= 200, file.name
