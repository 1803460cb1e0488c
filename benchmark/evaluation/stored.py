"""The episodes of an evaluation, read where they are kept: they may be more than fit into memory."""

from collections.abc import Sequence
from typing import overload

from benchmark.evaluation.episode import Episode
from benchmark.jobs.journal import Journal
from signatures import RaiseError


class StoredEpisodes(Sequence[Episode]):
    """Episodes in the order of their scenarios; each is read anew whenever it is asked for.

    Args:
        journal: where they are.
        entries: the key of each, or the episode itself if it was not kept.
    """

    def __init__(self, journal: Journal, entries: Sequence[str | Episode]) -> None:
        self._journal, self._entries = journal, entries

    def __len__(self) -> int:
        return len(self._entries)

    @overload
    def __getitem__(self, place: int) -> Episode: ...

    @overload
    def __getitem__(self, place: slice) -> "StoredEpisodes": ...

    def __getitem__(self, place: int | slice) -> "Episode | StoredEpisodes":
        if isinstance(place, slice):
            return StoredEpisodes(self._journal, self._entries[place])
        entry = self._entries[place]
        if isinstance(entry, Episode):
            return entry
        row = self._journal.get(entry)
        if row is None:
            raise RaiseError(f"a finished episode is gone from the store: run the same command again ({entry}).")
        return Episode.model_validate(row)
