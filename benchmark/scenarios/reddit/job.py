"""The whole job, from dumps to a scenario file with its card; killed or stopped, the same job goes on."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmark.defaults import ATTRIBUTES_AT_LEAST, POSTS_PER_DOMAIN
from benchmark.jobs.budget import Budget
from benchmark.jobs.journal import Journal
from benchmark.jobs.progress import OnProgress, ignore_progress
from benchmark.scenarios.reddit.dumps import check_dumps
from benchmark.scenarios.reddit.pipeline import ROLES, Built, build_reddit, check_least
from benchmark.scenarios.reddit.scan import Scan, scan
from benchmark.scenarios.reddit.tables import SubredditTable, personal
from benchmark.scenarios.reddit.yields import Stage, share
from lms import LanguageModels, Role
from modules.files import keeping, write_whole
from signatures import RaiseError, adopt_vocabulary, default_vocabulary

CARD_SCHEMA = 1
ETHICS = (
    "Derived from posts of real people. Holds new wordings and generalized profiles, no post, no account, no link. Do "
    "not try to find the people; keep to the platform's terms; do not publish the dumps, the replies or the journal."
)


@dataclass(frozen=True)
class RedditSettings:
    """What decides which scenarios come out, besides dumps, table and model.

    Attributes:
        per_domain: posts of each domain that a model reads, at most.
        at_least: of the ten attributes, how many a post must reveal and support (paper, A.2: seven).
        seed: another seed draws other posts.
    """

    per_domain: int = POSTS_PER_DOMAIN
    at_least: int = ATTRIBUTES_AT_LEAST
    seed: int = 0


@dataclass(frozen=True)
class Files:
    """What a job writes.

    Attributes:
        out: the scenarios.
    """

    out: Path

    @property
    def card(self) -> Path:
        """How the scenarios came about, with the account of all stages."""
        return self._beside(".card.json")

    @property
    def journal(self) -> Path:
        """Posts read so far, as readings without quotations."""
        return self._beside(".journal")

    @property
    def state(self) -> Path:
        """Scrubbed posts that are waiting to be read; gone once the job is done."""
        return self._beside(".scan")

    def _beside(self, ending: str) -> Path:
        return self.out.with_name(self.out.name + ending)


def check(dumps: Sequence[Path], settings: RedditSettings, out: Path) -> None:
    """Make sure that the job can be done, before anything is written or paid for.

    Raises:
        RaiseError: for dumps that cannot be read, settings without sense, or a folder instead of a file.
    """
    adopt_vocabulary(default_vocabulary(), "data reddit")
    check_dumps(dumps)
    check_least(settings.at_least)
    if out.is_dir():
        raise RaiseError(f"{out} is a folder: name a file for the scenarios.")
    if out.resolve() in {dump.resolve() for dump in dumps}:
        raise RaiseError(f"{out} is one of the dumps: name another file for the scenarios.")


def look(
    dumps: Sequence[Path],
    table: SubredditTable,
    settings: RedditSettings,
    *,
    state: Path | None = None,
    progress: OnProgress = ignore_progress,
) -> Scan:
    """The part without models: read the dumps and draw posts."""
    return scan(dumps, table, per_domain=settings.per_domain, seed=settings.seed, state=state, progress=progress)


def make(
    dumps: Sequence[Path],
    table: SubredditTable,
    settings: RedditSettings,
    out: Path,
    *,
    models: LanguageModels,
    concurrency: int = 1,
    budget: Budget | None = None,
    progress: OnProgress = ignore_progress,
) -> tuple[Built, dict[str, Any]]:
    """Read ``dumps``, let the teacher role read what was drawn, write the scenarios and their card.

    Returns:
        What was built, and the card as written.

    Raises:
        RaiseError: for bad input, or if no post became a scenario.
    """
    check(dumps, settings, out)
    files = Files(out)
    found = look(dumps, table, settings, state=files.state, progress=progress)
    built = build_reddit(
        found.candidates,
        found.yields,
        models=models,
        at_least=settings.at_least,
        concurrency=concurrency,
        journal=Journal(out.parent, files.journal.name),
        budget=budget,
        progress=progress,
    )
    card = _card(built, dumps, settings, models)
    if built.complete:
        files.state.unlink(missing_ok=True)
    with keeping(files.card):
        write_whole(files.card, json.dumps(card, ensure_ascii=False, indent=1) + "\n")
    if not len(built.scenarios):
        raise RaiseError(f"no post became a scenario ({_why_none(built)}); {files.card} has the whole account.")
    with keeping(out):
        built.scenarios.save(out)
    return built, card


def _why_none(built: Built) -> str:
    if built.stopped:
        return f"stopped at the limit of {built.stopped}, the same command again goes on"
    if built.failed:
        return f"{len(built.failed)} posts could not be read, the first for: {built.failed[0].reason}"
    if not built.yields.stage(Stage.POST):
        return "none of the lines is a submission to a subreddit of the table"
    return f"most often: {built.yields.reasons().most_common(1)[0][0].value}"


def _card(built: Built, dumps: Sequence[Path], settings: RedditSettings, models: LanguageModels) -> dict[str, Any]:
    teacher = models.roles[Role.TEACHER]
    yields = built.yields
    kept = share(yields.stage(Stage.SCENARIO), yields.stage(Stage.READ))
    return {
        "schema": CARD_SCHEMA,
        "simulated": models.simulated(*ROLES),
        "scenarios": built.scenarios.card(),
        "model": {"model": teacher.model, "api_base": teacher.api_base},
        "settings": asdict(settings),
        "rules_version": personal().version,
        "dumps": [{"name": dump.name, "bytes": dump.stat().st_size} for dump in dumps],
        "complete": built.complete,
        "stopped": built.stopped,
        "unread": built.unread,
        "failed": len(built.failed),
        "kept_share": None if kept is None else [round(value, 6) for value in kept],
        "yield": yields.to_json(),
        "ethics": ETHICS,
    }
