"""The agent's answer, checked for facts about the person that nobody gave."""

import dspy

from modules.calls import Script, TurnUsage, Unreadable
from modules.program import generate_response
from modules.reading.inventions import invented
from signatures import ATTRIBUTES, Conversation

_LABELS = {attribute.name: attribute.label for attribute in ATTRIBUTES}


def respond_grounded(
    respond: dspy.Predict, conversation: Conversation, usage: TurnUsage, written: str = ""
) -> Script[str]:
    """The answer to a conversation; asked for once more if it states what nobody gave, and then the better one is kept.

    The second request differs from the first by a note in the context, so it is the same in every run.

    Args:
        written: the first answer, if there is one already.

    Raises:
        Unreadable: if the model says nothing at all.
    """
    context = conversation.told()
    told = [conversation.query, *(turn.answer for turn in conversation.turns)]
    text = written or (yield from generate_response(respond, conversation.query, context))
    wrong = invented(text, told, context.known())
    if not wrong:
        return text
    usage.invented += wrong
    note = f"Not known, so not to be assumed: {', '.join(_LABELS[name] for name in wrong)}."
    try:
        again = yield from generate_response(respond, conversation.query, context, note=note)
    except Unreadable:
        usage.unreadable.append("respond")
        again = text
    still = invented(again, told, context.known())
    text, kept = (again, still) if len(still) < len(wrong) else (text, wrong)
    usage.invented_kept += kept
    return text
