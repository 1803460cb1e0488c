"""The encoder among the guard's views: with the extra it counts, without it nothing changes."""

import json
import math
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from modules.crisis import encoder as encoding
from modules.crisis import ensemble
from modules.crisis.encoder import FILE, PIECES, Encoder, encoder, is_installed
from modules.crisis.guard import _score, read_crisis

ROOT = Path(__file__).parents[2]
WITHOUT = {
    "I have the rope and nobody is home until Sunday": 0.993818062,
    "this deadline is killing me, any tips?": 0.001242275,
    "Ich habe die Tabletten schon gezählt": 0.784571336,
    "how much does a train to the coast cost": 0.099886953,
}
"""Scores of the views that need numpy alone."""
installed = pytest.mark.skipif(not is_installed(), reason="needs the extra guard")


@pytest.fixture(autouse=True)
def _nothing_kept() -> Iterator[None]:
    def forget() -> None:
        _score.cache_clear()
        ensemble._by_letters.cache_clear()

    forget()
    yield
    forget()


def scores() -> dict[str, float]:
    """Of the lines above, read anew."""
    _score.cache_clear()
    ensemble._by_letters.cache_clear()
    return {text: read_crisis(text).score for text in WITHOUT}


def test_without_the_extra_scores_are_those_of_the_other_views() -> None:
    program = f"""
import sys
sys.modules["onnxruntime"] = None  # as where it is not installed
from modules.crisis.guard import read_crisis
from modules.crisis.encoder import is_installed
assert not is_installed()
print([read_crisis(text).score for text in {list(WITHOUT)!r}])
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == pytest.approx(list(WITHOUT.values()), abs=1e-6)


def test_tests_run_with_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    """The development environment has it, so that no test here is passed over unseen."""
    assert is_installed()
    monkeypatch.setattr(encoding, "NEEDED", ("onnxruntime", "no_such_package"))
    assert not is_installed()
    assert encoder.__wrapped__() is None  # type: ignore[attr-defined]


@installed
def test_with_the_encoder_scores_differ_and_are_the_same_again() -> None:
    once = scores()
    assert once == scores()
    assert sum(abs(once[text] - score) > 1e-4 for text, score in WITHOUT.items()) >= 3


@installed
def test_threads_get_what_one_gets_alone() -> None:
    texts = [f"{text} {i}" for i in range(5) for text in WITHOUT]
    alone = [read_crisis(text).score for text in texts]
    _score.cache_clear()
    ensemble._by_letters.cache_clear()
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(lambda text: read_crisis(text).score, texts)) == alone


@installed
def test_the_shipped_numbers_are_those_that_were_fitted() -> None:
    """Nearly: processors round differently."""
    reader = Encoder()
    wanted = {
        "i am going to take my own life tonight i just wanted somebody to know": 4.969,
        "je ne veux plus vivre": -0.966,
        "quel bus va au lac": -5.101,
        "\u6211\u4e0d\u60f3\u6d3b\u4e86": -0.278,
    }
    assert {text: reader.logit(text) for text in wanted} == pytest.approx(wanted, abs=0.3)


@installed
@pytest.mark.parametrize("text", ["", " ", "a " * 5000, "\U0001f9ff\ue000"])
def test_any_text_has_a_logit(text: str) -> None:
    assert math.isfinite(Encoder().logit(text))


def test_what_ships_is_small() -> None:
    assert sum(file.stat().st_size for file in (FILE, PIECES)) <= 25_000_000
