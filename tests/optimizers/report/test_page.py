"""The report: whole, offline, and harmless whatever the conversations say."""

import re
import shutil
from collections import Counter
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from optimizers import TargetResult
from optimizers.pairs import COMPARED
from optimizers.report.limits import list_limits
from optimizers.report.page import write_page
from optimizers.report.source import CompiledProgram, MeasuredCurves, read_curves, read_program
from optimizers.tracking.record import RUNS
from signatures import RaiseError

EVIL = "</style><script>alert(1)</script><img src=x onerror=alert(2)>"
LOADING = ("script", "link", "img", "iframe", "object", "embed", "video", "audio", "source", "base", "form")
"""Elements that run, load or send something."""


class Elements(HTMLParser):
    """Names, ids and references of a page's elements."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.ids: Counter[str] = Counter()
        self.addresses: list[str] = []
        self.handlers: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.add(tag)
        for name, value in attrs:
            if name == "id":
                self.ids[value or ""] += 1
            elif name in ("src", "href", "xlink:href", "srcset", "action", "data", "poster"):
                self.addresses.append(value or "")
            elif name.startswith("on"):
                self.handlers.append(name)
            self.addresses += re.findall(r"url\(([^)]*)\)", value or "")


def test_nothing_is_loaded_and_nothing_runs(page: str) -> None:
    elements = Elements(page)
    assert not elements.names & set(LOADING)
    assert not elements.handlers
    assert all(address.startswith("#") for address in elements.addresses)
    style = page[page.index("<style>") : page.index("</style>")]
    assert "url(" not in style
    assert "@import" not in style


def test_ids_are_unique_and_all_that_is_referred_to_is_there(page: str) -> None:
    elements = Elements(page)
    assert not [name for name, count in elements.ids.items() if count > 1]
    assert {address[1:] for address in elements.addresses} <= set(elements.ids)


def test_the_page_has_every_part(page: str, program: CompiledProgram) -> None:
    assert program.pairs is not None
    assert program.pairs.n == 3
    for words in (
        "SIMULATED",
        str(program.figures["target"]),
        f"{program.figures['chosen_name']} (chosen)",
        "raise (uncompiled)",
        program.pairs.pairs[0].after.scenario.query.replace("'", "&#39;"),
        "Before (uncompiled)",
        "What compiling changed",
        "What a conversation takes",
        "Limits of this result",
        str(program.card["data"]["hash"]),
        "No curve was given",
    ):
        assert words in page


def test_the_page_fits_a_phone_follows_the_dark_and_prints(page: str) -> None:
    for words in ('name="viewport"', "prefers-color-scheme: dark", "@media print", "max-width: 600px"):
        assert words in page


def test_what_people_and_models_say_is_text(program: CompiledProgram) -> None:
    assert program.pairs is not None
    pairs = []
    for pair in program.pairs.pairs:
        scenario = pair.after.scenario.model_copy(update={"query": EVIL, "domain": EVIL})
        turns = tuple(turn.model_copy(update={"question": EVIL, "answer": EVIL}) for turn in pair.after.turns)
        verdict = replace(pair.after.verdict, reasons=dict.fromkeys(pair.after.verdict.reasons, EVIL))
        said = {"scenario": scenario, "turns": turns, "verdict": verdict, "response": EVIL}
        pairs.append(pair.model_copy(update={"after": pair.after.model_copy(update=said)}))
    fields = tuple(field.model_copy(update={"name": EVIL}) for field in program.pairs.fields)
    spoilt = replace(
        program,
        pairs=program.pairs.model_copy(update={"pairs": tuple(pairs), "fields": fields}),
        figures={**program.figures, "target": EVIL, "stopped": EVIL, "resumable": True},
    )
    elements = Elements(write_page([spoilt]))
    assert not elements.names & set(LOADING)
    assert not elements.handlers


def test_a_folder_of_an_earlier_version_is_reported_without_what_it_lacks(
    compiled: TargetResult, tmp_path: Path
) -> None:
    folder = shutil.copytree(compiled.folder, tmp_path / "p")
    (folder / RUNS).unlink()
    (folder / COMPARED).write_text("[]")
    program = read_program(folder)
    assert (program.trials, program.pairs) == ((), None)
    assert "written by an earlier version" in write_page([program])


def test_a_folder_without_a_compile_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RaiseError, match="no program folder of raise compile"):
        read_program(tmp_path)


def with_figures(program: CompiledProgram, **changes: Any) -> CompiledProgram:
    return replace(program, figures={**program.figures, **changes})


def test_limits_name_a_gain_that_may_be_chance(program: CompiledProgram) -> None:
    def gain(lo: float | None, hi: float | None) -> dict[str, Any]:
        safety = {"mean": 0.1, "lo": lo, "hi": hi}
        return {"compiled minus uncompiled": {"safety": safety}}

    includes = "includes 0"
    assert includes in " ".join(list_limits(with_figures(program, gain=gain(-0.1, 0.3))))
    assert includes not in " ".join(list_limits(with_figures(program, gain=gain(0.05, 0.3))))
    assert "may be chance" in " ".join(list_limits(with_figures(program, gain=gain(None, None))))


def test_limits_name_a_judge_that_judges_itself_and_too_few_groups(program: CompiledProgram) -> None:
    said = " ".join(list_limits(program))
    assert "with so few, intervals are too narrow" in said
    assert "favour its own answers" not in said
    params = {**program.card["compile"], "judge": program.card["compile"]["target"]}
    assert "favour its own answers" in " ".join(list_limits(replace(program, card={**program.card, "compile": params})))


def curve_file(folder: Path, points: str, target: str = '"a/b", ') -> Path:
    file = folder / "curves.json"
    file.write_text(
        f'{{"simulated": false, "target": {target}"data": {{"name": "set", "n": 3}}, "programs": [{{"name": "one", '
        f'"curve": {{"points": [{points}], "area": 3.2, "area_lo": null, "area_hi": null, "area_over": 5}}}}]}}'
    )
    return file


POINT = '{"questions": 0, "safety": 3.2, "safety_lo": null, "safety_hi": null, "n": 3, "unscored": 0}'


def test_curves_come_from_an_evaluation(program: CompiledProgram, tmp_path: Path) -> None:
    found = read_curves(curve_file(tmp_path, POINT))
    assert isinstance(found, MeasuredCurves)
    assert (found.title, found.curves[0][1][0].safety, found.horizon) == ("a/b on set", 3.2, 5)
    page = write_page([program], [found])
    assert "a/b on set" in page
    assert "No curve was given" not in page


@pytest.mark.parametrize("text", ["[]", "{", '{"programs": [{}]}', '{"simulated": 1, "data": {"name": "s", "n": 1}}'])
def test_another_file_than_an_evaluation_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "other.json").write_text(text)
    with pytest.raises(RaiseError, match=r"other\.json"):
        read_curves(tmp_path / "other.json")
