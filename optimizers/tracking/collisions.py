"""What MLflow could not write because another writer did the same at the same time is written again.

MLflow's stores look whether something is there (a data set, a tag of an experiment, a registered model, an alias)
before they insert it. Of two writers that do so at once, one fails, though what it wanted is there a moment later.
"""

import re

from mlflow.exceptions import MlflowException
from tenacity import retry, retry_if_exception, stop_after_attempt, wait_random

ATTEMPTS = 5
LONGEST_WAIT = 0.5
"""Seconds between two attempts, at most; how long is left to chance, so that two writers do not keep step."""
COLLISIONS = frozenset({"BAD_REQUEST", "RESOURCE_ALREADY_EXISTS", "RESOURCE_DOES_NOT_EXIST"})
"""MLflow's codes for a row that is there already, a thing of the same name, and one that was restored or deleted."""
BUSY = re.compile("locked|deadlock|serializ", re.IGNORECASE)
"""What databases say that let one writer wait for the other for too long."""


def collided(error: BaseException) -> bool:
    """Whether the same once more may succeed; not so if the store cannot be reached, for which MLflow waits itself."""
    if not isinstance(error, MlflowException):
        return False
    busy = error.error_code == "TEMPORARILY_UNAVAILABLE" and BUSY.search(str(error)) is not None
    return busy or error.error_code in COLLISIONS


again_if_collided = retry(
    retry=retry_if_exception(collided),
    stop=stop_after_attempt(ATTEMPTS),
    wait=wait_random(0, LONGEST_WAIT),
    reraise=True,
)
"""Decorator of functions that go on where they stopped when they are called again."""
