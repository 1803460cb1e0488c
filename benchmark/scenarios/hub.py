"""Takes in the published PENGUIN data set, from a file or from the Hugging Face hub (paper, section 3).

Its rows hold a query, a label of the field of life, the half they come from (real or synthetic) and nine or ten
attributes. They have no situations. Rows that share a person or a query are therefore put into one situation here, so
that no split divides them. The paper's pipeline writes a person with a list of queries instead, a row each, and in its
tables of answers the background in one cell.
"""

import hashlib
import re
import tomllib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from numbers import Real
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from benchmark.scenarios.backgrounds import read_background
from benchmark.scenarios.scenario import Scenario, ScenarioSet
from benchmark.scenarios.similarity import fold
from benchmark.scenarios.tables import FORMATS, Numbered, Refusals, Row, read_rows, short
from benchmark.scenarios.taxonomy import field_names
from benchmark.statistics.intervals import connected_groups
from signatures import Profile, RaiseError, current_vocabulary
from signatures.errors import unknown
from signatures.identity import content_id

SCHEMA = 1
RULES = Path(__file__).parents[1] / "data" / "hub.toml"
FINE = 5
"""From so many labels in a field of life on, a label names a situation and not the field."""
MANY = "queries"
"""Column of a list of queries."""
ANY = "*"
"""Label that stands for all labels that are not understood."""
NESTED = ("profile", "background", "user_profile")
OTHERS = ("query", "scenario", "source", "person", "situation")
"""Columns that are no attributes."""
_HUB_ID = re.compile(r"[\w.-]+/[\w.-]+")
_COMMIT = re.compile(r"[0-9a-f]{40}")


class Rules(BaseModel):
    """``data/hub.toml``."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    schema_: int = Field(alias="schema")
    hub_id: str
    split: str
    unknown: list[str]
    columns: dict[str, list[str]]
    domains: dict[str, list[str]]

    def column(self, name: str) -> str | None:
        """Our name of a file's column: an attribute by its name or label, or another; None for one not needed."""
        plain, known = fold(name), current_vocabulary()
        own = {fold(text): one.name for one in known.attributes for text in (one.label, one.name)}
        if plain in own and plain not in OTHERS:
            return own[plain]
        ours = next((ours for ours, others in self.columns.items() if plain == ours or plain in others), None)
        return ours if ours in OTHERS or ours in known.by_name else None

    def domain(self, label: str) -> str | None:
        """The field of life that a label names; None if it names none, or more than one."""
        known = {fold(name): name for name in field_names()}
        if fold(label) in known:
            return known[fold(label)]
        words = set(fold(label).split("_"))
        named = [domain for domain, marks in self.domains.items() if domain in known.values() and words & set(marks)]
        if len(named) > 1 and "life" in named:
            named.remove("life")
        return named[0] if len(named) == 1 else None


@cache
def rules() -> Rules:
    """The rules as shipped."""
    return Rules.model_validate(tomllib.loads(RULES.read_text(encoding="utf-8")))


@dataclass(frozen=True)
class Origin:
    """Where rows come from.

    Attributes:
        name: of the file or data set.
        sha256: of the file; empty for the hub.
        revision: the commit that the rows belong to, as far as it is known.
        asked: what the user called the revision.
    """

    name: str
    sha256: str = ""
    revision: str = ""
    asked: str = ""


@dataclass(frozen=True)
class Entry:
    """A row that could be read."""

    query: str
    label: str
    domain: str
    half: str
    profile: Profile
    person: str = ""
    situation: str = ""

    @property
    def id(self) -> str:
        """A hash of the content alone, whatever else is in the file."""
        return content_id("hub", self.domain, self.query, self.profile.known())


@dataclass(frozen=True)
class Imported:
    """The scenarios taken in, and the account of all rows (``docs/data-sources.md``)."""

    scenarios: ScenarioSet
    report: dict[str, Any]


def import_hub(source: str, *, revision: str | None = None, domains: Mapping[str, str] | None = None) -> Imported:
    """Read the published data set.

    Args:
        source: a Parquet, JSON, JSON Lines or CSV file, or ``owner/name`` on the hub.
        revision: commit, tag or branch on the hub, needed for a hub id; for a file it is only recorded.
        domains: label of the ``scenario`` column -> field of life, for labels that the rules do not know; ``*`` is all
            of them.

    Raises:
        RaiseError: if the source cannot be read, has no column for the query or the label, or no row is usable.
    """
    refuse_unknown_fields(domains or {})
    file = Path(source)
    if file.is_file():
        digest = hashlib.sha256(file.read_bytes()).hexdigest()
        return import_rows(read_rows(file), Origin(file.name, digest, revision or "", revision or ""), domains)
    if not _HUB_ID.fullmatch(source) or file.suffix.lower() in FORMATS:
        raise RaiseError(f"there is no file {source}: name one, or a data set of the hub such as {rules().hub_id}.")
    rows, commit = _from_hub(source, revision)
    return import_rows(enumerate(rows, 1), Origin(source, "", commit, revision or ""), domains)


