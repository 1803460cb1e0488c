"""From candidates to scenarios: concurrent, within limits, resumable, with an account of every post."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from benchmark.jobs.budget import Budget
from benchmark.jobs.journal import Journal
from benchmark.jobs.progress import OnProgress, ignore_progress
from benchmark.jobs.resume import Failure, ResumableJob, Unstarted
from benchmark.scenarios.reddit.reading import PostReader, Reading
from benchmark.scenarios.reddit.scan import Candidate
from benchmark.scenarios.reddit.yields import Drop, Yields
from benchmark.scenarios.scenario import Scenario, ScenarioSet
from lms import LanguageModels, Role
from lms.ledger import Tally
from signatures import ATTRIBUTE_NAMES, RaiseError
from signatures.identity import content_id

ROLES = (Role.TEACHER,)
"""The role that reads and rewords."""
VERSION = "1.0"
SOURCE = "reddit"
STAGE = "reading posts"


@dataclass(frozen=True)
class UnreadPost:
    """A post that could not be read because a call failed; it is tried again next time."""

    domain: str
    reason: str


Outcome = Reading | Failure | Unstarted


@dataclass(frozen=True)
class Built:
    """What came of the candidates.

    Attributes:
        scenarios: in the order in which the posts were drawn.
        yields: the account of all stages.
        failed: posts whose reading failed.
        resumed: how many posts an earlier run had read.
        unread: how many a limit left unread.
        stopped: which limit that was; empty if none.
        charged: what its calls took, those of interrupted runs too.
    """

    scenarios: ScenarioSet
    yields: Yields
    failed: tuple[UnreadPost, ...] = ()
    resumed: int = 0
    unread: int = 0
    stopped: str = ""
    charged: Tally = field(default_factory=Tally)

    @property
    def complete(self) -> bool:
        """Whether every candidate has been read."""
        return not self.failed and not self.unread


def check_least(at_least: int) -> None:
    """Make sure that the number of attributes asked for can be met.

    Raises:
        RaiseError: if it is not from 1 to 10.
    """
    if not 1 <= at_least <= len(ATTRIBUTE_NAMES):
        raise RaiseError(f"a post cannot reveal {at_least} of {len(ATTRIBUTE_NAMES)} attributes: choose from 1 to 10.")


def build_reddit(
    candidates: Sequence[Candidate],
    yields: Yields,
    *,
    models: LanguageModels,
    at_least: int = 7,
    concurrency: int = 1,
    journal: Journal | None = None,
    budget: Budget | None = None,
    progress: OnProgress = ignore_progress,
) -> Built:
    """Let the teacher role turn ``candidates`` into scenarios.

    Args:
        yields: the account of the scan, which this one continues; it is left as it is.
        at_least: attributes that a post must reveal, and that must have support in it.
        concurrency: posts at once; does not change what comes out.
        journal: readings so far; posts that were read in the same way are not read again.
        budget: asked before each post.

    Raises:
        RaiseError: for settings that make no sense.
        dspy.utils.exceptions.LMError: for what would fail every post, such as a wrong key.
    """
    check_least(at_least)
    budget = budget or Budget()
    budget.check_prices({role: models.roles[role] for role in ROLES})
    reader = PostReader(models[Role.TEACHER], at_least=at_least)
    setup = content_id(reader.identity(), models.identity(Role.TEACHER))
    job: ResumableJob[Reading] = ResumableJob(
        journal or Journal(), encode=Reading.to_json, decode=Reading.from_json, budget=budget
    )
    charged = content_id(setup, [candidate.key for candidate in candidates])
    with models.context(Role.TEACHER), models.ledger.charged_to(charged), budget.enforced():
        outcomes = job.run_all(
            candidates,
            lambda candidate: content_id(setup, candidate.key),
            lambda candidate: reader.read(candidate.text),
            concurrency=concurrency,
            progress=progress,
            stage=STAGE,
        )
    scenarios, account = _count_outcomes(candidates, outcomes, yields.copy())
    unread = [outcome.reason for outcome in outcomes if isinstance(outcome, Unstarted)]
    return Built(
        ScenarioSet(SOURCE, VERSION, tuple(scenarios)),
        account,
        tuple(
            UnreadPost(candidate.domain, outcome.reason)
            for candidate, outcome in zip(candidates, outcomes, strict=True)
            if isinstance(outcome, Failure)
        ),
        resumed=job.resumed,
        unread=len(unread),
        stopped=unread[0] if unread else "",
        charged=models.store.usage_of(charged),
    )


def _count_outcomes(
    candidates: Sequence[Candidate], outcomes: Sequence[Outcome], account: Yields
) -> tuple[list[Scenario], Yields]:
    scenarios: dict[str, Scenario] = {}
    for candidate, outcome in zip(candidates, outcomes, strict=True):
        if not isinstance(outcome, Reading):
            continue
        scenario = None if outcome.drop else _scenario(candidate.domain, outcome)
        drop = outcome.drop
        if scenario is not None and scenario.id in scenarios:
            drop = Drop.REPEATED
        account.passed[candidate.domain].update(outcome.stages[:-1] if drop and not outcome.drop else outcome.stages)
        account.refused.update(outcome.refused)
        if drop:
            account.dropped[candidate.domain][drop] += 1
        elif scenario is not None:
            scenarios[scenario.id] = scenario
    return list(scenarios.values()), account


def _scenario(domain: str, reading: Reading) -> Scenario:
    """A situation of its own for each post; its name comes from the new wording, so that it leads back to no post."""
    known = reading.profile.known()
    situation = f"{domain}/reddit-{content_id(reading.query, known)[:12]}"
    return Scenario(
        id=content_id(situation, reading.query, known),
        domain=domain,
        situation=situation,
        source=SOURCE,
        query=reading.query,
        profile=reading.profile,
    )
