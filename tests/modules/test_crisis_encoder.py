"""The encoder among the guard's views: with the extra it counts, without it nothing changes."""

import json
import math
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modules.crisis import encoder as encoding
from modules.crisis import ensemble
from modules.crisis.encoder import (
    FILE,
    PART,
    PIECES,
    VECTORS,
    Encoder,
    as_written,
    encoder,
    is_installed,
    unpack,
)
from modules.crisis.ensemble import encoder_input
from modules.crisis.guard import _score, read_crisis
from modules.crisis.text import fold_text

ROOT = Path(__file__).parents[2]
WITHOUT = {
    "I have the rope and nobody is home until Sunday": 0.999246921,
    "this deadline is killing me, any tips?": 0.000009761,
    "Ich habe die Tabletten schon gezählt": 0.984230850,
    "how much does a train to the coast cost": 0.064098154,
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
        "i am going to take my own life tonight i just wanted somebody to know": 5.234,
        "je ne veux plus vivre": 4.816,
        "quel bus va au lac": -5.713,
        "\u6211\u4e0d\u60f3\u6d3b\u4e86": 5.245,
    }
    assert {text: reader.logit(text) for text in wanted} == pytest.approx(wanted, abs=0.3)


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("Tôi không muốn sống nữa!!", "Tôi không muốn sống nữa"),
        ("J'en peux plus… vraiment.", "J'en peux plus vraiment"),
        ("मुझे मरना है?", "मुझे मरना है"),
        ("أريد أن أموت، اليوم", "أريد أن أموت اليوم"),
        ("死にたい。もう無理", "死にたい もう無理"),
        ("Я х\u200bочу уме\u00adреть", "Я хочу умереть"),
        ("\uff21\uff44\uff49\uff0e \U0001f52a", "Adi \U0001f52a"),
    ],
)
def test_other_languages_are_read_in_their_own_spelling_without_punctuation(text: str, read: str) -> None:
    assert as_written(text) == read
    assert encoder_input(text, fold_text(text)) == read


def test_english_is_read_with_its_slips_put_right() -> None:
    text = "I'm gonna k1ll mys3lf, tonight?"
    assert encoder_input(text, fold_text(text)) == "i am going to kill myself tonight"


@installed
@pytest.mark.parametrize("padding", ["\u200b" * 40, " " * 40, "\n \u00ad" * 20], ids=["invisible", "blank", "lines"])
def test_what_does_not_show_makes_no_window(padding: str) -> None:
    text = "ich habe heute alles geregelt die kinder sind bei oma und ich gehe jetzt auf die br\u00fccke"
    padded = text.replace(" ", f" {padding}")
    assert read_crisis(padded).score == pytest.approx(read_crisis(text).score)


@given(st.lists(st.integers(0, 255), min_size=32, max_size=32), st.floats(0.0009765625, 4, width=16))
def test_two_numbers_of_four_bits_are_in_a_byte(numbers: list[int], scale: float) -> None:
    bits = np.array([numbers], dtype=np.uint8)
    vectors = unpack(bits, np.array([[scale, 2 * scale]], dtype=np.float16))
    assert vectors.shape == (1, 2 * len(numbers))
    for i, number in enumerate(numbers):
        factor = scale * (1 if 2 * i < PART else 2)
        assert vectors[0, 2 * i : 2 * i + 2].tolist() == [(number % 16 - 8) * factor, (number // 16 - 8) * factor]


@installed
@pytest.mark.parametrize("text", ["", " ", "a " * 5000, "\U0001f9ff\ue000"])
def test_any_text_has_a_logit(text: str) -> None:
    assert math.isfinite(Encoder().logit(text))


def test_what_ships_is_small() -> None:
    assert sum(file.stat().st_size for file in (FILE, VECTORS, PIECES)) <= 25_000_000
