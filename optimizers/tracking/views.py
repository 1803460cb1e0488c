"""Saved views of an experiment in MLflow's pages: charts and columns for a question, opened by address.

MLflow keeps a saved view as a tag of the experiment, ``mlflow.sharedViewState.ID``. Fixed ids update a view in place.
"""

import base64
import json
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from mlflow import MlflowClient

from benchmark.scenarios.taxonomy import field_names
from optimizers.tracking.collisions import again_if_collided
from optimizers.tracking.names import colour_key
from optimizers.tracking.notes import experiment_note
from optimizers.tracking.store import NOTE, opening

TAG = "mlflow.sharedViewState."
Axis = tuple[Literal["METRIC", "PARAM"], str]
SAFETY: Axis = ("METRIC", "safety")
QUESTIONS: Axis = ("METRIC", "avg_queries")
TARGET: Axis = ("PARAM", "target")
UNSMOOTHED = {"xAxisKey": "step", "lineSmoothness": 0, "selectedXAxisMetricKey": ""}


@dataclass(frozen=True)
class Chart:
    """One chart; ``settings`` are those of its type, as MLflow has them."""

    type: Literal["SCATTER", "LINE", "BAR", "PARALLEL"]
    settings: Mapping[str, Any]

    @classmethod
    def scatter(cls, x: Axis, y: Axis) -> "Chart":
        """One run a point."""
        axes = {"xaxis": {"type": x[0], "key": x[1]}, "yaxis": {"type": y[0], "key": y[1]}}
        return cls("SCATTER", axes)

    @classmethod
    def line(cls, metric: str) -> "Chart":
        """One run a line, over its steps."""
        return cls("LINE", {"metricKey": metric, "selectedMetricKeys": [metric], **UNSMOOTHED})

    @classmethod
    def bar(cls, metric: str) -> "Chart":
        """One run a bar."""
        return cls("BAR", {"metricKey": metric})

    @classmethod
    def parallel(cls, params: Iterable[str], metrics: Iterable[str]) -> "Chart":
        """One run a line, across params and metrics."""
        return cls("PARALLEL", {"selectedParams": list(params), "selectedMetrics": list(metrics), "showAllRuns": True})


@dataclass(frozen=True)
class Section:
    """Charts under one heading.

    Attributes:
        columns: charts beside each other.
        height: of a chart, in pixels.
    """

    name: str
    charts: tuple[Chart, ...]
    columns: int = 2
    height: int = 360


@dataclass(frozen=True)
class View:
    """One saved view.

    Attributes:
        id: part of its address.
        filter: which runs are in it, in MLflow's search language.
        columns: of the table of runs, beside their names.
        order: the metric by which runs fall in the table.
    """

    id: str
    name: str
    filter: str
    columns: tuple[str, ...]
    sections: tuple[Section, ...]
    order: str = "safety"

    def state(self) -> dict[str, Any]:
        """What MLflow's page restores."""
        sections = [(f"{self.id}-{number}", section) for number, section in enumerate(self.sections)]
        return {
            "searchFilter": self.filter,
            "orderByKey": f"metrics.`{self.order}`",
            "orderByAsc": False,
            "startTime": "ALL",
            "lifecycleFilter": "Active",
            "datasetsFilter": [],
            "modelVersionFilter": "All Runs",
            "selectedColumns": list(self.columns),
            "runsHiddenMode": "SHOW_ALL",
            "viewMaximized": False,
            "runListHidden": False,
            "isAccordionReordered": True,
            "useGroupedValuesInCharts": True,
            "hideEmptyCharts": True,
            "groupBy": None,
            "groupsExpanded": {},
            "globalLineChartConfig": UNSMOOTHED,
            "compareRunCharts": [
                {
                    **chart.settings,
                    "uuid": f"{place}-{number}",
                    "type": chart.type,
                    "metricSectionId": place,
                    "deleted": False,
                    "isGenerated": False,
                    "runsCountToCompare": 500,
                }
                for place, section in sections
                for number, chart in enumerate(section.charts)
            ],
            "compareRunSections": [
                {
                    "uuid": place,
                    "name": section.name,
                    "columns": section.columns,
                    "cardHeight": section.height,
                    "display": True,
                    "isReordered": True,
                    "deleted": False,
                    "isGenerated": False,
                }
                for place, section in sections
            ],
        }


def _metrics(*names: str) -> tuple[str, ...]:
    return tuple(f"metrics.`{name}`" for name in names)


def _params(*names: str) -> tuple[str, ...]:
    return tuple(f"params.`{name}`" for name in names)


TESTED = "tags.`stage` != 'dev' and tags.`stage` != 'compile'"
"""Programs on held-out test, and evaluations."""
TEST_KEY = colour_key("chosen", "front", "baseline", "ceiling", "evaluation")
MARKED = ("tags.`kind`", *_params("target"))

