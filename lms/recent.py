"""A reply store for processes that run for months: in memory alone, and the newest replies only."""

import threading
from collections import OrderedDict

from lms.file_store import ReplyStore
from lms.store import Charge, Reply

MOST = 20_000
"""Replies that are kept; of some kilobytes each."""


class RecentReplies(ReplyStore):
    """As ``ReplyStore`` without a file; beyond ``most`` replies, those not used for longest are forgotten.

    Args:
        most: at least 1.
    """

    def __init__(self, most: int = MOST) -> None:
        super().__init__()
        self._most = most
        self._used: OrderedDict[str, None] = OrderedDict()
        self._order = threading.Lock()

    def get(self, key: str) -> Reply | None:
        """The reply stored under ``key``, or None."""
        reply = super().get(key)
        with self._order:
            if key in self._used:
                self._used.move_to_end(key)
        return reply

    def put(self, key: str, reply: Reply, charge: Charge | None = None) -> Reply:
        """Keep ``reply``; returns what is kept: the first reply of the key."""
        kept = super().put(key, reply, charge)
        with self._order:
            self._used[key] = None
            self._used.move_to_end(key)
            beyond = [self._used.popitem(last=False)[0] for _ in range(len(self._used) - self._most)]
        for old in beyond:
            self.drop(old)
        return kept
