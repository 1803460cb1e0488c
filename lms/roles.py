"""The four roles a language model can play here, and how each is reached."""

import json
import re
from enum import StrEnum
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, field_validator

from signatures.masking import holds_secret

SIMULATED = "sim/"


def slug_of(model: str) -> str:
    """A model string as a name for files, folders and MLflow, whose model names allow no dots or slashes."""
    return re.sub(r"[^A-Za-z0-9]+", "-", model).strip("-")


def is_simulated(model: str) -> bool:
    """Whether a model string names a stand-in."""
    return model.startswith(SIMULATED)


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


class Price(BaseModel):
    """What tokens cost, in US dollars per million.

    Attributes:
        input, output: of prompts and replies.
        cached: of input tokens that the endpoint has in its prefix cache; like ``input`` if not given.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    input: float = Field(ge=0)
    output: float = Field(ge=0)
    cached: float | None = Field(default=None, ge=0)

    def of(self, input_tokens: float, output_tokens: float, cached_tokens: float = 0) -> float:
        """US dollars for so many tokens; ``cached_tokens`` are among the input tokens."""
        cached = self.input if self.cached is None else self.cached
        fresh = input_tokens - cached_tokens
        return (fresh * self.input + cached_tokens * cached + output_tokens * self.output) / 1e6


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
        price: what its tokens cost; by default LiteLLM's price table says. Stand-ins have none.
        headers: sent with every request, secret like a key; for gateways that want some.
        extra_body: added to the body of every request, for what an endpoint takes beside the usual.
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
    price: Price | None = None
    headers: dict[str, SecretStr] = {}
    extra_body: dict[str, Any] = {}
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

    @field_validator("extra_body")
    @classmethod
    def _refuse_keys(cls, body: dict[str, Any]) -> dict[str, Any]:
        if holds_secret(json.dumps(body, default=str)):
            raise ValueError(
                "it holds a password or key, which would end up in names and files: give that as api_key or in headers"
            )
        return body

    def secrets(self) -> list[str]:
        """Values that a server may repeat in its errors and that must not be shown."""
        own = [value.get_secret_value() for value in (self.api_key, *self.headers.values()) if value]
        return [*own, *(value.split()[-1] for value in own if value.split())]  # of "Bearer k3y" the key alone, too

    def sent_headers(self) -> dict[str, str]:
        """The headers as they are sent."""
        return {name: value.get_secret_value() for name, value in self.headers.items()}

    def described(self) -> dict[str, Any]:
        """What a rerun needs to know, without keys."""
        left_out = {"api_key", "panel", *([] if self.structured else ["structured"])}
        fields = self.model_dump(mode="json", exclude=left_out, exclude_none=True)  # values of headers: ***
        given = {name: value for name, value in fields.items() if value != {}}
        return {**given, "panel": [member.described() for member in self.panel]}
