"""What an exported program holds; ``export.schema.json`` beside this file is made from these classes.

Regular expressions are Python's, with ``\\w``, ``\\d``, ``\\s`` and ``\\b`` for all scripts, and without named groups.
Rules are lists of an operation and its arguments, applied to a text in order; ``docs/portable.md`` lists them.
"""

import json
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from modules.paths import PlannedPath
from modules.settings import AgentSettings

KIND = "raise-export"
SCHEMA = 1
SCHEMA_FILE = Path(__file__).with_name("export.schema.json")
DATA = {"retrieval", "checks", "guard"}
"""Parts that only the JSON format has."""
INSTRUCTIONS = "instructions"
"""Placeholder of the instruction, each line of which goes onto a line of its own, indented by eight blanks."""

Rules = list[Any]
OutputType = Literal["text", "integer", "boolean", "object"]
Layout = Literal["chat", "json"]


class Part(BaseModel):
    """Part of an export: nothing else may stand in it."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Message(Part):
    """A chat message; ``{{name}}`` is where an input goes."""

    role: Literal["system", "user", "assistant"]
    content: str


class Output(Part):
    """A field of the reply.

    Attributes:
        optional: the reply may leave it out.
    """

    name: str
    type: OutputType
    description: str = ""
    optional: bool = False


class Predictor(Part):
    """One kind of call.

    Attributes:
        instructions: what optimizers and people edit; it stands where the system message has ``{{instructions}}``.
        inputs: names of the placeholders of the last message.
        messages: system, demonstrations as pairs of user and assistant, request.
        tokens: of the whole without inputs, about.
    """

    instructions: str = Field(min_length=1)
    inputs: list[str]
    outputs: list[Output]
    messages: list[Message]
    tokens: int


class Reply(Part):
    """How to read a reply.

    Attributes:
        layout: ``chat``, fields between marks, or ``json``, one object.
        mark: regular expression of a mark; its group is the field. What follows it up to the next one is the value;
            the first mark of a field counts.
        dropped: regular expressions of what is cut out of a reply before it is read: reasoning.
    """

    layout: Layout
    mark: str
    dropped: list[str]


class Abstention(Part):
    """How the reply of ``abstain`` decides whether enough is known.

    Attributes:
        field: the output that decides. Stripped of blanks and ``.!*"'``, in lower case, the whole of it means to answer
            if it matches ``enough``, to ask if it matches ``ask``; else it is unreadable, which means to ask.
        samples: calls that are made; more than one is a vote.
        agreement: share of the calls that must mean to answer.
        names: the output that names the attribute to ask about, if it does. One that is named means to ask where this
            is ``field`` itself.
        question: the output that words the question, if there is one.
    """

    field: str
    enough: str
    ask: str
    samples: int
    agreement: float
    names: str = ""
    question: str = ""


class AttributeInfo(Part):
    """Something that may be asked about; ``subject`` is how ``ask`` is told of it."""

    name: str
    label: str
    meaning: str
    subject: str
    burden: float
    plain_questions: dict[str, str]


class Machine(Part):
    """The conversation as a state machine.

    Attributes:
        order: the calls of a turn in words, for this program.
        abstention: null where one call makes the whole turn (``settings.abstention`` is ``turn``).
        attributes: in canonical order.
        attribute_names: what ``read`` is given as ``attributes``.
        nothing_known, no_paths: what prompts show where there is nothing.
    """

    order: list[str]
    abstention: Abstention | None
    attributes: list[AttributeInfo]
    attribute_names: str
    nothing_known: str
    no_paths: str


class Retrieval(Part):
    """TF-IDF over the queries of the paths, as scikit-learn has it: words and pairs, sublinear, smooth, of unit length.

    Attributes:
        embedder: ``tfidf``, or a model that the file does not hold.
        fold: rules for queries.
        token: regular expression of a word.
        far, later: weight of a path that has nothing in common, and of each place relative to the one before.
    """

    embedder: str
    fold: Rules
    token: str
    stop_words: list[str]
    no_query: str
    far: float
    later: float


class Checks(Part):
    """What is checked of answers, questions and responses without a model, as far as it needs no code of its own.

    Attributes:
        fold: rules for text before a pattern is looked for.
        values, subjects, questions: attribute -> pattern of what says something about it, of what names it or says
            something, and of what asks for it.
        small_words: language -> pattern of the words by which it is told.
        again: line for below the context of a second request for an answer that was none.
    """

    fold: Rules
    patterns: dict[str, str]
    values: dict[str, str]
    subjects: dict[str, str]
    questions: dict[str, str]
    small_words: dict[str, str]
    numbers: dict[str, int | float]
    again: str


class Guard(Part):
    """The crisis floor: ``docs/portable.md`` tells how the parts work together."""

    fold: Rules
    english: Rules
    international: Rules
    patterns: dict[str, str]
    numbers: dict[str, int | float]
    mask: str
    common_english: list[str]
    languages: list[dict[str, Any]]
    signs: dict[str, dict[str, list[str]]]
    concepts: dict[str, str]
    weights: dict[str, dict[str, Any]]
    reply: str
    contacts: dict[str, str]


class Card(Part):
    """Where the program comes from, and what its test found; null if it was not measured.

    Attributes:
        figures: as ``raise evaluate --json`` prints them, with intervals.
        hash: of all other entries, and of nothing else: an edited card is refused.
    """

    target: str | None = None
    judge: str | list[str] | None = None
    user: str | None = None
    teacher: str | None = None
    optimizer: str | None = None
    seed: int | None = None
    data: str | None = None
    data_hash: str | None = None
    simulated: bool | None = None
    figures: dict[str, Any] = {}
    hash: str = ""


class Export(Part):
    """A compiled program.

    Attributes:
        note: which file is the source of truth.
        program: what was exported, as it was named.
        made: hashes of what is made from the rest, by name, and of all that can be edited, as ``program``.
        version: of RAISE.
        tokenizer: by what tokens were counted.
        sampling: temperature, top_p and max_tokens that the program was compiled with, as far as they are known.
        vocabulary: what may be asked about, as a vocabulary file has it, and a hash of that; empty for PENGUIN's ten.
    """

    kind: Literal["raise-export"] = "raise-export"
    schema_version: int = Field(default=SCHEMA, alias="schema")
    note: str
    program: str
    version: str
    card: Card
    predictors: dict[str, Predictor]
    reply: Reply
    tokenizer: str
    sampling: dict[str, int | float]
    settings: AgentSettings
    paths: list[PlannedPath]
    made: dict[str, str]
    machine: Machine
    vocabulary: dict[str, Any] = {}
    retrieval: Retrieval | None = None
    checks: Checks | None = None
    guard: Guard | None = None

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, populate_by_name=True)


def schema_text() -> str:
    """The JSON Schema as ``SCHEMA_FILE`` holds it."""
    return json.dumps(Export.model_json_schema(), indent=2) + "\n"
