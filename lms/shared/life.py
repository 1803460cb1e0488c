"""Signs of life: what a worker holds of a shared store counts as long as it gives them."""

import logging
import threading
from collections.abc import Callable

from lms.store import StoreError

logger = logging.getLogger(__name__)


def show_life(sign: Callable[[], object], every: float, over: threading.Event) -> None:
    """Give signs of life beside the work, until ``over`` is set.

    Args:
        sign: gives one.
        every: seconds between two.
    """

    def give() -> None:
        while not over.wait(every):
            try:
                sign()
            except StoreError as error:  # whoever needs the store next is told, too
                logger.warning("no sign of life could be given: %s", error)

    threading.Thread(target=give, name="signs of life", daemon=True).start()
