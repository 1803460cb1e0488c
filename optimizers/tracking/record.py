"""What is to be recorded of one compile or evaluation: plain data, on disk before any of it is sent to MLflow."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from benchmark.evaluation.episode import Episode
from modules.files import parse_json, write_whole
from optimizers.tracking.calls import CallsRecord

SCHEMA = 1
RUNS = "runs.json"
"""The file with a ``TrackingRecord`` in a program folder."""
Stage = Literal["compile", "dev", "test", "evaluation"]


@dataclass(frozen=True)
class MlflowRun:
    """An MLflow run, by ids."""

    experiment_id: str
    run_id: str


class Table(BaseModel):
    """Rows of a table, as pandas' ``split`` orient has them."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    columns: tuple[str, ...]
    data: tuple[tuple[Any, ...], ...]


class RunRecord(BaseModel):
    """One run.

    Attributes:
        key: tells it from all other runs of its parent; the same each time it is recorded.
        name: what people read.
        metrics: final values.
        curves: metric -> its value at each step.
        tags: beside ``stage``.
        note: Markdown, shown above the run.
        episodes: one row a scenario.
        conversations: the ones to be logged as traces.
        calls: their LM calls.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    key: str
    name: str
    stage: Stage
    params: dict[str, str] = {}
    metrics: dict[str, float] = {}
    curves: dict[str, tuple[float, ...]] = {}
    tags: dict[str, str] = {}
    note: str = ""
    episodes: Table | None = None
    conversations: tuple[Episode, ...] = ()
    calls: CallsRecord = CallsRecord()


class TrackingRecord(BaseModel):
    """A parent run with its children.

    Attributes:
        data: card of the scenario set; it names the experiment.
        target: model string.
        program: name under which the chosen program is registered.
        chosen: name of the chosen program, with the child of the same ``key``.
        front: names of the programs of the front, each in the folder ``front/NAME``.
        contents: whether what real people said may be sent.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    schema_number: int = SCHEMA
    data: dict[str, Any]
    target: str
    simulated: bool
    parent: RunRecord
    children: tuple[RunRecord, ...]
    program: str = ""
    chosen: str = ""
    front: tuple[str, ...] = ()
    contents: bool = False

    def child(self, name: str) -> RunRecord:
        """The program ``name`` as it was tested."""
        return next(child for child in self.children if child.key == f"test/{name}")

    def write(self, folder: Path) -> None:
        """Write it into a program folder."""
        write_whole(folder / RUNS, self.model_dump_json() + "\n", private=True)


def read_record(folder: Path) -> TrackingRecord:
    """The record in a program folder.

    Raises:
        OSError, ValueError: if there is none, or none that can be read.
    """
    content = parse_json((folder / RUNS).read_text(encoding="utf-8"))
    if content.get("schema_number") != SCHEMA:
        raise ValueError(f"{folder / RUNS} has schema {content.get('schema_number')}, not {SCHEMA}")
    return TrackingRecord.model_validate(content)


def as_params(params: Mapping[str, Any]) -> dict[str, str]:
    """Params as MLflow keeps them: text, of at most 6000 characters."""
    return {key: str(value)[:6000] for key, value in params.items()}
