"""Evaluations as the store keeps them: which episodes belong together, so that they are read again without a call.

Episodes are stored one by one under a hash. A run, what one ``raise evaluate`` measured, names those of each program.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from benchmark.evaluation.episode import Episode, Provenance
from benchmark.evaluation.results import Evaluation
from benchmark.evaluation.runner import episode_key
from benchmark.jobs.place import EPISODES, Place
from signatures import RaiseError
from signatures.errors import meant
from signatures.identity import content_id

RUNS = "runs"
"""The journal of runs."""
FILE = "runs.jsonl"
"""Its file, beside that of the episodes."""
LAST = "last"
"""Stands for the newest run."""


class StoredEvaluation(BaseModel):
    """One program of a run, on one target.

    Attributes:
        provenance: of its episodes.
        keys: of its episodes, in the order of the scenarios.
        failed: key -> episode, of those that ended by an error; the store does not keep them, since the same command
            runs them again.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    provenance: Provenance
    keys: tuple[str, ...]
    failed: dict[str, Episode] = {}

    @classmethod
    def of(cls, evaluation: Evaluation, setup: str) -> "StoredEvaluation":
        """What is kept of ``evaluation``, which has episodes.

        Args:
            setup: of its program, models and judge (``runner.setup_of``).
        """
        keys = [episode_key(setup, episode.scenario) for episode in evaluation.episodes]
        provenance = evaluation.episodes[0].provenance
        if provenance is None:
            raise ValueError(f"{evaluation.name} was stored by an earlier version, which does not say what it is of")
        failed = {k: e for k, e in zip(keys, evaluation.episodes, strict=True) if not e.complete}
        return cls(provenance=provenance, keys=tuple(keys), failed=failed)


class StoredRun(BaseModel):
    """What one command evaluated: programs on targets, on the same scenarios.

    Attributes:
        finished: when, in UTC (ISO 8601).
        data: card of the scenario set: name, version, hash, n (scenarios drawn).
        split, seed: how they were drawn.
        evaluations: target by target.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    finished: str
    data: dict[str, Any]
    split: str
    seed: int
    evaluations: tuple[StoredEvaluation, ...]

    @cached_property
    def id(self) -> str:
        """A hash of what was evaluated; the same command has the same one again."""
        return content_id(self.data, self.split, self.seed, [[e.provenance.program, e.keys] for e in self.evaluations])


class EpisodeStore:
    """Finished episodes, and the runs that they are of.

    Args:
        place: of the store, as ``--store`` names it.

    Raises:
        RaiseError: if it holds no episodes.
    """

    def __init__(self, place: Place) -> None:
        folder = place.folder / EPISODES
        if place.database is None and not folder.is_dir():
            raise RaiseError(
                f"{place.folder} holds no conversations yet: raise evaluate makes some, or name another folder."
            )
        self.name = "the database" if place.database else str(place.folder)
        self._episodes = place.open_journal(EPISODES, folder)
        self._runs = place.open_journal(RUNS, folder, FILE)

    @cached_property
    def episodes(self) -> Mapping[str, Episode]:
        """Key -> episode, as they were stored; what else the journal holds (planned queries, curves) is left out."""
        return {key: episode for key, episode in self._kept.items() if episode is not None}

    @property
    def unreadable(self) -> int:
        """Episodes that this version cannot read, whose work a command does again."""
        return len(self._kept) - len(self.episodes)

    @cached_property
    def _kept(self) -> Mapping[str, Episode | None]:
        rows = {key: row for key, row in self._episodes.rows() if "scenario" in row and "verdict" in row}
        return {key: _read(row) for key, row in rows.items()}

    @cached_property
    def runs(self) -> Mapping[str, StoredRun]:
        """Id -> run, the newest first."""
        runs = [StoredRun.model_validate(row) for _, row in self._runs.rows()]
        return {run.id: run for run in sorted(runs, key=lambda run: run.finished, reverse=True)}

    def run(self, name: str) -> StoredRun:
        """The run with the id ``name``, or the newest for ``last``.

        Raises:
            RaiseError: if there is none.
        """
        if name == LAST and self.runs:
            return next(iter(self.runs.values()))
        if name in self.runs:
            return self.runs[name]
        known = [LAST, *self.runs] if self.runs else []
        hint = meant(name, known)
        more = f"it has {', '.join(list(self.runs)[:5])}" if self.runs else "raise evaluate stores some"
        raise RaiseError(f"{self.name} has no run {name}{hint}: {more}.")

    def evaluations(self, run: StoredRun) -> list[Evaluation]:
        """What was measured, program by program.

        Raises:
            RaiseError: if episodes are gone from the store.
        """
        return [Evaluation(e.provenance.program, self._episodes_of(e), e.provenance.simulated) for e in run.evaluations]

    def _episodes_of(self, stored: StoredEvaluation) -> list[Episode]:
        found = [stored.failed.get(key) or self.episodes.get(key) for key in stored.keys]
        episodes = [episode.made_by(stored.provenance) for episode in found if episode is not None]
        if len(episodes) < len(found):
            raise RaiseError(
                f"{len(found) - len(episodes)} of {len(found)} conversations of {stored.provenance.program} are gone "
                f"from {self.name}: the command that made them makes them again, from stored replies."
            )
        return episodes


def _read(row: Mapping[str, Any]) -> Episode | None:
    """The episode of a row; None for one that cannot be read."""
    try:
        return Episode.model_validate(row)
    except ValidationError:
        return None


def store_run(
    place: Place, evaluations: Iterable[StoredEvaluation], data: Mapping[str, Any], split: str, seed: int
) -> StoredRun:
    """Write a run down beside its episodes."""
    finished = datetime.now(UTC).isoformat(timespec="seconds")
    run = StoredRun(finished=finished, data=dict(data), split=split, seed=seed, evaluations=tuple(evaluations))
    journal = place.open_journal(RUNS, place.folder / EPISODES, FILE)
    journal.put(run.id, run.model_dump(mode="json"))
    journal.sync()
    return run


def targets_of(evaluations: Sequence[StoredEvaluation]) -> list[str]:
    """The targets, in their order."""
    return list(dict.fromkeys(stored.provenance.target for stored in evaluations))
