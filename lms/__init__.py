"""Language models by role: a model string becomes a ``dspy.LM`` whose every reply is stored and counted.

Knows nothing of scenarios or programs. ``lms.simulation`` holds the stand-in models (``sim/...``).
"""

try:
    from signatures import RaiseError  # noqa: F401  it is there if the package is ours
except ImportError as error:
    raise ImportError(
        "another package 'signatures' stands before RAISE's own: run Python with -P, or rename that one"
    ) from error

from lms.factory import LanguageModels, check_model, default_models
from lms.file_store import ReplyStore
from lms.ledger import Ledger, Usage
from lms.prices import cost_for, cost_of, stand_in_for
from lms.recent import RecentReplies
from lms.roles import Price, Role, RoleSettings, is_simulated
from lms.store import Store

__all__ = [
    "LanguageModels",
    "Ledger",
    "Price",
    "RecentReplies",
    "ReplyStore",
    "Role",
    "RoleSettings",
    "Store",
    "Usage",
    "check_model",
    "cost_for",
    "cost_of",
    "default_models",
    "is_simulated",
    "stand_in_for",
]
