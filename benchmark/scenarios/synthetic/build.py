"""Builds the generated set: situations, then people and questions of each, then what repeats another situation anew.

Each step is written to a journal as it ends, and no step knows of another that may run beside it. So the set is the
same for any concurrency, and a killed run goes on where it stopped.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from pydantic import TypeAdapter

from benchmark.defaults import PROFILES, QUERIES, RETRIES, SITUATIONS
from benchmark.jobs.budget import Budget
from benchmark.jobs.journal import Journal, Row
from benchmark.jobs.parallel import run_in_order
from benchmark.jobs.progress import OnProgress, Progress, ignore_progress
from benchmark.jobs.resume import Failure, ResumableJob, Unstarted
from benchmark.scenarios.profiles import graph
from benchmark.scenarios.scenario import Scenario, ScenarioSet
from benchmark.scenarios.similarity import ALIKE_ACROSS, fold, near_copy
from benchmark.scenarios.synthetic.people import attribute_list
from benchmark.scenarios.synthetic.report import Account, FailedStep
from benchmark.scenarios.synthetic.writer import Batch, Person, Writer
from benchmark.scenarios.taxonomy import field_names, situations
from lms import LanguageModels, Role
from lms.ledger import Tally
from signatures import Profile, RaiseError, current_vocabulary
from signatures.errors import meant
from signatures.identity import content_id

LANGUAGE = re.compile(r"[a-z]{2,3}")
VERSION = "1"
"""Raised with every change of checks or steps: what was built under others is built again."""
ROLES = (Role.TEACHER,)
"""The roles that building needs."""
BATCHES, PEOPLE = TypeAdapter(list[Batch]), TypeAdapter(list[Person])
"""What stored rows are checked by."""


@dataclass(frozen=True)
class GenerateSettings:
    """What to build; all of it decides what comes out.

    Attributes:
        domains: fields of life.
        situations: a domain, divided among its areas.
        profiles: people a situation.
        queries: questions a situation; everyone of its people asks each.
        retries: times that the same thing is asked for again, at most.
        language: ISO 639-1 code of the language of situations and questions; empty: that of the vocabulary.
    """

    domains: tuple[str, ...] = field(default_factory=field_names)
    situations: int = SITUATIONS
    profiles: int = PROFILES
    queries: int = QUERIES
    retries: int = RETRIES
    language: str = ""

    def check(self) -> None:
        """Make sure that the settings mean something.

        Raises:
            RaiseError: for an unknown domain, one named twice, or nothing to build.
        """
        known = field_names()
        unknown = [name for name in self.domains if name not in known]
        if unknown or not self.domains:
            hint = meant(unknown[0], known) if len(unknown) == 1 else ""
            raise RaiseError(f"unknown domain {', '.join(unknown)!r}{hint}: choose from {', '.join(known)}.")
        if self.language and not LANGUAGE.fullmatch(self.language):
            raise RaiseError(f"--language {self.language}: write its ISO 639-1 code, as in es.")
        if len(set(self.domains)) < len(self.domains):
            raise RaiseError(f"a domain is named twice in {', '.join(self.domains)}.")
        if min(self.situations, self.profiles, self.queries) < 1 or self.retries < 0:
            raise RaiseError("there must be at least one situation, profile and query, and no fewer than 0 retries.")


@dataclass(frozen=True)
class Generated:
    """What came of building.

    Attributes:
        scenarios: the set.
        report: how it was made (``docs/data-sources.md``); the same for the same set.
        resumed: steps that an earlier run had done.
        stopped: the limit that ended the run before all was built; empty if none did.
        charged: what its calls took, those of interrupted runs too.
    """

    scenarios: ScenarioSet
    report: dict[str, Any]
    resumed: int = 0
    stopped: str = ""
    charged: Tally = field(default_factory=Tally)


Outcome = Row | Failure | Unstarted


@dataclass
class Place:
    """A situation under way.

    Attributes:
        number: its place within the domain.
        key: of its scenarios.
        people, queries: None until they are there.
    """

    domain: str
    area: str
    text: str
    number: int
    key: str
    people: list[Person] = field(default_factory=list)
    queries: list[str] = field(default_factory=list)
    risk: str = ""

    @property
    def profiles(self) -> list[Profile]:
        """Its people."""
        return [Profile(**person.values) for person in self.people if person.values]


def generate(
    settings: GenerateSettings,
    *,
    models: LanguageModels,
    seed: int = 0,
    concurrency: int = 1,
    progress: OnProgress = ignore_progress,
    journal: Journal | None = None,
    budget: Budget | None = None,
) -> Generated:
    """Have the teacher's model write a scenario set.

    Args:
        concurrency: situations at once; does not change the set.
        journal: steps done so far; those done in the same way are not done again.
        budget: asked before each LM call.

    Raises:
        RaiseError: if the settings mean nothing, or no scenario came of it.
        dspy.utils.exceptions.LMError: for what would fail every step, such as a wrong key.
    """
    budget = budget or Budget()
    settings.check()
    budget.check_prices({role: models.roles[role] for role in ROLES})
    run = _Run(settings, seed, models, journal=journal or Journal(), budget=budget, progress=progress)
    job = content_id(run.setup, asdict(settings))
    with models.context(Role.TEACHER), models.ledger.charged_to(job), budget.enforced():
        places = run.places(concurrency)
        run.fill(places, concurrency)
        run.part(places)
    run.job.journal.sync()
    scenarios = tuple(scenario for place in places for scenario in _scenarios(place))
    if not scenarios:
        reason = run.stopped or next((failed.reason for failed in run.account.failed), "nothing passed the checks")
        raise RaiseError(f"no scenario was generated ({reason}): look at the model, or raise the limit.")
    chosen = ScenarioSet("generated", VERSION, scenarios)
    simulated = models.simulated(*ROLES)
    report = {
        "schema": 1,
        "simulated": simulated,
        "model": models.roles[Role.TEACHER].model,
        "seed": seed,
        "setup": run.setup,
        "settings": asdict(settings),
        "finished": not run.stopped,
        **run.account.report(places),
        **chosen.describe(),
    }
    return Generated(chosen, report, run.job.resumed, run.stopped, models.store.usage_of(job))


def _scenarios(place: Place) -> list[Scenario]:
    return [
        Scenario(
            id=content_id(place.key, query, profile.known()),
            domain=place.domain,
            situation=place.key,
            source="generated",
            query=query,
            profile=profile,
        )
        for profile in place.profiles
        for query in place.queries
    ]


def areas(domain: str) -> list[str]:
    """The areas of a field: those that the vocabulary declares, else as in the authored set."""
    declared = next((f for f in current_vocabulary().fields if f.name == domain), None)
    if declared is not None:
        return list(declared.areas) or [declared.label or declared.name]
    return list(dict.fromkeys(s.area for s in situations() if s.domain == domain))


def shares(count: int, parts: int) -> list[int]:
    """``count`` divided into ``parts`` as evenly as possible, larger shares first."""
    return [count // parts + (i < count % parts) for i in range(parts)]


class _Run:
    """One run.

    Attributes:
        setup: a hash of all that the set depends on.
        account: what happened.
        job: the journal of steps, and the budget.
        stopped: the limit that left a step undone; empty if none did.
    """

    def __init__(
        self,
        settings: GenerateSettings,
        seed: int,
        models: LanguageModels,
        *,
        journal: Journal,
        budget: Budget,
        progress: OnProgress,
    ) -> None:
        tries = settings.retries + 1
        vocabulary = current_vocabulary()
        language = settings.language or vocabulary.language
        self.writer = Writer(models[Role.TEACHER], seed=seed, tries=tries, budget=budget, language=language)
        self.job: ResumableJob[Row] = ResumableJob(journal, encode=dict, decode=_checked)
        self.settings, self.progress = settings, progress
        self.simulated = models.simulated(*ROLES)
        listed = attribute_list() if vocabulary.is_default else vocabulary.hash
        self.setup = content_id(
            "generate", VERSION, seed, tries, self.writer.prompts(), listed, models.identity(Role.TEACHER)
        )
        self.account = Account(settings.situations * len(settings.domains), settings.profiles, settings.queries)
        self.stopped = ""

    def places(self, concurrency: int) -> list[Place]:
        """The situations of all domains."""

        def job(domain: str) -> Outcome:
            return self._step("situations", [domain, self.settings.situations], lambda: self._areas(domain))

        rows = run_in_order(job, self.settings.domains, concurrency, self.progress, "situations")
        return [
            place
            for domain, row in zip(self.settings.domains, rows, strict=True)
            if (done := self._done(domain, row)) is not None
            for place in self._named(domain, done)
        ]

    def _areas(self, domain: str) -> Row:
        taken: list[str] = []
        batches: dict[str, Any] = {}
        names = areas(domain)
        for area, count in zip(names, shares(self.settings.situations, len(names)), strict=True):
            if count:
                batch = self.writer.situations(domain, area, count, taken)
                taken += batch.accepted
                batches[area] = vars(batch)
        return {"areas": batches}

    def _named(self, domain: str, row: Row) -> list[Place]:
        texts = []
        for area, entry in row["areas"].items():
            batch = Batch(**entry)
            self.account.add("situations", area, batch)
            texts += [(area, text) for text in batch.accepted]
        mark = "simulated-" if self.simulated else ""
        return [
            Place(domain, area, text, number, f"{domain}/{mark}{_slug(text)}-{content_id(domain, text)[:6]}")
            for number, (area, text) in enumerate(texts)
        ]

    def fill(self, places: Sequence[Place], concurrency: int) -> None:
        """People and questions of every situation, each situation by itself."""

        def job(place: Place) -> Outcome:
            wanted = [self.settings.profiles, self.settings.queries, place.number]
            return self._step("situation", [place.key, place.text, *wanted], lambda: self._filled(place))

        rows = run_in_order(job, places, concurrency, self.progress, "people and questions")
        for place, row in zip(places, rows, strict=True):
            done = self._done(place.key, row)
            if done is not None:
                place.people = [Person(**entry) for entry in done["people"]]
                batch = Batch(**done["queries"])
                place.queries, place.risk = batch.accepted, batch.note
                self.account.add("queries", place.key, batch)

    def _filled(self, place: Place) -> Row:
        every = round(1 / float(graph().calm["share"]))  # type: ignore[arg-type]
        made: list[Person] = []
        for number in range(self.settings.profiles):
            others = [Profile(**person.values) for person in made if person.values]
            calm = (place.number * self.settings.profiles + number) % every == 0
            made.append(self.writer.person(place.domain, place.text, number, others, calm=calm))
        queries = self.writer.queries(place.text, self.settings.queries)
        return {"people": [vars(person) for person in made], "queries": vars(queries)}

    def part(self, places: Sequence[Place]) -> None:
        """Have others written for questions that are near-copies of another situation's; in order, one by one."""
        taken: list[str] = []
        stage = "questions told apart"
        for done, place in enumerate(places):
            self.progress(Progress(stage, done, len(places)))
            kept = [query for query in place.queries if not near_copy(query, taken, ALIKE_ACROSS)]
            if len(kept) < len(place.queries):
                self._replace(place, kept, taken)
            place.queries = kept
            taken += kept
        self.progress(Progress(stage, len(places), len(places)))

    def _replace(self, place: Place, kept: list[str], taken: Sequence[str]) -> None:
        """Drop what is not ``kept``, and add to it what is written instead."""
        lost = [query for query in place.queries if query not in kept]
        self.account.drop("queries", place.key, [[query, "near-copy elsewhere"] for query in lost])
        row = self._step(
            "instead",
            [place.text, kept, list(taken), len(lost)],
            lambda: vars(self.writer.queries(place.text, len(lost), kept, taken)),
        )
        if (done := self._done(f"{place.key}, instead of near-copies", row)) is not None:
            batch = Batch(**done)
            kept += batch.accepted
            self.account.add("queries", place.key, batch)

    def _step(self, kind: str, parts: Sequence[object], work: Callable[[], Row]) -> Outcome:
        """What the journal has of a step, or what ``work`` makes of it."""
        return self.job.run(content_id(self.setup, kind, *parts), work)

    def _done(self, what: str, outcome: Outcome) -> Row | None:
        """A step's row, if there is one; a failure is written down."""
        if isinstance(outcome, Failure):
            self.account.failed.append(FailedStep(what, outcome.reason))
            return None
        if isinstance(outcome, Unstarted):
            self.stopped = self.stopped or outcome.reason
            return None
        return outcome


def _checked(row: Row) -> Row:
    """A row of the journal, as it is.

    Raises:
        ValueError, LookupError, AttributeError: if it is none that a step can have written.
    """
    if "areas" in row:
        BATCHES.validate_python(list(row["areas"].values()))
    elif "people" in row:
        PEOPLE.validate_python(row["people"])
        BATCHES.validate_python([row["queries"]])
    else:
        BATCHES.validate_python([{"accepted": row["accepted"], **row}])
    return row


def _slug(text: str) -> str:
    words = re.sub(r"^someone_", "", fold(text)).split("_")
    return "-".join(words[:6])[:48].strip("-")
