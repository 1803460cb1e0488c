"""The MLflow store: one experiment a data set, and runs that are opened, filled and closed.

Aggregates go in batches through ``MlflowClient``. What people have deleted in MLflow is restored, or made anew.
"""

import contextlib
import json
import logging
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
os.environ.setdefault("MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT", "true")  # with a server it prints among our results
os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "4")  # half a minute; by default it is four
os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")  # it would write into ours

import mlflow
from mlflow import MlflowClient
from mlflow.data.code_dataset_source import CodeDatasetSource
from mlflow.entities import Dataset, DatasetInput, InputTag, Metric, Param, Run, RunTag
from mlflow.tracking import fluent
from mlflow.types import ColSpec, DataType, Schema

from lms.workers import alive
from optimizers.reach import reach_database
from optimizers.tracking.address import URI, tracking_uri
from optimizers.tracking.collisions import again_if_collided
from optimizers.tracking.place import relocate
from optimizers.tracking.record import MlflowRun, as_params
from optimizers.tracking.tables import alone_with, local_file, make_file
from signatures import RaiseError, current_vocabulary
from signatures.masking import masked
from signatures.private import make_private, private_folder

KEY = "key"
"""Tag that tells a child from its siblings; the same each time it is recorded."""
PAGE = 1000
_GIVEN_UP: set[str] = set()
"""Runs that this process gave up, though their server may not have heard of it."""
DIGEST = 36
"""Characters of a data set's hash that MLflow keeps."""
NOTE = "mlflow.note.content"
CONTEXT = "mlflow.data.context"
SCENARIO = ("id", "domain", "situation", "source", "query")
"""Columns of a scenario, as MLflow lists them."""


@contextlib.contextmanager
def opening(uri: str) -> Iterator[None]:
    """While the MLflow store ``uri`` is opened: whatever goes wrong is one sentence.

    Raises:
        RaiseError: if the store cannot be used.
    """
    try:
        reach_database(uri)
        yield
    except RaiseError:
        raise
    except Exception as error:  # the boundary: what a database, a driver or a server raises depends on which it is
        why = masked(first_line(error))[:300]
        raise RaiseError(
            f"cannot open the MLflow store {masked(uri)} ({why}): see to it, or set {URI} to another."
        ) from error


@contextlib.contextmanager
def users_store_kept() -> Iterator[None]:
    """After the block, MLflow's default store and experiment are as before: a user's own runs go there."""
    experiment = fluent._active_experiment_id  # MLflow can only be asked for it in a way that makes one
    given, before = os.environ.get(URI), mlflow.get_tracking_uri() if mlflow.is_tracking_uri_set() else None  # type: ignore[no-untyped-call]
    try:
        yield
    finally:
        fluent._active_experiment_id = experiment
        mlflow.set_tracking_uri(before)  # type: ignore[arg-type]  # None: as if it had never been set
        if given is None:
            os.environ.pop(URI, None)
        else:
            os.environ[URI] = given


class Experiment:
    """One experiment of the MLflow store, made if there is none.

    Args:
        root: the local store's folder.
        name: of the experiment.

    Attributes:
        client: of the store.

    Raises:
        RaiseError: if the tracking store cannot be opened.
    """

    def __init__(self, root: Path, name: str) -> None:
        logging.getLogger("alembic").setLevel(logging.WARNING)
        logging.getLogger("mlflow").setLevel(logging.CRITICAL)  # tracebacks of what is told here in one sentence
        self._uri, self._file, self._name = tracking_uri(root), local_file(root), name
        self._artifacts = (root / "artifacts").resolve() if self._file else None
        if self._file:
            private_folder(root)
        with self.opening(), self._alone():
            if self._file and self._artifacts:
                make_file(root)
                private_folder(self._artifacts / "models")  # MLflow itself would let everybody read it
                relocate(self._file, self._artifacts)
            self.client = MlflowClient(self._uri, self._uri)
            self.experiment_id = self._open_experiment()

    def _alone(self) -> contextlib.AbstractContextManager[object]:
        """See ``alone_with``; a server sees to it itself."""
        return alone_with(self._file) if self._file else contextlib.nullcontext()

    def opening(self) -> contextlib.AbstractContextManager[None]:
        """While the store is opened: whatever goes wrong is one sentence, a ``RaiseError``."""
        return opening(self._uri)

    @again_if_collided
    def _open_experiment(self) -> str:
        """The experiment, restored if it was deleted, made if there is none."""
        known = self.client.get_experiment_by_name(self._name)
        if known is None:
            place = self._artifacts.as_uri() if self._artifacts else None
            return str(self.client.create_experiment(self._name, place))
        if known.lifecycle_stage == "deleted":
            self.client.restore_experiment(known.experiment_id)
        return str(known.experiment_id)


