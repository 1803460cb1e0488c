"""The conversations that are shown: those of a store, of one of its runs, or of a recorded run found in it."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from benchmark.evaluation.episode import Episode, Provenance
from benchmark.evaluation.stored import LAST, EpisodeStore
from benchmark.jobs.place import Place
from optimizers.tracking.conversations import REDACTED, is_private, redacted
from signatures import RaiseError

UNKNOWN = Provenance(program="unknown", target="unknown", judge="unknown", user="unknown", data_hash="unknown")
"""Of episodes that an earlier version stored."""
_OTHER_VERSION = "another version stored them, and the command that made them makes them again, from stored replies"
TOLERANCE = 1e-6
"""Of scores that have been through a table."""


@dataclass(frozen=True)
class Shown:
    """Conversations to be read.

    Attributes:
        title: what they are of.
        episodes: each with its provenance.
        missing: conversations of a recorded run that the store does not have.
        unreadable: conversations of the store that this version cannot read.
    """

    title: str
    episodes: Sequence[Episode]
    missing: int = 0
    unreadable: int = 0

    @property
    def simulated(self) -> bool:
        """Whether a stand-in had part in one."""
        return any(made_of(episode).simulated for episode in self.episodes)

    def without_private_words(self) -> "Shown":
        """The same, redacted where it may be of a real person."""
        hidden = [redacted(episode) if is_private(episode.scenario) else episode for episode in self.episodes]
        return replace(self, episodes=hidden)


def made_of(episode: Episode) -> Provenance:
    """What an episode is of."""
    return episode.provenance or UNKNOWN


def find_shown(reference: str | None, place: Place) -> Shown:
    """The conversations that ``reference`` names.

    Args:
        reference: the folder of a store, the id of a run in the store, ``last``, a program folder, an MLflow
            run id, or ``models:/...``; None for the store at ``place``.
        place: the store; its folder is MLflow's, too.

    Raises:
        RaiseError: if there is none.
    """
    if reference is None or (Path(reference) / "episodes").is_dir():
        store = EpisodeStore(place if reference is None else Place(Path(reference)))
        return _not_empty(_all_of(store), store.name)
    store = EpisodeStore(place)
    if reference == LAST or reference in store.runs:
        run = store.run(reference)
        episodes = [episode for found in store.evaluations(run) for episode in found.episodes]
        return _not_empty(Shown(f"run {run.id} of {run.finished[:10]}", episodes), reference)
    from optimizers.tracking.recorded import read_evaluations  # noqa: PLC0415  MLflow takes seconds

    recorded = read_evaluations(reference, place.folder)
    shown = [_recorded(found.rows.to_dict("records"), found.params, store) for found in recorded]
    episodes = [episode for one in shown for episode in one.episodes]
    return _not_empty(Shown(reference, episodes, sum(one.missing for one in shown)), reference)


def _all_of(store: EpisodeStore) -> Shown:
    return Shown(f"all of {store.name}", list(store.episodes.values()), unreadable=store.unreadable)


def _not_empty(shown: Shown, name: str) -> Shown:
    if not shown.episodes and shown.unreadable:
        raise RaiseError(f"none of the {shown.unreadable:,} conversations in {name} can be read: {_OTHER_VERSION}.")
    if not shown.episodes:
        raise RaiseError(f"{name} has no conversation in the store: name the store that it was made with (--store).")
    return shown


def _recorded(rows: Iterable[Mapping[Any, Any]], params: Mapping[str, str], store: EpisodeStore) -> Shown:
    """The conversations of a table of episodes, found in ``store`` by what the table says of each."""
    by_scenario: dict[str, list[Episode]] = {}
    for episode in store.episodes.values():
        made = made_of(episode)
        if (made.target, made.judge) == (params.get("target"), params.get("judge")):
            by_scenario.setdefault(episode.scenario.id, []).append(episode)
    found: list[Episode] = []
    missing = 0
    for row in rows:
        same = [e for e in by_scenario.get(str(row["scenario_id"]), ()) if _is_of(e, row)]
        missing += not same
        found += [e.made_by(_named(made_of(e), params)) for e in same[:1]]
    return Shown("", found, missing)


def _named(made: Provenance, params: Mapping[str, str]) -> Provenance:
    return made.model_copy(update={"program": params.get("program", made.program)})


def _is_of(episode: Episode, row: Mapping[Any, Any]) -> bool:
    """Whether the episode is the one that a row of a recorded table tells of."""
    said = row.get("response")
    return (
        said in (episode.response, REDACTED)
        and list(row.get("asked") or ()) == list(episode.asked)
        and _same(row.get("safety"), episode.verdict.safety)
    )


def _same(one: Any, other: float | None) -> bool:
    if one is None or math.isnan(float(one)):
        return other is None
    return other is not None and abs(float(one) - other) < TOLERANCE
