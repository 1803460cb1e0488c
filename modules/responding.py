"""The agent's answer, checked: is it said to the person, and without facts about them that nobody gave?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import dspy

from modules.calls import Script, TurnUsage, Unreadable
from modules.program import generate_response
from modules.reading.inventions import invented
from modules.reading.role import is_said_to_the_person
from signatures import Conversation, current_vocabulary

AGAIN = "Write the answer itself, to the person, as you would say it to them."
"""What the next attempt is told after an answer that was none."""


def respond_grounded(
    respond: dspy.Predict, conversation: Conversation, usage: TurnUsage, written: str = ""
) -> Script[str]:
    """The answer to a conversation; asked for once more if it is none, or states what nobody gave; the better is kept.

    The second request differs from the first by a note in the context, so it is the same in every run. Answers that are
    none count as unreadable.

    Args:
        written: the first answer, if there is one already.

    Raises:
        Unreadable: if the model says nothing at all.
    """
    context = conversation.told()
    told = conversation.said()
    text = written or (yield from generate_response(respond, conversation.query, context))
    first = _Checked.of(text, told, context.known())
    if first.sound:
        return text
    usage.invented += first.invented
    if not first.answers:
        usage.unreadable.append("respond")
    try:
        again = yield from generate_response(respond, conversation.query, context, note=first.note())
    except Unreadable:
        usage.unreadable.append("respond")
        again = text
    second = _Checked.of(again, told, context.known())
    best = min(first, second, key=lambda checked: (not checked.answers, len(checked.invented)))
    usage.invented_kept += best.invented
    return best.text


@dataclass(frozen=True)
class _Checked:
    """An answer, and what is wrong with it.

    Attributes:
        answers: whether it is said to the person.
        invented: attributes about which it states what nobody gave.
    """

    text: str
    answers: bool
    invented: tuple[str, ...]

    @classmethod
    def of(cls, text: str, told: Sequence[str], known: Mapping[str, str]) -> "_Checked":
        """The check of ``text``."""
        return cls(text, is_said_to_the_person(text, known.values()), invented(text, told, known))

    @property
    def sound(self) -> bool:
        """Whether nothing is wrong."""
        return self.answers and not self.invented

    def note(self) -> str:
        """What the next attempt is told."""
        by_name = current_vocabulary().by_name
        unknown = ", ".join(by_name[name].label for name in self.invented)
        return " ".join(
            filter(
                None,
                [
                    "" if self.answers else AGAIN,
                    f"Not known, so not to be assumed: {unknown}." if unknown else "",
                ],
            )
        )
