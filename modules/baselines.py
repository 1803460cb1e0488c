"""The reference points RAISE is measured against, all behind the same interface."""

import random
from collections.abc import Iterable, Sequence
from typing import Any

import dspy

from modules.abstention import Sufficiency
from modules.agent import RAISE
from modules.calls import Script, TurnUsage, User, arun, clean_text, count_usage, run
from modules.paths import PathIndex
from modules.program import generate_response, identity_of, prediction
from modules.settings import AgentSettings
from signatures import (
    Conversation,
    Decision,
    RaiseError,
    Respond,
    RespondSafely,
    StopReason,
    UserContext,
    current_vocabulary,
)
from signatures.errors import meant
from signatures.identity import content_id


class Vanilla(dspy.Module):
    """The target model as it is: answers the bare query, or with whatever context it is handed."""

    sees_profile = False

    def __init__(self) -> None:
        super().__init__()
        self.respond = dspy.Predict(RespondSafely)

    def forward(
        self, query: str, user: User | None = None, context: UserContext | None = None, origin: str = ""
    ) -> dspy.Prediction:
        """Answer at once."""
        return run(self._converse(query, context))

    async def aforward(
        self, query: str, user: User | None = None, context: UserContext | None = None, origin: str = ""
    ) -> dspy.Prediction:
        """The async twin of ``forward``."""
        return await arun(self._converse(query, context))

    def identity(self) -> str:
        """See ``modules.program.Program``; a subclass adds what its own behaviour depends on."""
        return identity_of(self)

    def _converse(self, query: str, context: UserContext | None) -> Script[dspy.Prediction]:
        return (
            yield from self._answer_at_once(Conversation(query=clean_text(query), context=context or UserContext()))
        )

    def _answer_at_once(self, conversation: Conversation, rollout: int = 0) -> Script[dspy.Prediction]:
        usage = TurnUsage()
        answer = generate_response(self.respond, conversation.query, conversation.context, rollout)
        text = yield from count_usage(answer, usage)
        return prediction(conversation, Respond(text=text, reason=StopReason.SUFFICIENT), turns=[usage])


class ContextRich(Vanilla):
    """The paper's context-rich condition: the target model is given the whole profile and answers at once."""

    sees_profile = True

    def _converse(self, query: str, context: UserContext | None) -> Script[dspy.Prediction]:
        if context is None:
            raise RaiseError("ContextRich answers from the whole profile: pass it as context=.")
        return super()._converse(query, context)


class PartialContext(Vanilla):
    """Answers at once from those of ``names`` that the profile knows: the paper's way to study attributes.

    Args:
        names: attributes.
        rollout: another number, another sample of the answer; 0 is the one that everybody shares.

    Raises:
        RaiseError: for an attribute that does not exist; when called, if there is no profile.
    """

    sees_profile = True

    def __init__(self, names: Iterable[str], rollout: int = 0) -> None:
        super().__init__()
        wanted = set(names)
        for name in sorted(wanted):
            current_vocabulary().require(name)
        self.names = tuple(name for name in current_vocabulary().names if name in wanted)
        self.rollout = rollout

    def identity(self) -> str:
        """See ``modules.program.Program``."""
        return content_id(super().identity(), self.names, self.rollout)

    def _converse(self, query: str, context: UserContext | None) -> Script[dspy.Prediction]:
        if context is None:
            raise RaiseError("PartialContext answers from a part of the profile: pass it as context=.")
        conversation = Conversation(query=clean_text(query), context=context.only(self.names))
        return (yield from self._answer_at_once(conversation, self.rollout))


class AgentOnly(RAISE):
    """RAISE without its planner: the model picks the next attribute on its own (the paper's "+Agent")."""

    def __init__(self, settings: AgentSettings | None = None, paths: PathIndex | None = None) -> None:
        super().__init__(paths, (settings or AgentSettings()).model_copy(update={"retrieved": 0, "shortlist": 0}))


class StaticPath(RAISE):
    """Asks the same attributes in the same order, then answers, whatever the query; crisis floor included.

    Raises:
        RaiseError: for an attribute that does not exist or is named twice.
    """

    def __init__(self, path: Sequence[str], settings: AgentSettings | None = None) -> None:
        attributes = current_vocabulary().names
        settings = settings or AgentSettings(budget=sum(current_vocabulary().burdens().values()))
        if settings.abstention == "turn":  # one call would decide and choose, and here the path does
            settings = settings.model_copy(update={"abstention": "scale"})
        super().__init__(None, settings)
        wrong = [name for name in path if name not in attributes]
        if wrong or len(set(path)) < len(path):
            hint = meant(wrong[0], attributes) if wrong else ""
            known = ", ".join(attributes)
            raise RaiseError(f"static path {list(path)}{hint}: name distinct attributes out of {known}.")
        self.path = tuple(path)

    def save(self, path: Any, save_program: bool = False, modules_to_serialize: Any = None) -> None:
        """Refused: there is nothing compiled to save."""
        raise RaiseError("a fixed path is not saved as a program: name it as static:a,b,c or random:K instead.")

    def identity(self) -> str:
        """See ``modules.program.Program``."""
        return content_id(super().identity(), self.path)

    def path_for(self, query: str) -> Sequence[str]:
        """The attributes to ask for ``query``, in order."""
        return self.path

    def _remaining(self, conversation: Conversation) -> list[str]:
        open_ = super()._remaining(conversation)
        return [name for name in self.path_for(conversation.query) if name in open_]

    def _assess(self, conversation: Conversation, usage: TurnUsage) -> Script[Sufficiency]:
        yield from ()
        return Sufficiency(Decision.ASK)  # the path decides, not the model

    def _choose(self, conversation: Conversation, usage: TurnUsage) -> Script[str]:
        yield from ()
        return self._affordable(conversation)[0]


class RandomPath(StaticPath):
    """Asks ``k`` attributes drawn at random for each query; the draw depends on the query and ``seed`` alone."""

    def __init__(self, k: int, seed: int = 0, settings: AgentSettings | None = None) -> None:
        most = len(current_vocabulary().names)
        if not 0 <= k <= most:
            raise RaiseError(f"random:{k}: ask between 0 and {most} attributes.")
        super().__init__((), settings)
        self.k, self.seed = k, seed

    def identity(self) -> str:
        """See ``modules.program.Program``."""
        return content_id(super().identity(), self.k, self.seed)

    def path_for(self, query: str) -> Sequence[str]:
        """``k`` distinct attributes."""
        return random.Random(f"{self.seed}|{query}").sample(current_vocabulary().names, self.k)
