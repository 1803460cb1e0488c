"""What a conversation takes, counted on the stand-ins, whose tokens are counted as a real model's would be."""

from pydantic import BaseModel

from benchmark import build_authored, evaluate, sample, split
from lms import LanguageModels
from modules import RAISE


class PerConversation(BaseModel):
    """Means over conversations of RAISE, with user and judge.

    Attributes:
        conversations: that the means are over.
        calls, input_tokens, output_tokens: of a conversation.
        row: bytes of its episode.
        reply: bytes of a reply.
    """

    conversations: int
    calls: float
    input_tokens: float
    output_tokens: float
    row: float
    reply: float


def measure_conversations(count: int) -> PerConversation:
    """Hold ``count`` conversations of the test split with the stand-ins."""
    models = LanguageModels()
    scenarios = sample(split(build_authored(), "test"), count)
    done = evaluate(RAISE(), scenarios, models=models, name="raise")
    total = models.ledger.snapshot().total()
    replies = total.calls + total.reused
    return PerConversation(
        conversations=len(scenarios),
        calls=replies / len(scenarios),
        input_tokens=total.input_tokens / total.calls * replies / len(scenarios),
        output_tokens=total.output_tokens / total.calls * replies / len(scenarios),
        row=sum(len(episode.model_dump_json()) for episode in done.episodes) / len(scenarios),
        reply=total.output_tokens / total.calls * CHARACTERS + FRAME,
    )


CHARACTERS = 4.5
"""Of a token, of English text."""
FRAME = 260
"""Bytes of a stored reply besides its text: key, counts, model."""
