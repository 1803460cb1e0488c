"""The account of a generated set: what was asked for, what passed, what was dropped or asked again, and why."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from benchmark.scenarios.synthetic.writer import Batch, Person


@dataclass(frozen=True)
class FailedStep:
    """A step that failed, and why; the next run tries it again."""

    what: str
    reason: str


class Described(Protocol):
    """What the account needs of a situation."""

    key: str
    domain: str
    area: str
    text: str
    people: list[Person]
    queries: list[str]
    risk: str


@dataclass
class Account:
    """Counts of everything asked of the model.

    Attributes:
        situations: wanted in all.
        profiles, queries: wanted a situation.
        failed: steps without a result.
    """

    situations: int
    profiles: int
    queries: int
    failed: list[FailedStep] = field(default_factory=list)
    _batches: dict[str, list[Batch]] = field(default_factory=lambda: {"situations": [], "queries": []})
    _dropped: list[dict[str, str]] = field(default_factory=list)

    def add(self, kind: str, where: str, batch: Batch) -> None:
        """Count a batch of situations or queries."""
        self._batches[kind].append(batch)
        self.drop(kind, where, batch.dropped)

    def drop(self, kind: str, where: str, texts: Sequence[Sequence[str]]) -> None:
        """Count texts out: (text, kind of fault)."""
        self._dropped += [{"kind": kind, "where": where, "text": text, "reason": reason} for text, reason in texts]

    def report(self, places: Sequence[Described]) -> dict[str, Any]:
        """All of it, for the report beside the scenario file."""
        return {
            "written": {
                "situations": self._texts("situations", self.situations, len(places)),
                "people": self._people(places),
                "queries": self._texts(
                    "queries", self.queries * len(places), sum(len(place.queries) for place in places)
                ),
            },
            "made_of": [_describe(place) for place in places],
            "dropped": self._dropped,
            "failed": [vars(failed) for failed in self.failed],
        }

    def _texts(self, kind: str, wanted: int, kept: int) -> dict[str, Any]:
        batches = self._batches[kind]
        reasons = Counter(entry["reason"] for entry in self._dropped if entry["kind"] == kind)
        return {
            "wanted": wanted,
            "kept": kept,
            "asked": sum(batch.asked for batch in batches),
            "asked_again": sum(max(0, batch.asked - 1) for batch in batches),
            "unreadable": sum(batch.unreadable for batch in batches),
            "dropped": sum(reasons.values()),
            "reasons": _sort_counts(reasons),
        }

    def _people(self, places: Sequence[Described]) -> dict[str, Any]:
        everyone = [person for place in places for person in place.people]
        how = Counter(person.how for person in everyone)
        return {
            "wanted": self.profiles * len(places),
            "kept": how["written"] + how["repaired"] + how["drawn"],
            "repaired": how["repaired"],
            "failed": how["failed"],
            "asked": sum(person.asked for person in everyone),
            "asked_again": sum(max(0, person.asked - 1) for person in everyone),
            "unreadable": sum(person.unreadable for person in everyone),
            "violations": sum(len(person.violations) for person in everyone),
            "reasons": _sort_counts(Counter(kind for person in everyone for kind in person.violations)),
        }


def _describe(place: Described) -> dict[str, Any]:
    return {
        "key": place.key,
        "area": place.area,
        "text": place.text,
        "risk": place.risk,
        "people": sum(bool(person.values) for person in place.people),
        "no_person": [person.reason for person in place.people if not person.values],
        "queries": len(place.queries),
    }


def _sort_counts(counts: Counter[str]) -> dict[str, int]:
    return dict(sorted(counts.items(), key=lambda entry: (-entry[1], entry[0])))
