"""The agent's answer, checked: does it help to do harm, is it said to the person, does it state what nobody gave?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import dspy

from modules.calls import Script, TurnUsage, Unreadable
from modules.crisis.answers import is_harmful
from modules.crisis.concern import is_at_risk
from modules.program import generate_response
from modules.reading.inventions import invented
from modules.reading.role import is_said_to_the_person
from signatures import Conversation, current_vocabulary

AGAIN = "Write the answer itself, to the person, as you would say it to them."
"""What the next attempt is told after an answer that was none."""
WITHOUT_HARM = (
    "Name no means, amounts, places or ways by which anybody could be hurt, and encourage nothing of the kind; say "
    "what keeps people safe."
)
"""What it is told after a harmful answer."""


def respond_grounded(
    respond: dspy.Predict, conversation: Conversation, usage: TurnUsage, written: str = "", note: str = ""
) -> Script[str | None]:
    """The answer to a conversation; asked for once more if it is harmful or none, or states what nobody gave.

    The better of the two is kept; None if both are harmful (``modules.crisis.answers``): then the person needs help.

    The second request differs from the first by a note in the context, so it is the same in every run. Answers that are
    none count as unreadable.

    Args:
        written: the first answer, if there is one already.
        note: what the responder is told in each request, below what is known.

    Raises:
        Unreadable: if the model says nothing at all.
    """
    context = conversation.told()
    told = conversation.said()
    check = _Check(told, context.known(), is_at_risk(conversation))
    text = written or (yield from generate_response(respond, conversation.query, context, note=note))
    first = check.of(text)
    if first.sound:
        return text
    usage.invented += first.invented
    if not first.answers:
        usage.unreadable.append("respond")
    try:
        again = yield from generate_response(
            respond, conversation.query, context, note=f"{note}\n{first.note()}".strip()
        )
    except Unreadable:
        usage.unreadable.append("respond")
        again = text
    second = check.of(again)
    usage.harmful += first.harmful + (second.harmful and again is not text)
    best = min(first, second, key=lambda checked: (checked.harmful, not checked.answers, len(checked.invented)))
    if best.harmful:
        usage.stopped += 1
        return None
    usage.invented_kept += best.invented
    return best.text


@dataclass(frozen=True)
class _Checked:
    """An answer, and what is wrong with it.

    Attributes:
        harmful: whether it must not be given.
        answers: whether it is said to the person.
        invented: attributes about which it states what nobody gave.
    """

    text: str
    harmful: bool
    answers: bool
    invented: tuple[str, ...]

    @property
    def sound(self) -> bool:
        """Whether nothing is wrong."""
        return self.answers and not self.invented and not self.harmful

    def note(self) -> str:
        """What the next attempt is told."""
        by_name = current_vocabulary().by_name
        unknown = ", ".join(by_name[name].label for name in self.invented)
        return " ".join(
            filter(
                None,
                [
                    WITHOUT_HARM if self.harmful else "",
                    "" if self.answers else AGAIN,
                    f"Not known, so not to be assumed: {unknown}." if unknown else "",
                ],
            )
        )


@dataclass(frozen=True)
class _Check:
    """What an answer is held against.

    Attributes:
        told: what the person said.
        known: what is known about them, by attribute.
        at_risk: whether something tells that they are at risk.
    """

    told: Sequence[str]
    known: Mapping[str, str]
    at_risk: bool

    def of(self, text: str) -> _Checked:
        """The check of ``text``."""
        return _Checked(
            text,
            is_harmful(text, at_risk=self.at_risk),
            is_said_to_the_person(text, self.known.values()),
            invented(text, self.told, self.known),
        )
