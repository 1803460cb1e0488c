"""Reasoning and format marks are taken out of a reply, and nothing else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signatures.replies import split_marks, strip_marks, strip_reasoning


@pytest.mark.parametrize(
    ("text", "bare"),
    [
        ("<think>a\nb</think>\n\nyes", "yes"),
        ("<THINK >a</Think>yes", "yes"),
        ("<thinking>a</thinking> yes <reasoning>b</reasoning>", "yes"),
        ("so, a draft\n</think>\nyes", "yes"),
        ("yes\n<think>and now", "yes"),
        ("<think>never ends", ""),
        ("<think>a</think>", ""),
        ("I <think you> are right, 2 < 3", "I <think you> are right, 2 < 3"),
        (" spaces stay ", " spaces stay "),
    ],
)
def test_reasoning(text: str, bare: str) -> None:
    assert strip_reasoning(text) == bare


@given(st.text(st.characters(exclude_characters="<"), max_size=60))
def test_text_without_tags_stays_as_it_is(text: str) -> None:
    assert strip_reasoning(text) == text


@given(st.text(st.characters(exclude_characters="<"), min_size=1), st.text(st.characters(exclude_characters="<")))
def test_what_follows_a_block_of_reasoning_stays(answer: str, thought: str) -> None:
    assert strip_reasoning(f"<think>{thought}</think>{answer}") == answer.strip()
    assert strip_reasoning(f"{thought}</think>{answer}") == answer.strip()


def test_marks() -> None:
    assert split_marks("a [[ ## x ## ]] b\n[[ ## y ## ]]\nc") == "a \n[[ ## x ## ]] b\n[[ ## y ## ]]\nc"
    assert strip_marks("How old are you? [[ ## completed ## ]]") == "How old are you?"
    assert strip_marks("[[1, 2], [3]]") == "[[1, 2], [3]]"
