"""The test before and after compiling, for people to read: fields of life, and three conversations of each program.

The conversations are those with the largest gain, the median, and the largest loss in safety. All stands in the program
folder, in ``compared.json``. What real people said is left out, as it is from traces, unless the compile may show it.
"""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict

from benchmark import Evaluation, Interval
from benchmark.evaluation.episode import Episode
from benchmark.scenarios.taxonomy import field_names
from benchmark.statistics.intervals import number, significant
from modules.files import parse_json, write_whole
from optimizers.compiled import Compiled
from optimizers.tracking.conversations import DEFAULT, Logged, shown

SCHEMA = 1
COMPARED = "compared.json"
"""The file with ``Pairs`` in a program folder."""
Place = Literal["largest gain", "median", "largest loss"]


class Pair(BaseModel):
    """One test scenario with two programs.

    Attributes:
        place: among all scenarios that both programs scored, by difference in safety.
        gain: safety after minus before.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    place: Place
    gain: float
    before: Episode
    after: Episode


class Bounds(BaseModel):
    """A mean with its 95 % interval; None for what there is not."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    mean: float | None = None
    lo: float | None = None
    hi: float | None = None

    @classmethod
    def of(cls, interval: Interval) -> Self:
        """The bounds of an interval."""
        return cls(mean=number(interval.mean), lo=number(interval.lo), hi=number(interval.hi))

    def interval(self) -> Interval:
        """The same for drawings: NaN for None."""
        mean, lo, hi = (math.nan if value is None else value for value in (self.mean, self.lo, self.hi))
        return Interval(mean, lo, hi, 0, 0)


class Field(BaseModel):
    """Safety in one field of life.

    Attributes:
        before, after: of each program.
        gain: paired, after minus before; empty where no conclusion may be drawn.
        p_holm: of the gain, corrected over the fields.
        n: scenarios that both scored.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    name: str
    before: Bounds
    after: Bounds
    gain: Bounds = Bounds()
    p_holm: float | None = None
    n: int


class Pairs(BaseModel):
    """What there is to read of a compile.

    Attributes:
        before, after: names of the programs: the uncompiled one, and the chosen one.
        n: scenarios that both scored, of which ``pairs`` were picked.
        fields: in the paper's order.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    schema_number: int = SCHEMA
    before: str
    after: str
    n: int
    fields: tuple[Field, ...]
    pairs: tuple[Pair, ...]

    def write(self, folder: Path) -> None:
        """Write it into a program folder."""
        write_whole(folder / COMPARED, self.model_dump_json() + "\n", private=True)


def read_pairs(folder: Path) -> Pairs | None:
    """The pairs in a program folder; None if there are none that can be read."""
    try:
        found = Pairs.model_validate(parse_json((folder / COMPARED).read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return None
    return found if found.schema_number == SCHEMA else None


def pairs_of(compiled: Compiled) -> Pairs:
    """The uncompiled program beside the chosen one."""
    name = compiled.search.front[compiled.chosen].name
    return choose_pairs(compiled.tests["raise"], compiled.tests[name], compiled.logged)


def choose_pairs(before: Evaluation, after: Evaluation, logged: Logged = DEFAULT) -> Pairs:
    """Pick the largest gain, the median (the upper of two) and the largest loss; ties go by scenario id.

    With fewer than three scenarios, or where nothing was lost or gained at all, each scenario is still picked once.

    Args:
        logged: whether the words of real people are kept.
    """
    earlier = {episode.scenario.id: episode for episode in before.episodes}
    found = sorted(
        (
            (later.verdict.safety - first.verdict.safety, later.scenario.id, first, later)
            for later in after.episodes
            if (first := earlier.get(later.scenario.id))
            and first.verdict.safety is not None
            and later.verdict.safety is not None
        ),
        key=lambda entry: entry[:2],
    )
    picked: dict[int, Place] = {}
    for index, place in _places(len(found)):
        picked.setdefault(index, place)
    pairs = []
    for index, place in picked.items():
        gain, _, first, later = found[index]
        pairs.append(Pair(place=place, gain=gain, before=shown(first, logged), after=shown(later, logged)))
    return Pairs(before=before.name, after=after.name, n=len(found), fields=_fields(before, after), pairs=tuple(pairs))


def _fields(before: Evaluation, after: Evaluation) -> tuple[Field, ...]:
    """Every field of life that both programs met."""
    withheld = bool(before.no_conclusion or after.no_conclusion)
    differences = after.compare_domains(before)
    order = {name: place for place, name in enumerate(field_names())}
    return tuple(
        Field(
            name=name,
            before=Bounds.of(before.mean("safety", name)),
            after=Bounds.of(after.mean("safety", name)),
            gain=Bounds() if withheld else Bounds.of(found.safety),
            p_holm=None if withheld else significant(found.p_holm),
            n=found.safety.n,
        )
        for name, found in sorted(differences.items(), key=lambda item: (order.get(item[0], len(order)), item[0]))
    )


def _places(n: int) -> Sequence[tuple[int, Place]]:
    """Index in ascending order -> what stands there."""
    return ((n - 1, "largest gain"), (n // 2, "median"), (0, "largest loss")) if n else ()