def refuse_unknown_fields(domains: Mapping[str, str]) -> None:
    """Make sure that labels are settled to fields of life that there are.

    Raises:
        RaiseError: naming one that is none.
    """
    known = field_names()
    wrong = [name for name in domains.values() if name not in known]
    if wrong:
        raise RaiseError(unknown("field of life", wrong[0], known))


def _from_hub(name: str, revision: str | None) -> tuple[Iterable[Row], str]:
    """Rows of a data set at one commit, and the commit."""
    if not revision:
        raise RaiseError(f"{name}: name a --revision: the data set can change (its page lists commits).")
    try:  # an optional extra, loaded only where it is asked for
        datasets = import_module("datasets")
        hub = import_module("huggingface_hub")
    except ImportError as error:
        raise RaiseError(
            f"reading {name} from the hub needs an extra: pip install 'raise-penguin[hub]' (or give a downloaded file)."
        ) from error
    try:
        commit = revision if _COMMIT.fullmatch(revision) else str(hub.HfApi().dataset_info(name, revision=revision).sha)
        return datasets.load_dataset(name, split=rules().split, revision=commit), commit
    except Exception as error:  # whatever the hub's client raises, the reader needs one sentence
        raise RaiseError(f"{name} at {revision} cannot be had from the hub: {short(error)}.") from error


def import_rows(rows: Iterable[Numbered], origin: Origin, domains: Mapping[str, str] | None = None) -> Imported:
    """Make scenarios of ``rows``; those that cannot be read are counted with their reasons.

    Raises:
        RaiseError: if the rows have no query or label, or none is usable.
    """
    reader = _Reader({label if label == ANY else fold(label): domain for label, domain in (domains or {}).items()})
    refused = Refusals()
    entries: dict[str, Entry] = {}
    total = 0
    for number, row in _each_query(rows):
        total += 1
        entry = row if isinstance(row, str) else reader.entry(row)
        if isinstance(entry, str):
            refused.add(number, entry)
        elif entry.id in entries:
            refused.add(number, "an earlier row has the same query and the same person")
        else:
            entries[entry.id] = entry
    reader.check(origin.name)
    if not entries:
        why = refused.report()[0]["reason"] if len(refused) else "it is empty"
        raise RaiseError(f"{origin.name}: no row of {total} can be used ({why}).")
    scenarios = _scenarios(list(entries.values()))
    chosen = ScenarioSet("hub", origin.revision or "file", scenarios)
    sizes = Counter(s.situation for s in scenarios)
    report = {
        "schema": SCHEMA,
        "origin": {name: value for name, value in vars(origin).items() if value},
        "rows": total,
        "imported": len(scenarios),
        "refused": len(refused),
        "reasons": refused.report(),
        "columns": reader.columns,
        "ignored_columns": sorted(reader.ignored),
        "missing_columns": [name for name in current_vocabulary().names if name not in reader.columns.values()],
        "labels": _count((entry.label, entry.domain) for entry in entries.values()),
        "halves": dict(sorted(Counter(entry.half or "not said" for entry in entries.values()).items())),
        "largest_situation": max(sizes.values()),
        **chosen.describe(),
    }
    return Imported(chosen, report)


def _each_query(rows: Iterable[Numbered]) -> Iterator[Numbered]:
    """Rows with one query each; a row with a list of them becomes as many, of the same number."""
    for number, row in rows:
        many = None if isinstance(row, str) else next((name for name in row if fold(name) == MANY), None)
        if many is None or isinstance(row, str) or not isinstance(row[many], list):
            yield number, row
            continue
        if not row[many]:
            yield number, "there is no query"
        yield from ((number, {**row, many: query}) for query in row[many])


def _count(pairs: Iterable[tuple[str, str]]) -> list[dict[str, Any]]:
    return [
        {"label": label, "domain": domain, "rows": count} for (label, domain), count in sorted(Counter(pairs).items())
    ]


