"""Compiled programs as MLflow's logged models; the chosen one is a version of a registered model, ``champion``."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from mlflow import MlflowClient
from mlflow.entities import LoggedModelOutput, LoggedModelStatus, Metric, Run
from mlflow.entities.model_registry import ModelVersion
from mlflow.exceptions import MlflowException
from mlflow.utils.mlflow_tags import MLFLOW_MODEL_VERSIONS

from lms.roles import Role
from modules import RAISE, PathIndex
from modules.files import parse_json
from modules.folder import CARD, FRONT, PATHS
from optimizers.leaks import PRIVATE_SOURCES
from optimizers.tracking.package import shipped_files, write_model
from optimizers.tracking.record import MlflowRun, RunRecord, TrackingRecord
from optimizers.tracking.store import Tracker
from signatures.home import HOME
from signatures.identity import content_id

CHAMPION = "champion"
"""Alias of the version that was compiled last."""
MODEL_TYPE = "raise-program"
LEFT_OUT = "left_out"
"""Tag of logged models that hold less than their program folder."""
FINGERPRINT = "fingerprint"
"""Tag of logged models, model versions and prompts: what they are made of, so that nothing is logged twice."""


@dataclass(frozen=True)
class LoggedProgram:
    """A program as MLflow knows it.

    Attributes:
        fingerprint: of the program, its target model and the code around it.
    """

    model_id: str
    fingerprint: str


@dataclass(frozen=True)
class Member:
    """A program of the front that is to be logged.

    Attributes:
        tested: its test.
        run: the run that this was written to.
        hidden: sources of planned paths whose queries are left out, since real people wrote them.
    """

    folder: Path
    tested: RunRecord
    run: MlflowRun
    fingerprint: str
    hidden: tuple[str, ...] = ()


def log_programs(
    tracker: Tracker, parent: MlflowRun, runs: Mapping[str, MlflowRun], record: TrackingRecord, folder: Path
) -> LoggedProgram:
    """Log each program of the front, with the metrics of its test run, and register the chosen one.

    What the experiment has already is used as it is.

    Args:
        runs: ``RunRecord.key`` -> the run it was written to.
        folder: the program folder.

    Returns:
        The chosen program.
    """
    logged = {}
    for name in record.front:
        tested, place = record.child(name), folder / FRONT / name
        hidden = () if record.contents else private_sources(place)
        member = Member(place, tested, runs[tested.key], _fingerprint(place, hidden), hidden)
        model_id = _find(tracker, member) or _log(tracker, record, member)
        logged[name] = LoggedProgram(model_id, member.fingerprint)
        _link_metrics(tracker.client, _link(tracker.client, member.run, model_id), model_id)
    chosen = logged[record.chosen]
    _link(tracker.client, parent, chosen.model_id)
    _register(tracker.client, parent, record, chosen)
    return chosen


def tags_of(record: TrackingRecord, tested: RunRecord, run: MlflowRun, fingerprint: str) -> dict[str, str]:
    """What tells a program from others in MLflow's lists.

    Args:
        tested: its test.
        run: the run that it comes from.
    """
    figures = {"safety": tested.metrics.get("safety"), "questions": tested.metrics.get("avg_queries")}
    return {
        "target": record.target,
        "optimizer": record.parent.params.get("optimizer", ""),
        **{name: "" if value is None else f"{value:.2f}" for name, value in figures.items()},
        "simulated": str(record.simulated).lower(),
        "run": run.run_id,
        FINGERPRINT: fingerprint,
    }


def private_sources(program: Path) -> tuple[str, ...]:
    """The sources of its planned paths whose queries real people wrote."""
    sources = {path.source for path in PathIndex.load(program / PATHS).paths}
    return tuple(sorted(sources.intersection(PRIVATE_SOURCES)))


def _fingerprint(program: Path, hidden: Sequence[str]) -> str:
    card = parse_json((program / CARD).read_text(encoding="utf-8"))
    target = card.get("roles", {}).get(Role.TARGET.value)
    return str(content_id(RAISE.load(program, hosted_embedder=True).identity(), target, _code(), *hidden))


@lru_cache(1)
def _code() -> str:
    """A hash of the code that goes with a program."""
    return str(content_id([[str(file.relative_to(HOME)), file.read_bytes().hex()] for file in shipped_files()]))


def _find(tracker: Tracker, member: Member) -> str | None:
    """A logged model of the same content in the experiment; one that a killed worker left half done is deleted."""
    query = f"tags.{FINGERPRINT} = '{member.fingerprint}'"
    ready = None
    for model in tracker.client.search_logged_models([tracker.experiment_id], filter_string=query):
        if model.status == LoggedModelStatus.READY:
            ready = ready or str(model.model_id)
        elif model.source_run_id == member.run.run_id:
            tracker.client.delete_logged_model(model.model_id)
    return ready


def _log(tracker: Tracker, record: TrackingRecord, member: Member) -> str:
    """Log a program folder; returns the model's id."""
    client, run = tracker.client, member.run
    model = client.create_logged_model(
        tracker.experiment_id,
        name=f"{record.program}-{member.folder.name}",
        source_run_id=run.run_id,
        tags=tags_of(record, member.tested, run, member.fingerprint) | _left_out(member),
        params=member.tested.params,
        model_type=MODEL_TYPE,
    )
    status = LoggedModelStatus.FAILED
    try:
        with TemporaryDirectory() as scratch:
            write_model(
                Path(scratch) / "model",
                member.folder,
                model_id=model.model_id,
                run_id=run.run_id,
                hidden=member.hidden,
            )
            client.log_model_artifacts(model.model_id, str(Path(scratch) / "model"))
            tracker.close_to_others("models", model.model_id)
        status = LoggedModelStatus.READY
    finally:
        client.finalize_logged_model(model.model_id, status)
    return str(model.model_id)


