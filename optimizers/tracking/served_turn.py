"""One turn of a served conversation, as it is traced; without MLflow, which takes seconds to import."""

from dataclasses import dataclass


@dataclass(frozen=True)
class ServedTurn:
    """One turn of a conversation.

    Attributes:
        session: the same for all turns of a conversation; tells nothing of it.
        request: id of the request.
        model: id of the program.
        target: the language model.
        move: ``ask``, ``answer`` or ``help``; empty if the turn failed.
        attribute: that is asked about.
        stop_reason: of an answer.
        questions: asked before.
        calls, input_tokens, output_tokens: of the language model, in this turn.
        ended: ns since the epoch.
        seconds: that the turn took.
        error: code of what went wrong.
        said: the person's words; None unless contents are wanted.
        reply: the program's words, likewise.
    """

    session: str
    request: str
    model: str
    target: str
    simulated: bool
    seconds: float
    move: str = ""
    attribute: str | None = None
    stop_reason: str | None = None
    questions: int = 0
    calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    ended: int = 0
    error: str = ""
    said: tuple[str, ...] | None = None
    reply: str | None = None