class Tracker(Experiment):
    """Writes runs of one data set.

    Args:
        root: the local store's folder.
        data: card of the scenario set.

    Raises:
        RaiseError: if the tracking store cannot be opened.
    """

    def __init__(self, root: Path, data: Mapping[str, Any]) -> None:
        self._dataset = dataset_of(data)
        private_folder(root)
        super().__init__(root, f"PENGUIN {data['name']} {str(data['hash'])[:8]}")

    def make_default(self) -> None:
        """Let those functions of MLflow that take no store write to this one.

        MLflow would also put it into the environment, where the next tracker, of another folder, would take it for what
        the user wants.
        """
        given = os.environ.get(URI)
        mlflow.set_tracking_uri(self._uri)
        if given is None:
            os.environ.pop(URI, None)

    def revive(self, run: MlflowRun) -> bool:
        """Restore the experiment if it was deleted meanwhile; returns whether ``run`` can be written to.

        Raises:
            RaiseError: if the local store was deleted while it was in use.
        """
        if self._file is not None and not self._file.exists():
            raise RaiseError(f"{self._file} has been deleted or moved while it was in use")
        with self._alone():
            self.experiment_id = self._open_experiment()
        try:
            found = self.client.get_run(run.run_id).info
        except mlflow.exceptions.MlflowException:
            return False
        return bool(found.lifecycle_stage == "active" and found.experiment_id == self.experiment_id)

    def start(
        self, name: str, params: Mapping[str, Any], tags: Mapping[str, str], parent: MlflowRun | None = None
    ) -> MlflowRun:
        """Open a run."""
        run = self.open_run(name, tags, parent)
        self.log(run, params=params)
        return run

    @again_if_collided
    def open_run(self, name: str, tags: Mapping[str, str], parent: MlflowRun | None = None) -> MlflowRun:
        """Open a run that has only a name and tags so far."""
        nested = {"mlflow.parentRunId": parent.run_id} if parent else {}
        run = self.client.create_run(self.experiment_id, tags={**tags, **nested}, run_name=name)
        return MlflowRun(self.experiment_id, run.info.run_id)

    def log(
        self,
        run: MlflowRun,
        *,
        params: Mapping[str, Any] | None = None,
        metrics: Mapping[str, float] | None = None,
        curves: Mapping[str, Sequence[float]] | None = None,
        tags: Mapping[str, str] | None = None,
        at: int | None = None,
    ) -> None:
        """Add to a run, all in one batch.

        Args:
            curves: metric -> its value after each step.
            at: when metrics were measured, in milliseconds; what is logged twice for one time is kept once.
        """
        now = int(time.time() * 1000) if at is None else at
        steps = [
            Metric(key, value, now, step)
            for key, values in (curves or {}).items()
            for step, value in enumerate(values, 1)
        ]
        again_if_collided(self.client.log_batch)(
            run.run_id,
            metrics=[*(Metric(key, value, now, 0) for key, value in (metrics or {}).items()), *steps],
            params=[Param(key, value) for key, value in as_params(params or {}).items()],
            tags=[RunTag(key, value) for key, value in (tags or {}).items()],
        )

    @again_if_collided
    def log_data(self, run: MlflowRun, context: str) -> None:
        """Say which data set a run is about.

        Args:
            context: what it was used for, such as ``test``.
        """
        self.client.log_inputs(run.run_id, [DatasetInput(self._dataset, [InputTag(CONTEXT, context)])])

    @again_if_collided
    def finish(self, run: MlflowRun, status: str = "FINISHED") -> None:
        """Close a run."""
        self.client.set_terminated(run.run_id, status=status)
        self.close_to_others(run.run_id)

    def close_to_others(self, *place: str) -> None:
        """Close what MLflow has written at ``place`` among the artifacts of a local store to all but its owner."""
        if self._artifacts:
            make_private(self._artifacts.joinpath(*place))

    def abandon(self, run: MlflowRun) -> None:
        """Mark a run as failed, if that is possible; what made it fail matters more."""
        _GIVEN_UP.add(run.run_id)
        with contextlib.suppress(Exception):
            self.finish(run, "FAILED")

    def discard(self, run: MlflowRun) -> None:
        """Delete a run that turned out not to be needed, if it is still there."""
        with contextlib.suppress(Exception):
            self.client.delete_run(run.run_id)

    def take_over(self, config: str, worker: str) -> MlflowRun | None:
        """Go on with the newest run of a compile of the same configuration that nobody works on, and close the others.

        Args:
            config: identity of the compile.
            worker: who takes it over.
        """
        left = [run for run in self._compiles(config) if not _is_held(run)]
        unfinished = [run for run in left if run.info.status != "FINISHED"]
        for run in unfinished[1:]:
            self.client.set_terminated(run.info.run_id, status="KILLED")
        if not unfinished:
            return None
        newest = unfinished[0].info.run_id
        _GIVEN_UP.discard(newest)
        self.client.set_tag(newest, "worker", worker)
        self.client.update_run(newest, status="RUNNING")
        return MlflowRun(self.experiment_id, newest)

    def finished(self, config: str) -> MlflowRun | None:
        """The newest finished run of a compile of this configuration; None if there is none."""
        done = (run.info.run_id for run in self._compiles(config) if run.info.status == "FINISHED")
        newest = next(done, None)
        return MlflowRun(self.experiment_id, newest) if newest else None

    def refuse_held(self, config: str) -> None:
        """Make sure that nobody works on a compile of this configuration.

        Raises:
            RaiseError: if a worker that lives does.
        """
        held = next((run for run in self._compiles(config) if _is_held(run)), None)
        if held:
            raise RaiseError(
                f"{held.data.tags['worker']} is compiling or recording it right now: wait until it is done."
            )

    def _compiles(self, config: str) -> list[Run]:
        """Runs of compiles of one configuration, the newest first."""
        query = f"tags.config = '{config}' and tags.stage = 'compile'"
        return list(self.client.search_runs([self.experiment_id], query, order_by=["attributes.start_time DESC"]))

    def children(self, parent: MlflowRun) -> dict[str, Run]:
        """Key -> child of ``parent``."""
        query, found, token = f"tags.`mlflow.parentRunId` = '{parent.run_id}'", dict[str, Run](), None
        while True:
            page = self.client.search_runs([parent.experiment_id], query, max_results=PAGE, page_token=token)
            found |= {run.data.tags.get(KEY, run.info.run_id): run for run in page}
            token = page.token
            if not token:
                return found


