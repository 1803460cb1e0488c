"""Loading what all threads share once."""

import threading
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


def load_once(load: Callable[P, T]) -> Callable[P, T]:
    """``functools.cache`` for what takes long: one thread does the work, the others wait for it.

    With ``functools.cache`` alone every thread of a run that has just begun would do all of it.
    """
    lock = threading.RLock()
    kept: dict[tuple[object, ...], T] = {}

    @wraps(load)
    def get(*args: P.args, **kwargs: P.kwargs) -> T:
        key = (*args, *sorted(kwargs.items()))
        if key not in kept:
            with lock:
                if key not in kept:
                    kept[key] = load(*args, **kwargs)
        return kept[key]

    return get
