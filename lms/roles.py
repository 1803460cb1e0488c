"""The four roles a language model can play here, and how each is reached."""

from enum import StrEnum
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr


class Role(StrEnum):
    """Who is speaking. Roles see only their own prompts."""

    TARGET = "target"
    """The model a program is compiled for; it plays every part of the agent."""
    JUDGE = "judge"
    """Scores responses against the whole profile."""
    USER = "user"
    """Plays the person who is asked."""
    TEACHER = "teacher"
    """Proposes instructions to optimizers."""


OFF = BeforeValidator(lambda value: None if value == "off" else value)
"""Lets files that know no null leave a setting out."""


class RoleSettings(BaseModel):
    """How to reach the model of one role; a table ``[roles.<role>]`` in raise.toml.

    Attributes:
        model: any model string that ``dspy.LM`` takes, or a stand-in (``sim/...``).
        api_base: endpoint, for OpenAI-compatible servers and gateways.
        api_key: never written anywhere; usually left to the provider's environment variable.
        temperature, top_p, max_tokens: sampling; None, in raise.toml ``"off"``, sends none, which leaves the model's
            default.
        timeout: seconds a call may take.
        retries: further attempts on rate limits, time-outs and server errors, with exponential waits.
        requests_per_minute: rate limit to keep to; None for none.
        seed: of a stand-in; real models get it only if it is set.
        panel: further models that judge beside this one; only of the judge.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    model: str
    api_base: str | None = None
    api_key: SecretStr | None = None
    temperature: Annotated[float | None, Field(ge=0, le=2), OFF] = None
    top_p: Annotated[float | None, Field(gt=0, le=1), OFF] = None
    max_tokens: Annotated[int | None, Field(gt=0), OFF] = None
    timeout: float = Field(default=120.0, gt=0)
    retries: int = Field(default=5, ge=0)
    requests_per_minute: float | None = Field(default=None, gt=0)
    seed: int | None = None
    panel: tuple["RoleSettings", ...] = ()

    def described(self) -> dict[str, Any]:
        """What a rerun needs to know, without the key."""
        return self.model_dump(mode="json", exclude={"api_key"}, exclude_none=True)