def _left_out(member: Member) -> dict[str, str]:
    """What the model lacks of its program, as a tag."""
    return {LEFT_OUT: f"queries of planned paths ({', '.join(member.hidden)})"} if member.hidden else {}


def _link(client: MlflowClient, run: MlflowRun, model_id: str) -> Run:
    """Show a model with a run, once; returns the run as it was."""
    found = client.get_run(run.run_id)
    known = found.outputs.model_outputs if found.outputs else []
    if model_id not in {output.model_id for output in known}:
        client.log_outputs(run.run_id, [LoggedModelOutput(model_id, step=0)])
    return found


def _link_metrics(client: MlflowClient, run: Run, model_id: str) -> None:
    """Show the metrics of a run, and the data they are of, with a model, too."""
    dataset = next((one.dataset for one in run.inputs.dataset_inputs), None) if run.inputs else None
    of = {"dataset_name": dataset.name, "dataset_digest": dataset.digest} if dataset else {}
    logged = run.data.to_proto().metrics  # ``run.data.metrics`` has no timestamps, without which they stand twice
    metrics = [Metric(m.key, m.value, m.timestamp, m.step, model_id, run_id=run.info.run_id, **of) for m in logged]
    client.log_batch(run.info.run_id, metrics=metrics)


def _register(client: MlflowClient, parent: MlflowRun, record: TrackingRecord, chosen: LoggedProgram) -> None:
    """Make the chosen program the ``champion`` of its target, as a new version unless there is one of it."""
    tags = tags_of(record, record.child(record.chosen), parent, chosen.fingerprint)
    known = _versions(client, record.program)
    same = [one for one in known if one.tags.get(FINGERPRINT) == chosen.fingerprint]
    number = same[0].version if same else _create_version(client, record, chosen, tags)
    client.set_registered_model_alias(record.program, CHAMPION, number)


def _versions(client: MlflowClient, name: str) -> list[ModelVersion]:
    """The versions of a registered model, which is made if there is none."""
    try:
        client.get_registered_model(name)
    except MlflowException as error:
        if error.error_code != "RESOURCE_DOES_NOT_EXIST":
            raise
        client.create_registered_model(name, description="A RAISE program, compiled for one model.")
    return list(client.search_model_versions(f"name = '{name}'"))


def _create_version(client: MlflowClient, record: TrackingRecord, chosen: LoggedProgram, tags: dict[str, Any]) -> str:
    made = client.create_model_version(
        record.program,
        source=f"models:/{chosen.model_id}",
        run_id=tags["run"],
        tags=tags,
        description=f"{record.chosen}, compiled for {record.target}" + (" (simulated)" if record.simulated else ""),
        model_id=chosen.model_id,
    )
    shown = f'[{{"name": "{record.program}", "version": {made.version}}}]'
    client.set_logged_model_tags(chosen.model_id, {MLFLOW_MODEL_VERSIONS: shown})
    return str(made.version)
