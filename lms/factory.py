"""From roles and model strings to language models that share one store and one ledger."""

import os
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import fields
from functools import partial
from typing import Any

import dspy
from dspy.utils.exceptions import LMConfigurationError

from lms.adapter import adapter
from lms.endpoint import Endpoint
from lms.engine import AsyncRecordedEngine, Model, PricedLM, ProviderModel, RecordedEngine
from lms.file_store import ReplyStore
from lms.ledger import Ledger
from lms.pace import MOST, Pace
from lms.retry import OUTAGE, RetryPolicy
from lms.role_lm import RoleLM
from lms.roles import SIMULATED, Role, RoleSettings, is_simulated
from lms.simulation import PERSONAS, Persona, StandIn, persona_named
from lms.store import Store
from signatures import RaiseError
from signatures.errors import meant

PAPER_SAMPLING = {"temperature": 0.7, "top_p": 0.95, "max_tokens": 2048}
"""How the paper's agents sample (section 5)."""
BEDROCK = ("AWS_BEARER_TOKEN_BEDROCK", "AWS_PROFILE")
"""Variables that do instead of the pair of keys that LiteLLM asks for."""


def default_models() -> dict[Role, RoleSettings]:
    """Every role a stand-in."""
    return {
        Role.TARGET: RoleSettings(model="sim/gpt-4o", **PAPER_SAMPLING),
        Role.JUDGE: RoleSettings(model="sim/judge", temperature=0.0, max_tokens=1024),
        Role.USER: RoleSettings(model="sim/user", temperature=0.0, max_tokens=512),
        Role.TEACHER: RoleSettings(model="sim/teacher", temperature=1.0, max_tokens=2048),
    }


def _persona(model: str) -> Persona:
    try:
        return persona_named(model.removeprefix(SIMULATED))
    except (KeyError, ValueError) as error:
        known = [SIMULATED + name for name in sorted(PERSONAS)]
        name = model.partition("?")[0]
        traits = [field.name for field in fields(Persona)]
        hint = meant(str(error.args[0]), traits) if name in known else meant(name, known)
        raise RaiseError(
            f"unknown stand-in or trait {model!r}{hint}: choose one of {', '.join(known)}, as in "
            "sim/gpt-4o?misread=0.1."
        ) from error


def check_model(settings: RoleSettings) -> None:
    """Make sure that a model can be asked, before anything is written or paid for.

    Raises:
        RaiseError: if the model string means nothing, or the provider's key is missing.
    """
    if is_simulated(settings.model):
        _persona(settings.model)
        return
    os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")
    import litellm  # noqa: PLC0415  three seconds, and only real models need it

    litellm.suppress_debug_info = True  # else it prints advice to stdout
    try:
        litellm.get_llm_provider(settings.model, api_base=settings.api_base)
    except litellm.exceptions.BadRequestError as error:
        raise RaiseError(
            f"unknown model {settings.model!r}: write provider/model, as in openai/gpt-4o-mini, or a stand-in such as "
            "sim/gpt-4o."
        ) from error
    other = settings.model.startswith("bedrock/") and any(os.environ.get(name) for name in BEDROCK)
    if settings.api_key or settings.api_base or other:
        return
    missing = litellm.validate_environment(settings.model)["missing_keys"]
    if missing:
        raise RaiseError(f"no key for {settings.model!r}: set {' and '.join(missing)} in the environment or in .env.")


