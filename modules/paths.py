"""Stored paths: which attributes paid off, in which order, for queries like this one (paper, section 5, retrieval)."""

import json
from collections.abc import Collection, Iterable, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import BaseModel, ConfigDict

from modules.embedding import TFIDF, Similarity, similarity
from modules.files import parse_json, read_plain, write_whole
from signatures import RaiseError

KIND = "raise-paths"
SCHEMA = 1
"""Files without the later fields (domain, failures, history, ranking) are of this schema, too."""
FAR = 0.1
"""Weight of a path whose query has nothing in common with the one asked. Single paths are noisy, so none has weight 0;
0.03 chooses less well (``experiments.agent_variants``)."""
NO_QUERY = "none"
"""What stands for a query that was left out where texts are compared: a word that tells nothing."""
LATER = 0.7
"""Weight of each place of a path, relative to the place before it."""


class PlannedPath(BaseModel):
    """What offline planning found for one query.

    Attributes:
        query: empty if it was left out, since a real person wrote it (``PathIndex.without_queries``).
        path: attributes to ask, best first.
        value: expected safety once the path is known, 1 to 5; None if nobody measured it, as of an imported path.
        evaluations: rollouts spent on it, failed ones included.
        origin: where the query comes from (benchmark situation), for the leak guard.
        domain: field of life of the query.
        source: of the scenarios that the query is from, such as ``authored`` or ``hub``; empty if it is not known.
        failures: evaluations that failed.
        history: (attributes known, reward) of every evaluation that succeeded, in order.
        ranking: the target's own order of all attributes, most telling first; empty if it has none.
    """

    model_config = ConfigDict(frozen=True, allow_inf_nan=False)  # they would be written as null, and not be read back
    query: str
    path: tuple[str, ...]
    value: float | None
    evaluations: int
    origin: str = ""
    domain: str = ""
    source: str = ""
    failures: int = 0
    history: tuple[tuple[tuple[str, ...], float], ...] = ()
    ranking: tuple[str, ...] = ()

    @property
    def is_cut(self) -> bool:
        """Whether its query was left out; paths of a library without sources are as they were written."""
        return not self.query and bool(self.source)

    @property
    def rating(self) -> float:
        """What paths are ordered by: the value, 0 for one that was not measured, which comes after all others."""
        return 0.0 if self.value is None else self.value


def as_examples(paths: Sequence[PlannedPath]) -> str:
    """Planned paths as prompts show them."""
    lines = [f'{i}. "{p.query}": {", ".join(p.path)}{_measured(p)}' for i, p in enumerate(paths, 1)]
    return "\n".join(lines) or "(none)"


def _measured(path: PlannedPath) -> str:
    return "" if path.value is None else f" (safety {path.value:.1f})"


def planned_first(paths: Sequence[PlannedPath], allowed: Sequence[str]) -> list[str]:
    """What ``paths`` ask of what is allowed, best path first."""
    return [name for path in paths for name in path.path if name in allowed]


class PathIndex:
    """Planned paths, searchable by similar query. Immutable, so that copies of a program share it.

    Args:
        paths: what was planned.
        embedder: what similarity is measured by; see ``modules.embedding.similarity``.
    """

    def __init__(self, paths: Iterable[PlannedPath] = (), embedder: str = TFIDF) -> None:
        self.paths: tuple[PlannedPath, ...] = tuple(paths)
        self.embedder = embedder

    def __len__(self) -> int:
        return len(self.paths)

    def __deepcopy__(self, memo: dict[int, Any]) -> "PathIndex":
        return self

    def with_embedder(self, embedder: str) -> "PathIndex":
        """The same paths, searched with ``embedder``."""
        return self if embedder == self.embedder else PathIndex(self.paths, embedder)

    @cached_property
    def _similarity(self) -> Similarity:
        return similarity(self.embedder, [path.query or NO_QUERY for path in self.paths])

    def without_queries(self, sources: Collection[str]) -> "PathIndex":
        """The same paths without the queries of ``sources``.

        Without its query a path is no neighbour and no example any more; it still counts in ``rank``.
        """
        hidden = {"query": ""}
        kept = [path.model_copy(update=hidden) if path.source in sources else path for path in self.paths]
        return PathIndex(kept, self.embedder)

    def identity(self) -> list[dict[str, Any]]:
        """What a program's behaviour depends on, as JSON can hold it."""
        return [path.model_dump(mode="json", exclude={"source"}) for path in self.paths]

    def nearest(self, query: str, k: int, *, excluding: str = "") -> Sequence[PlannedPath]:
        """The ``k`` paths with the most similar queries, ranked by planned value, best first (paper, section 5).

        Args:
            excluding: origin whose paths must not be returned: the leak guard of evaluation.
        """
        if not self.paths or k < 1:
            return []
        order = [int(i) for i in np.argsort(-self._similarity(query), kind="stable") if not self.paths[i].is_cut]
        allowed = [self.paths[i] for i in order if not excluding or self.paths[i].origin != excluding]
        return sorted(allowed[:k], key=lambda path: -path.rating)

    def rank(self, query: str, among: Sequence[str], *, excluding: str = "") -> list[str]:
        """``among``, ordered by how early all planned paths together name them; nothing if no path names any.

        A path counts by how similar its query is, and its places are counted over ``among`` alone, since the rest is
        known already.

        Args:
            excluding: origin whose paths are left out: the leak guard of evaluation.
        """
        votes = dict.fromkeys(among, 0.0)
        likeness = np.maximum(0.0, self._similarity(query)) if self.paths else ()
        for path, alike in zip(self.paths, likeness, strict=True):
            if excluding and path.origin == excluding:
                continue
            for place, name in enumerate(name for name in path.path if name in votes):
                votes[name] += (FAR + float(alike)) * LATER**place
        return sorted(among, key=lambda name: -votes[name]) if any(votes.values()) else []

    def save(self, file: Path) -> None:
        """Write the paths as JSON Lines, first line the schema."""
        lines = [json.dumps({"schema": SCHEMA, "kind": KIND})]
        lines += [path.model_dump_json() for path in self.paths]
        write_whole(file, "\n".join(lines) + "\n", private=True)

    @classmethod
    def load(cls, file: Path) -> "PathIndex":
        """Read what ``save`` wrote.

        Raises:
            RaiseError: if the file cannot be read or has another schema.
        """
        try:
            head, *lines = read_plain(file).split("\n")
            first = parse_json(head)
            if first["kind"] != KIND:
                raise ValueError("of another kind")
            if first["schema"] != SCHEMA:
                raise RaiseError(f"{file} has another schema than {SCHEMA}: plan again with this version of raise.")
            return cls(PlannedPath.model_validate_json(line) for line in lines if line.strip())
        except (OSError, ValueError, LookupError, TypeError) as error:
            raise RaiseError(f"{file} is not a file of planned paths ({type(error).__name__}): plan again.") from error
