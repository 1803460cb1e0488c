"""The episodes of an evaluation, read where they are kept: they may be more than fit into memory."""

from collections.abc import Sequence
from typing import overload

from benchmark.evaluation.episode import Episode, Provenance
from benchmark.jobs.journal import Journal
from signatures import RaiseError


class KeptEpisodes(Sequence[Episode]):
    """Episodes in the order of their scenarios; each is read anew whenever it is asked for.

    Args:
        journal: where they are.
        entries: the key of each, or the episode itself if it was not kept.
        provenance: what they are of.
    """

    def __init__(self, journal: Journal, entries: Sequence[str | Episode], provenance: Provenance) -> None:
        self._journal, self._entries, self._provenance = journal, entries, provenance

    def __len__(self) -> int:
        return len(self._entries)

    @overload
    def __getitem__(self, place: int) -> Episode: ...

    @overload
    def __getitem__(self, place: slice) -> "KeptEpisodes": ...

    def __getitem__(self, place: int | slice) -> "Episode | KeptEpisodes":
        if isinstance(place, slice):
            return KeptEpisodes(self._journal, self._entries[place], self._provenance)
        entry = self._entries[place]
        if isinstance(entry, Episode):
            return entry
        row = self._journal.get(entry)
        if row is None:
            raise RaiseError(f"a finished episode is gone from the store: run the same command again ({entry}).")
        return Episode.model_validate(row).made_by(self._provenance)