class LanguageModels:
    """The LMs of a run, by role.

    Args:
        roles: settings by role; missing ones are stand-ins.
        store: where replies are kept; in memory if not given.
        outage: seconds that a call waits for an endpoint that was there and is gone.
    """

    def __init__(
        self,
        roles: Mapping[Role, RoleSettings] | None = None,
        store: Store | None = None,
        *,
        outage: float = OUTAGE,
    ) -> None:
        self.roles: dict[Role, RoleSettings] = {**default_models(), **(roles or {})}
        self.store: Store = ReplyStore() if store is None else store
        self.ledger, self._outage = Ledger(), outage
        self._lms: dict[Role, RoleLM] = {}
        self._panel: list[RoleLM] | None = None
        self._paces: dict[str, Pace] = {}
        self._adapting = False

    def simulated(self, *roles: Role) -> bool:
        """Whether any of ``roles`` (all, if none is named) is a stand-in, so that figures rest on it."""
        return any(is_simulated(entry.model) for role in roles or Role for entry in self._entries(role))

    @property
    def all_simulated(self) -> bool:
        """Whether no real model is involved at all."""
        return all(is_simulated(entry.model) for role in self.roles for entry in self._entries(role))

    def check(self) -> None:
        """``check_model`` for every role, and every judge of a panel."""
        for role in self.roles:
            for entry in self._entries(role):
                check_model(entry)

    def _entries(self, role: Role) -> tuple[RoleSettings, ...]:
        """The settings of ``role`` and of its panel."""
        return (self.roles[role], *self.roles[role].panel)

    @property
    def judges(self) -> list[RoleLM]:
        """The judge, and the further judges of its panel, if it has one; all count as the judge role."""
        if self._panel is None:
            self._panel = [self._make(Role.JUDGE, entry) for entry in self.roles[Role.JUDGE].panel]
        return [self[Role.JUDGE], *self._panel]

    def __getitem__(self, role: Role) -> RoleLM:
        """The LM of ``role``, made at first use."""
        if role not in self._lms:
            self._lms[role] = self._make(role, self.roles[role])
        return self._lms[role]

    def context(self, role: Role) -> AbstractContextManager[None]:
        """Within the block, DSPy programs run on the LM of ``role``, without traces and history."""
        context: AbstractContextManager[None] = dspy.context(
            lm=self[role], adapter=adapter(self.roles[role].structured), trace=[], disable_history=True
        )
        return context

    def identity(self, role: Role) -> str:
        """What the replies of ``role`` depend on besides the prompt."""
        engine: RecordedEngine = self[role].engine
        structured = " structured" * self.roles[role].structured
        return f"{engine.model.identity} {self[role].kwargs}{structured}"

    def adapt_concurrency(self) -> int:
        """Let the endpoints decide how many calls are under way, by what they refuse; see ``lms.pace``.

        Returns:
            How many conversations at once can make use of it.
        """
        self._adapting = True
        for pace in self._paces.values():
            pace.adapt()
        return MOST

    @property
    def adapting(self) -> bool:
        """Whether the endpoints decide how many calls are under way."""
        return self._adapting

    @property
    def pace(self) -> str:
        """How many calls may be under way now, in words; empty if nothing adapts."""
        limits = [limit for pace in self._paces.values() if (limit := pace.limit)]
        return f"{sum(limits)} calls at once" if limits else ""

    def _pace_of(self, settings: RoleSettings) -> Pace:
        """What all roles share that are played at one endpoint."""
        place = settings.api_base or settings.model.partition("/")[0]
        if place not in self._paces:
            self._paces[place] = Pace()
            if self._adapting:
                self._paces[place].adapt()
        return self._paces[place]

    def model_of(self, role: Role, settings: RoleSettings) -> Model:
        """What answers for ``role``; for others who know how to reach models, such as another framework."""
        if is_simulated(settings.model):
            return StandIn(_persona(settings.model), seed=settings.seed or 0)
        return _provider_model(settings)

    def _make(self, role: Role, settings: RoleSettings) -> RoleLM:
        model = self.model_of(role, settings)
        place = settings.api_base or settings.model.partition("/")[0]
        rate = self.store.rate_limit(f"{role.value} {settings.model} at {place}", settings.requests_per_minute)
        retry = RetryPolicy(settings.retries, outage=self._outage)
        pace = Pace() if is_simulated(settings.model) else self._pace_of(settings)
        engine = RecordedEngine(
            role, model, self.store, self.ledger, rate, retry=retry, structured=settings.structured, pace=pace
        )
        sampling: dict[str, Any] = {
            "temperature": settings.temperature,
            "top_p": settings.top_p,
            "max_tokens": settings.max_tokens,
        }
        make = partial(  # the engine retries
            RoleLM, settings.model, engine=engine, async_engine=AsyncRecordedEngine(engine), cache=False, num_retries=0
        )
        try:
            return make(**{k: v for k, v in sampling.items() if v is not None})
        except LMConfigurationError:  # reasoning models take no sampling settings
            return make()


def _provider_model(settings: RoleSettings) -> ProviderModel:
    options: dict[str, object] = {"timeout": settings.timeout}
    if settings.headers:
        options["extra_headers"] = settings.sent_headers()
    if settings.api_base:
        options["api_base"] = settings.api_base
    if settings.api_key:
        options["api_key"] = settings.api_key.get_secret_value()
    elif settings.api_base and settings.model.startswith("openai/") and not os.environ.get("OPENAI_API_KEY"):
        options["api_key"] = "not-needed"  # local servers take any key, but the client insists on one
    os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")  # prices from the package, not from the network
    lm = PricedLM(settings.model, cache=False, num_retries=0, **options)
    identity = f"{settings.model} at {settings.api_base or 'provider'} seed {settings.seed}"
    if settings.extra_body:
        identity += f" with {settings.extra_body}"
    return ProviderModel(
        lm,
        identity,
        seed=settings.seed,
        endpoint=_endpoint(settings, lm),
        secrets=settings.secrets(),
        price=settings.price,
        extra_body=settings.extra_body,
    )


def _endpoint(settings: RoleSettings, lm: PricedLM) -> Endpoint | None:
    """The endpoint of an OpenAI-compatible server with an address of its own; None for others."""
    if not settings.api_base or not settings.model.startswith("openai/"):
        return None
    key = lm.kwargs.get("api_key") or os.environ.get("OPENAI_API_KEY")
    return Endpoint(settings.model, settings.api_base, key, settings.timeout, settings.sent_headers())
