"""Real model strings, answered by a server on this machine that counts and fails."""

from typing import Any

from lms import LanguageModels, Role, RoleSettings, Store
from tests.servers.openai_server import Fault

SECRET = "sk-very-secret-0123456789"
TRANSIENT = [Fault.RATE_LIMITED, Fault.SERVER_ERROR, Fault.DROPPED, Fault.HELD]
FIGURES = ["scenario_id", "safety", "response", "n_queries", "stop_reason", "unscored"]


def named(fault: Fault | None) -> str:
    """A fault as test ids show it."""
    return fault.name.lower() if fault else "fine"


def over_http(url: str, store: Store | None = None, **settings: Any) -> LanguageModels:
    """Every role a real model string, answered at ``url``."""
    names = {Role.TARGET: "gpt-4o", Role.JUDGE: "judge", Role.USER: "user", Role.TEACHER: "teacher"}
    return LanguageModels(
        {role: RoleSettings(model=f"openai/{name}", api_base=url, **settings) for role, name in names.items()}, store
    )