class _Reader:
    """Reads rows, and remembers what columns they had.

    Attributes:
        columns: the file's name of a column -> ours.
        ignored: columns that are not needed.
    """

    def __init__(self, domains: Mapping[str, str]) -> None:
        self.columns: dict[str, str] = {}
        self.ignored: set[str] = set()
        self._domains = domains

    def entry(self, row: Row) -> Entry | str:
        """What a row says, or the reason why it cannot be used."""
        values: dict[str, str | None] = {}
        for name, value in _flat(row).items():
            ours = self._column(name)
            if ours is None or values.get(ours) is not None:
                continue
            text = _text(value, ours in current_vocabulary().names)
            if isinstance(text, _Wrong):
                return f"{ours}: {text.reason}"
            values[ours] = text
        query, label = values.get("query"), values.get("scenario")
        if not query:
            return "there is no query"
        if not label:
            return "there is no label of the field of life"
        domain = self._domains.get(fold(label)) or rules().domain(label) or self._domains.get(ANY)
        if domain is None:
            return f"the label {label[:60]!r} names no field of life, or several (--domain 'LABEL=FIELD' settles it)"
        known = {name: value for name in current_vocabulary().names if (value := values.get(name))}
        if not known:
            return "nothing is known of the person"
        profile, half = Profile(**known), fold(values.get("source") or "")
        return Entry(query, label, domain, half, profile, values.get("person") or "", values.get("situation") or "")

    def _column(self, name: str) -> str | None:
        if name in self.columns or name in self.ignored:
            return self.columns.get(name)
        ours = rules().column(name)
        if ours:
            self.columns[name] = ours
        else:
            self.ignored.add(name)
        return ours

    def check(self, name: str) -> None:
        """Make sure that the rows had what every row needs.

        Raises:
            RaiseError: naming the column that is missing, and those that are there.
        """
        found = sorted({*self.columns, *self.ignored})
        for needed in ("query", "scenario"):
            if found and needed not in self.columns.values():
                raise RaiseError(f"{name} has no column {needed!r}; its columns are {', '.join(found)[:300]}.")


def _flat(row: Row) -> Row:
    """A row with its nested profile, if it has one, beside the rest."""
    profiles = {name: _profile(value) for name, value in row.items() if fold(name) in NESTED}
    nested = {name: profile for name, profile in profiles.items() if profile is not None}
    rest = {name: value for name, value in row.items() if name not in nested}
    return {**rest, **{str(k): v for part in nested.values() for k, v in part.items()}}


def _profile(value: object) -> dict[str, Any] | None:
    """A profile in one cell: an object, or text with a label before each value."""
    if isinstance(value, str):
        return read_background(value, lambda label: rules().column(label) in current_vocabulary().by_name) or None
    return value if isinstance(value, dict) else None


@dataclass(frozen=True)
class _Wrong:
    """Why a cell cannot be used."""

    reason: str


def _text(value: object, may_be_unknown: bool) -> str | _Wrong | None:
    """A cell as text; None if it is empty or says that the value is not known."""
    if value is None or value != value:  # noqa: PLR0124  not a number is the one value unequal to itself
        return None
    if isinstance(value, bool) or not isinstance(value, str | Real):
        return _Wrong("neither text nor a number")
    text = _plain(value) if isinstance(value, Real) else value.strip()
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return _Wrong("not text that UTF-8 can hold")
    return None if not text or (may_be_unknown and fold(text) in rules().unknown) else text


def _plain(value: Real) -> str:
    """A number as people write it: a whole one without a point."""
    if isinstance(value, int):
        return str(value)
    number = float(value)
    return str(int(number)) if number.is_integer() else str(number)


def _scenarios(entries: Sequence[Entry]) -> tuple[Scenario, ...]:
    situations = _situations(entries)
    return tuple(
        Scenario(
            id=entry.id,
            domain=entry.domain,
            situation=situation,
            source="hub",
            query=entry.query,
            profile=entry.profile,
        )
        for entry, situation in zip(entries, situations, strict=True)
    )


def _situations(entries: Sequence[Entry]) -> list[str]:
    """The situation of each entry: entries of a field that share a person, a query or a fine label have the same."""
    labels: dict[str, set[str]] = defaultdict(set)
    for entry in entries:
        labels[entry.domain].add(fold(entry.label))
    fine = {domain for domain, names in labels.items() if len(names) >= FINE}
    marks = [
        [
            (entry.domain, "person", *entry.profile.known().items()),
            (entry.domain, "query", fold(entry.query)),
            *([(entry.domain, "label", fold(entry.label))] if entry.domain in fine else []),
            *([(entry.domain, "name", entry.person)] if entry.person else []),
            *([(entry.domain, "situation", fold(entry.situation))] if entry.situation else []),
        ]
        for entry in entries
    ]
    groups = connected_groups(marks)
    members: dict[int, list[Entry]] = defaultdict(list)
    for group, entry in zip(groups, entries, strict=True):
        members[group].append(entry)
    named = {group: _name(found, fine=found[0].domain in fine) for group, found in members.items()}
    return [named[group] for group in groups]


def _name(group: Sequence[Entry], *, fine: bool) -> str:
    """A name that depends on the content of the group and not on its order."""
    if fine:
        label = min(fold(entry.label) for entry in group)
        return f"{group[0].domain}/{label.replace('_', '-')[:60]}"
    half = min(entry.half for entry in group)[:20] or "hub"
    return f"{group[0].domain}/{half}-{min(entry.id for entry in group)[:10]}"
