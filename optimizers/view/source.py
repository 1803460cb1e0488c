"""The conversations that are shown: those of a store, of one of its runs, or of a recorded run found in it."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmark.evaluation.episode import Episode, Provenance
from benchmark.evaluation.stored import LAST, EpisodeStore
from optimizers.tracking.conversations import REDACTED, is_private, redacted
from signatures import RaiseError

UNKNOWN = Provenance(program="unknown", target="unknown", judge="unknown", user="unknown", data_hash="unknown")
"""Of episodes that an earlier version stored."""
TOLERANCE = 1e-6
"""Of scores that have been through a table."""


@dataclass(frozen=True)
class Shown:
    """Conversations to be read.

    Attributes:
        title: what they are of.
        episodes: each with its provenance.
        missing: conversations of a recorded run that the store does not have.
    """

    title: str
    episodes: Sequence[Episode]
    missing: int = 0

    @property
    def simulated(self) -> bool:
        """Whether a stand-in had part in one."""
        return any(made_of(episode).simulated for episode in self.episodes)

    def without_private_words(self) -> "Shown":
        """The same, redacted where it may be of a real person."""
        hidden = [redacted(episode) if is_private(episode.scenario) else episode for episode in self.episodes]
        return Shown(self.title, hidden, self.missing)


def made_of(episode: Episode) -> Provenance:
    """What an episode is of."""
    return episode.provenance or UNKNOWN


def find_shown(reference: str | None, root: Path) -> Shown:
    """The conversations that ``reference`` names.

    Args:
        reference: the folder of a store, the id of a run in the store ``root``, ``last``, a program folder, an MLflow
            run id, or ``models:/...``; None for the store ``root``.
        root: folder of the store, and of MLflow's.

    Raises:
        RaiseError: if there is none.
    """
    if reference is None or (Path(reference) / "episodes").is_dir():
        folder = root if reference is None else Path(reference)
        return _not_empty(Shown(f"all of {folder}", list(EpisodeStore(folder).episodes.values())), str(folder))
    store = EpisodeStore(root)
    if reference == LAST or reference in store.runs:
        run = store.run(reference)
        episodes = [episode for found in store.evaluations(run) for episode in found.episodes]
        return _not_empty(Shown(f"run {run.id} of {run.finished[:10]}", episodes), reference)
    from optimizers.tracking.recorded import read_evaluations  # noqa: PLC0415  MLflow takes seconds

    recorded = read_evaluations(reference, root)
    shown = [_recorded(found.rows.to_dict("records"), found.params, store) for found in recorded]
    episodes = [episode for one in shown for episode in one.episodes]
    return _not_empty(Shown(reference, episodes, sum(one.missing for one in shown)), reference)


def _not_empty(shown: Shown, name: str) -> Shown:
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