def _is_held(run: Run) -> bool:
    """Whether somebody alive works on it."""
    worker = run.data.tags.get("worker")
    if run.info.run_id in _GIVEN_UP:
        return False
    return bool(run.info.status == "RUNNING" and worker and alive(worker))


def dataset_of(data: Mapping[str, Any]) -> Dataset:
    """A scenario set as MLflow lists it: name, hash, size. No scenario is in it.

    Args:
        data: card of the set.
    """
    attributes = current_vocabulary().names
    every = (*SCENARIO, *attributes)
    columns = Schema([ColSpec(DataType.string, name, required=name in SCENARIO) for name in every])
    return Dataset(
        name=f"PENGUIN {data['name']}",
        digest=str(data["hash"])[:DIGEST],
        source_type="code",
        source=CodeDatasetSource({"mlflow.source.name": "raise data"}).to_json(),
        schema=json.dumps({"mlflow_colspec": columns.to_dict()}),
        profile=json.dumps({name: data[name] for name in ("version", "hash", "n") if name in data}),
    )


def first_line(error: BaseException) -> str:
    """The first line of an error, with its kind unless it is a sentence of ours."""
    line = (str(error).strip().splitlines() or [""])[0].rstrip(".")
    return line if isinstance(error, RaiseError) else f"{type(error).__name__}: {line}"
