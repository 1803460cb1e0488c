"""How many posts each stage let through and why the others went, per domain: the pipeline's account of itself."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from benchmark.scenarios.taxonomy import field_names
from benchmark.statistics.intervals import wilson


class Flaw(StrEnum):
    """Why there is no post to look at."""

    BROKEN = "broken line"
    TOO_LONG = "line without an end"
    NO_SUBMISSION = "no submission (a comment or another record)"
    ELSEWHERE = "subreddit not in the table"
    CUT_OFF = "file cut off"
    DAMAGED = "file damaged"


class Stage(StrEnum):
    """What a post has come through, in this order."""

    POST = "posts"
    PREFILTER = "prefilter passed"
    DRAWN = "drawn"
    READ = "read by the filter"
    FILTER = "filter passed"
    EXTRACTED = "profile and query extracted"
    SCENARIO = "scenarios"


class Drop(StrEnum):
    """Why a post went no further."""

    DELETED = "deleted or removed"
    GONE = "account deleted"
    STAFF = "bot, moderator or stickied"
    NSFW = "marked over 18"
    NO_TEXT = "no text of its own"
    SHORT = "too short"
    LONG = "too long"
    LANGUAGE = "not in English"
    THIRD_PERSON = "not about the writer"
    NO_QUESTION = "asks nothing"
    MINOR = "writer under 18"
    FEW_CUES = "too few attributes in sight"
    NOT_DRAWN = "not drawn (sample full, or the person drawn already)"
    REPEATED = "same person or text drawn elsewhere"
    FEW_REVEALED = "reveals too few attributes"
    FEW_SUPPORTED = "too few attributes with support in the post"
    NO_QUERY = "no question found"
    QUOTES = "reworded question repeats the post"
    TELLS = "reworded question tells the profile"
    PERSONAL = "reworded question may hold personal data"
    UNREADABLE = "replies could not be read"


@dataclass
class Yields:
    """Counts.

    Attributes:
        lines: lines read, and flaws of lines and files.
        passed: domain -> stage -> posts.
        dropped: domain -> reason -> posts.
        refused: reasons for which single attributes of kept posts were not taken.
        unfinished: dump -> why it does not hold all that it once held; what stands before was read.
    """

    lines: int = 0
    flaws: Counter[Flaw] = field(default_factory=Counter)
    passed: dict[str, Counter[Stage]] = field(default_factory=lambda: defaultdict(Counter))
    dropped: dict[str, Counter[Drop]] = field(default_factory=lambda: defaultdict(Counter))
    refused: Counter[str] = field(default_factory=Counter)
    unfinished: dict[str, Flaw] = field(default_factory=dict)

    def stage(self, stage: Stage) -> int:
        """Posts of all domains that came through ``stage``."""
        return sum(counts[stage] for counts in self.passed.values())

    def reasons(self) -> Counter[Drop]:
        """Reasons over all domains."""
        return sum(self.dropped.values(), Counter())

    def domains(self) -> list[str]:
        """Domains of which there were posts, in the order of the vocabulary; the shipped one has the paper's."""
        return [name for name in field_names() if name in self.passed or name in self.dropped]

    def copy(self) -> "Yields":
        """Counts that can go their own way."""
        return Yields.from_json(self.to_json())

    def to_json(self) -> dict[str, Any]:
        """As an object for files; stages and reasons that did not occur are left out."""
        return {
            "lines": self.lines,
            "flaws": _plain(self.flaws, Flaw),
            "unfinished": {name: flaw.value for name, flaw in self.unfinished.items()},
            "domains": {
                name: {
                    "passed": {stage.value: self.passed[name][stage] for stage in Stage},
                    "dropped": _plain(self.dropped[name], Drop),
                }
                for name in self.domains()
            },
            "refused_attributes": dict(sorted(self.refused.items())),
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "Yields":
        """What ``to_json`` wrote."""
        made = cls(lines=data["lines"], flaws=Counter({Flaw(k): v for k, v in data["flaws"].items()}))
        for name, counts in data["domains"].items():
            made.passed[name].update({Stage(k): v for k, v in counts["passed"].items()})
            made.dropped[name].update({Drop(k): v for k, v in counts["dropped"].items()})
        made.refused.update(data["refused_attributes"])
        made.unfinished.update({name: Flaw(flaw) for name, flaw in data.get("unfinished", {}).items()})
        return made


def _plain(counts: "Counter[Any]", kinds: Iterable[StrEnum]) -> dict[str, int]:
    return {kind.value: counts[kind] for kind in kinds if counts[kind]}


def share(part: int, whole: int) -> tuple[float, float, float] | None:
    """The share of ``part`` in ``whole`` with its 95 % interval, all in [0, 1]; None of nothing."""
    interval = wilson(part, whole)
    return None if interval is None else (part / whole, *interval)
