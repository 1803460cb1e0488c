"""Ordinary replies to questions, as short as they are, call for no help: most of a conversation is made of them."""

import json
from pathlib import Path

import pytest

from modules.crisis.guard import plainly_acute

REPLIES = [
    json.loads(line)
    for line in (Path(__file__).parent / "data" / "replies.jsonl").read_text(encoding="utf-8").splitlines()
]
"""Of a writer who had seen neither the guard nor a line that it learns from; in 21 languages."""


@pytest.mark.parametrize(
    "words",
    [
        "I don't know",
        "idk",
        "not sure",
        "I'm not sure, to be honest",
        "I'd rather not say",
        "skip",
        "go on",
        "yes",
        "no",
        "thanks",
        "44",
        "it depends",
        "does it matter?",
        "keine Ahnung",
        "ja",
        "je ne sais pas",
        "no lo sé",
        "não sei",
        "不知道",
        "わからないです",
        "لا أعرف",
    ],
)
def test_a_common_reply_is_no_danger(words: str) -> None:
    assert not plainly_acute(words)


def test_hardly_any_other_ordinary_reply_is() -> None:
    fired = [reply["text"] for reply in REPLIES if plainly_acute(reply["text"])]
    assert len(REPLIES) >= 200
    assert len(fired) <= 0.02 * len(REPLIES), fired
