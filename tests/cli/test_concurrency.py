"""How many conversations run at once: a number, or what the endpoints bear."""

from pathlib import Path

import pytest

from cli.settings import Settings, concurrency_of
from lms import LanguageModels, Role, RoleSettings
from lms.pace import FIRST, MOST
from signatures import RaiseError

REAL = {Role.TARGET: RoleSettings(model="openai/m", api_base="http://127.0.0.1:9/v1")}


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("RAISE_CONCURRENCY", raising=False)


def test_stand_ins_talk_one_after_the_other_and_endpoints_decide_for_themselves() -> None:
    assert concurrency_of(Settings(), None, LanguageModels()) == 1
    assert concurrency_of(Settings(), "auto", LanguageModels()) == 1
    models = LanguageModels(REAL)
    assert concurrency_of(Settings(), None, models) == MOST
    assert models[Role.TARGET].engine.pace.limit == FIRST
    assert models[Role.JUDGE].engine.pace.limit is None  # a stand-in


@pytest.mark.parametrize("from_file", [False, True])
def test_a_number_is_kept_to(from_file: bool) -> None:
    models = LanguageModels(REAL)
    if from_file:
        Path("raise.toml").write_text("concurrency = 3\n", encoding="utf-8")
    assert concurrency_of(Settings(), None if from_file else "3", models) == 3
    assert models[Role.TARGET].engine.pace.limit is None


def test_the_option_wins_over_the_file() -> None:
    Path("raise.toml").write_text('concurrency = "auto"\n', encoding="utf-8")
    assert concurrency_of(Settings(), "2", LanguageModels(REAL)) == 2
    assert concurrency_of(Settings(), None, LanguageModels(REAL)) == MOST


@pytest.mark.parametrize("word", ["0", "-1", "many", "1.5", ""])
def test_anything_else_is_refused(word: str) -> None:
    with pytest.raises(RaiseError, match=r"--concurrency .*: write a number from 1, or auto"):
        concurrency_of(Settings(), word, LanguageModels())
