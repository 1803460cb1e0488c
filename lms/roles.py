"""The four roles a language model can play here, and how each is reached."""

from enum import StrEnum
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, field_validator

from signatures.masking import holds_secret


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
        api_base: endpoint, for OpenAI-compatible servers and gateways; it is written into cards, so one that holds a
            password or key is refused.
        api_key: never written anywhere; usually left to the provider's environment variable.
        temperature, top_p, max_tokens: sampling; None, in raise.toml ``"off"``, sends none, which leaves the model's
            default.
        timeout: seconds a call may take.
        retries: further attempts on rate limits, time-outs and server errors, with exponential waits.
        requests_per_minute: rate limit to keep to; None for none.
        seed: of a stand-in; real models get it only if it is set.
        structured: ask for replies as JSON by schema, for endpoints that have it; where a server refuses, the schema is
            left out and JSON is asked for in words. Not of judges.
        panel: further models that judge beside this one; only of the judge.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)
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
    structured: bool = False
    panel: tuple["RoleSettings", ...] = ()

    @field_validator("api_base")
    @classmethod
    def _refuse_secrets(cls, url: str | None) -> str | None:
        if url and holds_secret(url):
            raise ValueError(
                "it holds a password or key, which would end up in names and files: give the key as api_key in "
                "raise.toml, or in the environment or .env"
            )
        return url

    def secrets(self) -> list[str]:
        """Values that a server may repeat in its errors and that must not be shown."""
        return [self.api_key.get_secret_value()] if self.api_key else []

    def described(self) -> dict[str, Any]:
        """What a rerun needs to know, without keys."""
        left_out = {"api_key", "panel", *([] if self.structured else ["structured"])}
        fields = self.model_dump(mode="json", exclude=left_out, exclude_none=True)
        return {**fields, "panel": [member.described() for member in self.panel]}