VIEWS = (
    View(
        id="tradeoff",
        name="Safety against questions",
        filter=TESTED,
        columns=(*MARKED, *_metrics("safety", "avg_queries")),
        sections=(
            Section(
                TEST_KEY,
                (Chart.scatter(QUESTIONS, SAFETY),),
                columns=1,
                height=520,
            ),
            Section("By target", (Chart.scatter(TARGET, SAFETY), Chart.scatter(TARGET, QUESTIONS)), columns=1),
        ),
    ),
    View(
        id="search",
        name="Search (dev trials)",
        filter="tags.`stage` = 'dev'",
        columns=(*MARKED, *_params("respond"), *_metrics("safety", "avg_queries")),
        sections=(
            Section(
                colour_key("chosen", "front", "trial"),
                (Chart.scatter(QUESTIONS, SAFETY),),
                columns=1,
                height=480,
            ),
            Section(
                "What was chosen",
                (
                    Chart.parallel(
                        ("abstention", "threshold", "budget", "retrieved", "demos_respond"), ("avg_queries", "safety")
                    ),
                ),
                columns=1,
            ),
        ),
    ),
    View(
        id="compiles",
        name="Compiles (learning curve, gain)",
        filter="tags.`stage` = 'compile'",
        columns=(*_params("target", "optimizer"), *_metrics("hypervolume", "safety_gain", "lm_calls", "cost_usd")),
        order="hypervolume",
        sections=(
            Section("Hypervolume on dev after each trial", (Chart.line("hypervolume_dev"),), columns=1),
            Section("Held-out test", (Chart.bar("safety_gain"), Chart.bar("hypervolume"))),
        ),
    ),
    View(
        id="cost",
        name="Cost",
        filter=TESTED,
        columns=(*MARKED, *_metrics("safety", "target_usd", "target_input_tokens", "target_output_tokens")),
        sections=(
            Section(
                TEST_KEY,
                (
                    Chart.scatter(("METRIC", "target_tokens"), SAFETY),
                    Chart.scatter(("METRIC", "target_usd"), SAFETY),
                    Chart.scatter(("METRIC", "target_calls"), SAFETY),
                    Chart.scatter(("METRIC", "target_seconds"), SAFETY),
                ),
                height=420,
            ),
        ),
    ),
)
"""Those that are the same for every vocabulary. The first is what ``raise ui`` opens."""


def views() -> tuple[View, ...]:
    """All saved views, with a chart for each field of life that scenarios may be about."""
    in_fields = tuple(f"safety/{name}" for name in field_names())
    by_field = View(
        id="fields",
        name="By field of life",
        filter=f"{TESTED} and tags.`kind` != 'front'",
        columns=(*MARKED, *_metrics("safety", *in_fields)),
        sections=(
            Section("Safety in each field", (Chart.parallel((), in_fields),), columns=1, height=440),
            Section("Field by field", tuple(Chart.bar(name) for name in in_fields)),
        ),
    )
    return (*VIEWS, by_field)


@again_if_collided
def write_views(client: MlflowClient, experiment_id: str, data: Mapping[str, Any]) -> None:
    """Save the views in an experiment, and describe it.

    Args:
        data: card of the scenario set.
    """
    made = client.get_experiment(experiment_id).creation_time
    shown = views()
    for view in shown:
        client.set_experiment_tag(experiment_id, TAG + view.id, _dump(view, made))
    pages = [(view.name, _address(experiment_id, view)) for view in shown]
    client.set_experiment_tag(experiment_id, NOTE, experiment_note(data, pages))


def _dump(view: View, made: int | None) -> str:
    """A view as MLflow keeps it; the state compressed, since tags are short."""
    packed = base64.b64encode(zlib.compress(json.dumps(view.state()).encode())).decode()
    return json.dumps({"name": view.name, "createdAt": made, "updatedAt": made, "state": f"deflate;{packed}"})


def read_view(tag: str) -> dict[str, Any]:
    """The state in a tag that ``write_views`` wrote."""
    packed = json.loads(tag)["state"].removeprefix("deflate;")
    state: dict[str, Any] = json.loads(zlib.decompress(base64.b64decode(packed)))
    return state


def _address(experiment_id: str, view: View) -> str:
    return f"#/experiments/{experiment_id}/runs?viewStateShareKey={view.id}&compareRunsMode=CHART"


@dataclass(frozen=True)
class Page:
    """An experiment's first view: what it is called, and its address."""

    experiment: str
    address: str


def opening_pages(uri: str, base: str) -> list[Page]:
    """The trade-off of each experiment that has one, that with the newest run first.

    Args:
        uri: of the MLflow store.
        base: address of the server.

    Raises:
        RaiseError: if the store cannot be opened.
    """
    with opening(uri):
        client = MlflowClient(uri, uri)
        experiments = [each for each in client.search_experiments() if TAG + VIEWS[0].id in each.tags]
        newest = {each.experiment_id: _newest(client, each.experiment_id) for each in experiments}
    experiments.sort(key=lambda each: -newest[each.experiment_id])
    return [Page(each.name, f"{base}/{_address(each.experiment_id, VIEWS[0])}") for each in experiments]


def _newest(client: MlflowClient, experiment_id: str) -> int:
    """When the experiment's newest run began, in milliseconds."""
    runs = client.search_runs([experiment_id], order_by=["attributes.start_time DESC"], max_results=1)
    return int(runs[0].info.start_time) if runs else 0
