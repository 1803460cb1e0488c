"""A scenario set for other harnesses: one JSON object a scenario, with the prompts as programs here send them.

The hash of an item covers its whole content, so that a score can be traced to just this item of just this set.
"""

from collections.abc import Iterable, Iterator

from pydantic import BaseModel, ConfigDict

from benchmark.scenarios.scenario import Scenario
from lms.adapter import own_adapter
from modules import Vanilla
from modules.calls import clean_text
from signatures import UserContext
from signatures.identity import content_id

LAYOUT = 1


class Message(BaseModel):
    """One chat message."""

    model_config = ConfigDict(frozen=True)
    role: str
    content: str


class Item(BaseModel):
    """One line of the export.

    Attributes:
        layout: version of these fields.
        id: of the scenario.
        hash: over the scenario's whole content.
        data_hash: of the whole set that it is from.
        split: of the set.
        domain, situation, source: see ``Scenario``.
        query: what the person asks.
        background: the whole profile, as the judge sees it; not for a model that is measured without context.
        context_free, context_rich: the chat prompt of either condition.
    """

    model_config = ConfigDict(frozen=True)
    layout: int = LAYOUT
    id: str
    hash: str
    data_hash: str
    split: str
    domain: str
    situation: str
    source: str
    query: str
    background: str
    context_free: tuple[Message, ...]
    context_rich: tuple[Message, ...]


def items_of(scenarios: Iterable[Scenario], data_hash: str, split: str) -> Iterator[Item]:
    """Each scenario as an item, in their order."""
    signature = Vanilla().respond.signature

    def prompt(query: str, context: UserContext) -> tuple[Message, ...]:
        inputs = {"query": clean_text(query), "context": context.as_text()}
        return tuple(Message(**message) for message in own_adapter().format(signature, [], inputs))

    for scenario in scenarios:
        yield Item(
            id=scenario.id,
            hash=content_id(scenario.row()),
            data_hash=data_hash,
            split=split,
            domain=scenario.domain,
            situation=scenario.situation,
            source=scenario.source,
            query=scenario.query,
            background=scenario.profile.as_text(),
            context_free=prompt(scenario.query, UserContext()),
            context_rich=prompt(scenario.query, scenario.profile),
        )
