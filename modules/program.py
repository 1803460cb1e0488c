"""What RAISE and its baselines share: the interface, and the prediction they all return."""

import json
from collections.abc import Sequence
from typing import Any, Protocol

import dspy

from modules.calls import Call, Script, TurnUsage, Unreadable, User
from signatures import Conversation, Respond, StopReason, UserContext, current_vocabulary
from signatures.identity import content_id


class Program(Protocol):
    """Anything that answers a query, asking a user or not.

    ``sees_profile`` programs are reference points: evaluation hands them the whole profile as context. All others start
    from what the caller already knows, by default nothing.
    """

    sees_profile: bool

    def __call__(
        self, *, query: str, user: User, context: UserContext | None = None, origin: str = ""
    ) -> dspy.Prediction:
        """Answer ``query``, asking ``user`` as needed."""
        ...

    async def acall(
        self, *, query: str, user: User, context: UserContext | None = None, origin: str = ""
    ) -> dspy.Prediction:
        """The async twin of calling the program."""
        ...

    def identity(self) -> str:
        """A hash of all that makes the program answer as it does, models aside; equal programs have the same."""
        ...


def identity_of(program: dspy.Module, *rest: object) -> str:
    """A hash of a program's class and prompts, and of ``rest``: what else it depends on, as JSON can hold it.

    A vocabulary other than PENGUIN's is a part of it.
    """
    prompts = {name: _content(predictor) for name, predictor in program.named_predictors()}
    vocabulary = current_vocabulary()
    own = [] if vocabulary.is_default else [vocabulary.hash]
    return content_id(type(program).__name__, prompts, *rest, *own)


def _content(predictor: dspy.Predict) -> dict[str, Any]:
    """What a predictor's requests are made of. Order counts: that of fields, of demonstrations and inside these."""
    signature = predictor.signature
    return {
        "instructions": signature.instructions,
        "fields": [
            (name, str(field.annotation), sorted((key, str(value)) for key, value in field.json_schema_extra.items()))
            for name, field in signature.fields.items()
        ],
        "demos": json.dumps([dict(demo) for demo in predictor.demos], default=str),
        "config": json.dumps(predictor.config, default=str),
    }


def generate_response(
    respond: dspy.Predict, query: str, context: UserContext, rollout: int = 0, note: str = ""
) -> Script[str]:
    """The reply to ``query`` given ``context``; a reply outside the expected form is taken as it stands.

    Args:
        rollout: see ``Call``.
        note: a line for below what is known.

    Raises:
        Unreadable: if the model says nothing at all.
    """
    shown = "\n".join(filter(None, [context.as_text(), note]))
    try:
        reply = yield Call(respond, {"query": query, "context": shown}, rollout)
    except Unreadable as unreadable:
        if not unreadable.text.strip():
            raise
        return unreadable.text.strip()
    return str(reply.response).strip()


def prediction(
    conversation: Conversation, answer: Respond, *, burden: float = 0.0, turns: Sequence[TurnUsage] = ()
) -> dspy.Prediction:
    """The record of a finished conversation.

    Fields: response, context (UserContext at the end), questions, asked (attributes), n_queries, burden (sum over the
    questions), stop_reason, turns, spent (what each turn took, the answer last, as ``TurnUsage.record`` gives it),
    unreadable (replies that could not be parsed), ungrounded (facts dropped since they do not rest on the person's
    words), off_target (what was wrong with the model's questions that cannot be put or miss their attribute), invalid
    (replies that chose no attribute out of those that could be asked), falling (ratings that fell though more was
    known), invented and invented_kept (facts that answers state and nobody gave, and those in the response),
    plain_answers (answers read without a model).
    """
    return dspy.Prediction(
        response=answer.text,
        context=conversation.context,
        questions=[turn.question for turn in conversation.turns],
        asked=list(conversation.asked()),
        n_queries=len(conversation.turns),
        burden=burden,
        stop_reason=StopReason(answer.reason),
        turns=[turn.model_dump() for turn in conversation.turns],
        spent=[usage.record() for usage in turns],
        unreadable=sum(len(usage.unreadable) for usage in turns),
        ungrounded=sum(len(usage.ungrounded) for usage in turns),
        off_target=[fault for usage in turns for fault in usage.off_target],
        invalid=sum(usage.invalid for usage in turns),
        falling=sum(usage.falling for usage in turns),
        invented=sum(len(usage.invented) for usage in turns),
        invented_kept=sum(len(usage.invented_kept) for usage in turns),
        plain_answers=sum(usage.plain for usage in turns),
    )
