"""From candidates to scenarios: concurrent, within limits, resumable, with an account of every post."""

from collections.abc import Sequence
from dataclasses import dataclass

import dspy

from benchmark.jobs.budget import Limits, Meter
from benchmark.jobs.journal import EpisodeStore
from benchmark.jobs.parallel import Progress, in_order
from benchmark.scenarios.reddit.reading import PostReader, Reading
from benchmark.scenarios.reddit.scan import Candidate
from benchmark.scenarios.reddit.yields import Drop, Yields
from benchmark.scenarios.scenario import Scenario, ScenarioSet, content_id
from lms import LanguageModels, Role
from modules.calls import FATAL
from signatures import ATTRIBUTE_NAMES, RaiseError

TAKE_PART = (Role.TEACHER,)
"""The role that reads and rewords."""
VERSION = "1.0"
SOURCE = "reddit"


@dataclass(frozen=True)
class Failed:
    """A post that could not be read because a call failed; it is tried again next time."""

    domain: str
    reason: str


Outcome = Reading | Failed | None
"""None: not read, since a limit was met."""


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
    """

    scenarios: ScenarioSet
    yields: Yields
    failed: tuple[Failed, ...] = ()
    resumed: int = 0
    unread: int = 0
    stopped: str = ""

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
    journal: EpisodeStore | None = None,
    limits: Limits | None = None,
    progress: Progress | None = None,
) -> Built:
    """Let the teacher role turn ``candidates`` into scenarios.

    Args:
        yields: the account of the scan, which this one continues; it is left as it is.
        at_least: attributes that a post must reveal, and that must have support in it.
        concurrency: posts at once; does not change what comes out.
        journal: readings so far; posts that were read in the same way are not read again.
        limits: checked before each post.

    Raises:
        RaiseError: for settings that make no sense.
        dspy.utils.exceptions.LMError: for what would fail every post, such as a wrong key.
    """
    check_least(at_least)
    limits, journal = limits or Limits(), journal or EpisodeStore()
    limits.check(models.roles, TAKE_PART)
    reader, meter = PostReader(models[Role.TEACHER], at_least=at_least), Meter(models.ledger, limits)
    setup = content_id(reader.identity(), models.identity(Role.TEACHER))
    keys = [content_id(setup, candidate.key) for candidate in candidates]
    kept = [journal.get(key) for key in keys]

    def job(i: int) -> Outcome:
        row = kept[i]
        if row is not None:
            return Reading.from_json(row)
        if not meter.admits():
            return None
        try:
            reading = reader.read(candidates[i].text)
        except (RaiseError, *FATAL):  # no further post could survive these
            raise
        except Exception as error:  # noqa: BLE001  the boundary: why this post failed is recorded, the run goes on
            return Failed(candidates[i].domain, f"{type(error).__name__}: {str(error)[:300]}")
        journal.put(keys[i], reading.to_json())
        return reading

    with dspy.context(trace=[], disable_history=True):
        outcomes = in_order(job, range(len(candidates)), concurrency, progress)
    journal.sync()
    scenarios, account = _settled(candidates, outcomes, yields.copy())
    return Built(
        ScenarioSet(SOURCE, VERSION, tuple(scenarios)),
        account,
        tuple(outcome for outcome in outcomes if isinstance(outcome, Failed)),
        resumed=sum(row is not None for row in kept),
        unread=sum(outcome is None for outcome in outcomes),
        stopped=meter.stopped,
    )


def _settled(
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
