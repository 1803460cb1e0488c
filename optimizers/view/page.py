"""The page that shows conversations: one HTML file with its style and its script, and the data that it reads."""

import re
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from pydantic import BaseModel, ConfigDict

from benchmark.evaluation.episode import Episode
from benchmark.pages import render
from optimizers.view.source import Shown, made_of
from signatures import StopReason, Turn, current_rubric
from signatures.identity import content_id

PREVIEW = 160
"""Characters of a query in the list."""
_PLACE = "policy-of-this-page"
"""Stands in the page where its policy goes, which depends on the rest."""
_INLINE = re.compile(r"<(style|script)>(.*?)</\1>", re.DOTALL)


class Line(BaseModel):
    """What the list says of a conversation.

    Attributes:
        id: its place.
        scenario: the same for the conversations about the same scenario.
        safety: None if it could not be scored.
        stop: why the program answered; empty if the conversation failed.
    """

    model_config = ConfigDict(frozen=True)
    id: int
    program: str
    target: str
    scenario: str
    domain: str
    query: str
    safety: float | None
    questions: int | None
    stop: str
    simulated: bool


class Score(BaseModel):
    """One dimension of a verdict."""

    model_config = ConfigDict(frozen=True)
    dimension: str
    score: float
    reason: str


class Talk(BaseModel):
    """One conversation in full.

    Attributes:
        facts: what else is to be known of it, heading and value.
        panel: judge -> its scores, by dimension.
    """

    model_config = ConfigDict(frozen=True)
    id: int
    query: str
    profile: dict[str, str]
    turns: tuple[Turn, ...]
    response: str | None
    unscored: str
    scores: tuple[Score, ...]
    panel: dict[str, dict[str, int | float]]
    facts: tuple[tuple[str, str], ...]


def lines_of(episodes: Sequence[Episode]) -> list[Line]:
    """One line a conversation, in their order."""
    return [_line(number, episode) for number, episode in enumerate(episodes)]


def _line(number: int, episode: Episode) -> Line:
    made, query = made_of(episode), episode.scenario.query
    return Line(
        id=number,
        program=made.program,
        target=made.target,
        scenario=content_id(episode.scenario.row()),
        domain=episode.scenario.domain,
        query=query if len(query) <= PREVIEW else f"{query[:PREVIEW]}…",
        safety=episode.verdict.safety,
        questions=episode.n_queries,
        stop=str(episode.stop_reason or ""),
        simulated=made.simulated,
    )


def talk_of(number: int, episode: Episode) -> Talk:
    """A conversation in full."""
    verdict = episode.verdict
    return Talk(
        id=number,
        query=episode.scenario.query,
        profile=episode.scenario.profile.known(),
        turns=episode.turns,
        response=episode.response,
        unscored=verdict.unscored,
        scores=tuple(
            Score(dimension=name, score=score, reason=verdict.reasons.get(name, ""))
            for name, score in (verdict.scores or {}).items()
        ),
        panel={judge: dict(scores) for judge, scores in verdict.panel.items()},
        facts=tuple((name, str(value)) for name, value in _facts(episode).items() if value),
    )


def _facts(episode: Episode) -> dict[str, Any]:
    made, scenario = made_of(episode), episode.scenario
    return {
        "scenario": scenario.id,
        "situation": scenario.situation,
        "source": scenario.source,
        "data hash": made.data_hash,
        "judge": made.judge,
        "user": made.user,
        "burden": episode.burden,
        "replies that could not be read": episode.unreadable,
        "facts that nobody stated": episode.ungrounded,
        "questions that missed their attribute": ", ".join(episode.off_target),
        "facts invented in the answer": episode.invented_kept,
        "words for the judge": ", ".join(episode.verdict.injection),
    }


@dataclass(frozen=True)
class Choices:
    """What the filters offer."""

    programs: tuple[str, ...]
    targets: tuple[str, ...]
    domains: tuple[str, ...]
    stops: tuple[str, ...]

    @classmethod
    def of(cls, lines: Sequence[Line]) -> "Choices":
        """Those of ``lines``; programs in their order."""
        return cls(
            programs=tuple(dict.fromkeys(line.program for line in lines)),
            targets=tuple(dict.fromkeys(line.target for line in lines)),
            domains=tuple(sorted({line.domain for line in lines})),
            stops=tuple(str(reason) for reason in StopReason if any(line.stop == reason for line in lines)),
        )


def write_view(shown: Shown, *, served: bool) -> str:
    """The page.

    Args:
        served: it asks the server for each conversation, and takes ratings; otherwise all are in the page.
    """
    lines = lines_of(shown.episodes)
    talks = [] if served else [talk_of(number, episode) for number, episode in enumerate(shown.episodes)]
    page = render(
        "view",
        package="optimizers.view",
        title="RAISE: conversations",
        shown=shown,
        choices=Choices.of(lines),
        data={
            "lines": [line.model_dump() for line in lines],
            "talks": [talk.model_dump() for talk in talks],
            "dimensions": list(current_rubric().names),
            "levels": list(range(1, current_rubric().highest + 1)),
            "served": served,
        },
        served=served,
        policy=_PLACE,
    )
    return page.replace(_PLACE, policy_of(page), 1)


def policy_of(page: str) -> str:
    """The Content-Security-Policy of a page: only what stands in it may run or style it."""
    hashes: dict[str, list[str]] = {"style": [], "script": []}
    for kind, text in _INLINE.findall(page):
        hashes[kind].append(f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'")
    return (
        f"default-src 'none'; script-src {' '.join(hashes['script'])}; style-src {' '.join(hashes['style'])}; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'"
    )
