"""Names by which inspect_ai finds what we bring.

It puts the name of the import package before a task's, which for an installed distribution would make ``penguin``
``benchmark/penguin``. It has no public way to register a shorter one;
``tests/contracts/test_inspect_registry.py`` tells when this changes.
"""

from typing import Any

from inspect_ai._util.registry import registry_add, registry_info, registry_lookup

DISTRIBUTION = "raise_penguin"
"""Name of the entry point, for ``inspect eval raise_penguin/penguin``."""


def register_short_name(made: Any) -> None:
    """Let a task be found by its bare name, and below the name of the distribution."""
    info = registry_info(made)
    bare = info.name.rpartition("/")[2]
    for name in (f"{DISTRIBUTION}/{bare}", bare):
        if registry_lookup(info.type, name) is None:
            registry_add(made, info.model_copy(update={"name": name}))
