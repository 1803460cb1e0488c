"""The question as it is put: the model's words if these can be put, else the plain one in the person's language."""

from modules.answers import is_presentable
from modules.calls import TurnUsage
from modules.languages.detection import language_to_speak, language_written
from modules.languages.texts import plain_question, purpose_of
from modules.reading.questions import fault_of
from modules.settings import Phrasing
from signatures import Ask, Conversation, current_vocabulary


def put_question(
    question: str, attribute: str, conversation: Conversation, phrasing: Phrasing, usage: TurnUsage
) -> Ask:
    """The question about ``attribute``, with what it is for.

    Args:
        question: the model's; empty if it has none.
        usage: gets what is wrong with the model's question.
    """
    language = language_to_speak(conversation.said(), conversation.language or current_vocabulary().language)
    if phrasing == "plain" or not _can_be_put(question, attribute, conversation, phrasing, usage):
        question = plain_question(attribute, language)
    return Ask(attribute=attribute, question=question, why=purpose_of(attribute, language))


def _can_be_put(
    question: str, attribute: str, conversation: Conversation, phrasing: Phrasing, usage: TurnUsage
) -> bool:
    """Whether the model's question can be put; one that misses its attribute is counted either way."""
    if not question:
        return False
    if not is_presentable(question, tuple(turn.question for turn in conversation.turns)):
        usage.off_target.append("not presentable")
        return False
    fault = fault_of(question, attribute, conversation.query, language_written(conversation.said()))
    usage.off_target += [fault] if fault else []
    return fault is None or phrasing == "model"
