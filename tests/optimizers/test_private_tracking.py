"""What real people said (source ``hub``) is in no file, table or artifact of a compile or an evaluation.

The reply store and the finished episodes hold it, as the private working store. Program folders, which stay on this
machine, hold the queries of planned paths, by which a program finds its paths.
"""

import shutil
from pathlib import Path

import pytest

from benchmark import ScenarioSet, build_authored, evaluate, sample, split
from lms import LanguageModels, ReplyStore
from modules import RAISE
from modules.folder import PATHS
from optimizers import Workspace, compile_target
from optimizers.tracking.conversations import Logged
from optimizers.tracking.evaluation import Drawn, evaluation_record, record_evaluation
from signatures import Profile
from tests.optimizers.test_tracking import TINY, client

OF_PROFILE, OF_QUERY = "quokka", "wombat"
WORKING = ("replies.db", "episodes")
"""Where contents are kept on purpose."""


@pytest.fixture(scope="module")
def people() -> ScenarioSet:
    """Scenarios of real people: a mark in every query and every value of every profile."""
    authored = build_authored()
    marked = [
        one.model_copy(
            update={
                "source": "hub",
                "query": f"{one.query} {OF_QUERY}",
                "profile": Profile(**{name: f"{value} {OF_PROFILE}" for name, value in one.profile.known().items()}),
            }
        )
        for one in authored
    ]
    return ScenarioSet("people", "1", tuple(marked))


@pytest.fixture
def root(tmp_path: Path, mlflow_tables: Path) -> Path:
    """The folder of a store without runs."""
    shutil.copy(mlflow_tables, tmp_path)
    return tmp_path


def holding(root: Path, mark: str) -> set[str]:
    """Files that hold ``mark``, the working store apart."""
    passing = ("-journal", ".lock")  # gone once a thread of MLflow's has written
    files = [file for file in root.rglob("*") if not file.name.endswith(passing) and file.is_file()]
    told = [file for file in files if not file.relative_to(root).parts[0].startswith(WORKING)]
    assert {"mlflow.db"} <= {file.name for file in told}
    return {str(file.relative_to(root)) for file in told if mark in file.read_bytes().decode(errors="replace")}


def compile_people(root: Path, people: ScenarioSet, logged: Logged) -> None:
    models = LanguageModels(store=ReplyStore(root / "replies.db"))
    place = Workspace(root=root, out=root / "programs" / "p", logged=logged)
    settings = TINY.model_copy(update={"optimizer": "pareto"})
    assert compile_target(settings, people, models, place).untracked == ""


def test_a_compile_gives_nothing_of_them_away_unless_that_is_allowed(
    root: Path, people: ScenarioSet, mlflow_tables: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    compile_people(root, people, Logged())
    assert holding(root, OF_PROFILE) == set()
    kept = [Path(name) for name in holding(root, OF_QUERY)]
    assert {file.name for file in kept} == {PATHS}
    assert {file.parts[0] for file in kept} == {"programs"}  # and no artifact
    found = client(root).search_traces(locations=["1"])
    assert found
    assert all(span.inputs.get("query", "[redacted]") == "[redacted]" for t in found for span in t.data.spans[:1])
    assert all(any(a.value for a in trace.info.assessments) for trace in found)
    spans = [span for trace in found for span in trace.data.spans if "messages" in (span.inputs or {})]
    assert {message["content"] for span in spans for message in span.inputs["messages"]} == {"[redacted]"}
    models = client(root).search_logged_models(["1"])
    assert {model.tags.get("left_out") for model in models} == {"queries of planned paths (hub)"}
    [place, *_] = [file.parent for file in (root / "artifacts").rglob(PATHS)]
    sent, own = RAISE.load(place).paths, RAISE.load(root / "programs" / "p").paths
    assert [path.query for path in sent.paths] == [""] * len(own)
    assert [path.path for path in sent.paths] == [path.path for path in own.paths]
    allowed = tmp_path_factory.mktemp("allowed")
    shutil.copy(mlflow_tables, allowed)
    compile_people(allowed, people, Logged(contents=True))
    assert "mlflow.db" in holding(allowed, OF_PROFILE)
    assert "programs/p/runs.json" in holding(allowed, OF_QUERY)
    assert any(Path(name).name == PATHS for name in holding(allowed, OF_QUERY) if name.startswith("artifacts"))
    assert not any(model.tags.get("left_out") for model in client(allowed).search_logged_models(["1"]))


def test_an_evaluation_gives_nothing_of_them_away_unless_that_is_allowed(root: Path, people: ScenarioSet) -> None:
    models = LanguageModels()
    chosen = sample(split(people, "test"), 3)
    found = evaluate(RAISE(), chosen, models=models, name="raise")
    assert OF_PROFILE in str([one.turns for one in found.episodes])
    drawn = Drawn(people, "test", 0)
    for contents in (False, True):
        record = evaluation_record(found, RAISE(), models, drawn, logged=Logged(contents=contents))
        assert record_evaluation(root, record) == ""
        assert (holding(root, OF_PROFILE) != set()) is contents
        assert (holding(root, OF_QUERY) != set()) is contents
        assert (OF_QUERY in record.model_dump_json()) is contents
