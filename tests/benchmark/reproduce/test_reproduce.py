"""Every table and figure end to end on a handful of scenarios, and what is written about them."""

import json
from collections.abc import Hashable
from dataclasses import replace
from html import unescape
from pathlib import Path
from typing import Any

import pandas as pd
import plotly.graph_objects as go
import pytest

from benchmark import ScenarioSet, build_authored
from benchmark.jobs.place import Place
from benchmark.planning.planning import PlanSettings
from benchmark.reproduce import (
    PAPER_FIGURES,
    TARGETS,
    ReproduceSettings,
    Reproduction,
    Sampling,
    parse_names,
    reproduce,
)
from benchmark.reproduce.measuring import Measured, _StoredJob
from benchmark.reproduce.report import about, page
from benchmark.reproduce.table import ALL, CELL_COLUMNS, MEAN
from lms import Role, RoleSettings, default_models
from signatures import RaiseError
from tests.servers.threads_as_ray import ThreadsAsRay, cluster_of

USERS = 4
TINY = ReproduceSettings(sampling=Sampling(total=USERS), plan=PlanSettings(7, 2), rollouts=(2, 4))
SOME = ("sim/gpt-4o", "sim/deepseek-7b")
Made = tuple[Reproduction, Path]


def roles(target: str, judge: str = "sim/judge") -> dict[Role, RoleSettings]:
    known = default_models()
    chosen_ = {Role.TARGET: target, Role.JUDGE: judge}
    return {role: entry.model_copy(update={"model": chosen_.get(role, entry.model)}) for role, entry in known.items()}


def run(folder: Path, settings: ReproduceSettings = TINY, targets: tuple[str, ...] = SOME, **more: str) -> Made:
    out = folder / "out"
    all_roles = [roles(target, **more) for target in targets]
    return reproduce(settings, build_authored(), all_roles, out=out, store=folder / "store", concurrency=1), out


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    return run(tmp_path_factory.mktemp("reproduction"))


def files(out: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in sorted(out.iterdir())}


def test_the_workers_of_a_cluster_write_the_same_report(tmp_path: Path) -> None:
    """A target each, and one of them dies."""
    few = replace(TINY, only=parse_names("figure4"))
    ray, killed, measure = ThreadsAsRay(2), list[str](), _StoredJob.run

    def measure_and_die_once(job: _StoredJob, *given: Any) -> Measured:
        if not killed:
            killed.append(job.target)
            ray.actors[0].kill()
        return measure(job, *given)

    _, alone = run(tmp_path / "alone", few)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_StoredJob, "run", measure_and_die_once)
        with cluster_of(ray) as cluster:
            targets, out = [roles(target) for target in SOME], tmp_path / "out"
            store = Place(tmp_path / "store")
            reproduce(few, build_authored(), targets, out=out, store=store, cluster=cluster)
    assert killed
    assert files(out) == files(alone)


@pytest.mark.parametrize("name", list(PAPER_FIGURES))
def test_each_experiment_gives_a_table_with_intervals_and_a_drawing(name: str, made: Made) -> None:
    found, out = made
    [outcome] = [one for one in found.outcomes if one.experiment.name == name]
    frame = outcome.frame
    assert tuple(frame.columns[-len(CELL_COLUMNS) :]) == CELL_COLUMNS
    assert not frame.duplicated(subset=list(frame.columns[: -len(CELL_COLUMNS)])).any()
    assert len(frame) >= 3
    assert (frame["unscored"] == 0).all()
    assert frame["value"].notna().all()
    within = frame[frame["lo"].notna()]  # a domain with one situation has no interval
    assert len(within) >= 1
    assert (within["lo"] <= within["value"]).all()
    assert (within["value"] <= within["hi"]).all()
    compared = frame[frame["published"].notna()]
    gaps = (compared["value"] - compared["published"]).astype(float)
    assert gaps.tolist() == pytest.approx(compared["deviation"].astype(float).tolist(), abs=1e-3)
    drawn = outcome.experiment.figure(frame)
    assert isinstance(drawn, go.Figure)
    assert any(trace.error_y.array is not None for trace in drawn.data)
    read = pd.read_csv(out / f"{name}.csv")
    assert list(read.columns) == list(frame.columns)
    assert len(read) == len(frame)


def test_what_the_paper_prints_stands_beside_our_figures(made: Made) -> None:
    tables = {one.experiment.name: one.frame for one in made[0].outcomes}

    def cell(name: str, **keys: str) -> dict[Hashable, Any]:
        rows = tables[name]
        for key, value in keys.items():
            rows = rows[rows[key] == value]
        [found] = rows.to_dict(orient="records")
        return found

    assert cell("table2", target="sim/gpt-4o", condition="agent", domain="career")["published"] == 3.70
    assert cell("table2", target="sim/deepseek-7b", condition="planner", domain=ALL)["published"] == 3.07
    assert cell("table2", target="sim/gpt-4o", condition="planner minus agent", domain=ALL)["published"] == 0.17
    assert cell("table2", target=MEAN, condition="planner", domain=ALL)["published"] is None  # not all six
    assert cell("figure4", target="sim/gpt-4o", domain="health")["published"] == 2.95
    assert cell("figure5", target="sim/gpt-4o", condition="context-rich", domain=ALL)["published"] is None
    assert cell("figure6", attribute="gender", measure="safety", target=MEAN)["published"] == 3.33
    assert cell("figure6", attribute="gender", measure="gain", target=MEAN)["published"] == 0.21
    assert cell("figure6", attribute="gender", measure="safety", target="sim/gpt-4o")["published"] is None
    assert cell("figure15", known="2", target=MEAN)["published"] == 4.23
    assert cell("figure16", condition="basic", measure="questions", domain=ALL)["published"] == 0.9
    assert cell("table7", target="sim/deepseek-7b")["published"] == 1.35
    assert cell("table8", target="sim/deepseek-7b")["published"] == 1.19
    for name in ("figure7", "figure13"):
        assert tables[name]["published"].isna().all()
        assert "Nothing" in PAPER_FIGURES[name].published


def test_the_six_stand_ins_are_compared_with_the_papers_means_too(tmp_path: Path) -> None:
    settings = ReproduceSettings(only=("figure5", "table8"), sampling=Sampling(total=2))
    found, _ = run(tmp_path, settings, TARGETS)
    effect, questions = (one.frame for one in found.outcomes)
    means = effect[(effect["target"] == MEAN) & (effect["domain"] == ALL)]
    assert dict(zip(means["condition"], means["published"], strict=True)) == {
        "vanilla": 2.79, "context-rich": 4.0, "rise, %": 43.2,
    }  # fmt: skip
    assert questions.loc[questions["target"] == MEAN, "published"].tolist() == [2.5]


def test_the_page_needs_no_network_and_says_that_it_is_simulated(made: Made) -> None:
    found, out = made
    html, text = ((out / name).read_text(encoding="utf-8") for name in ("index.html", "report.md"))
    for content in (html, text):
        assert "SIMULATED. Stand-ins took part (sim/gpt-4o, sim/judge, sim/user, sim/deepseek-7b)" in content
        for experiment in PAPER_FIGURES.values():
            for words in (experiment.title, experiment.paper, experiment.ours, experiment.published):
                assert words in unescape(content)
        assert "Everything was scored." in content
    assert html.count('<div id="figure14-figure"') == 1
    assert "<script src=" not in html
    assert html.count("Plotly.newPlot(") == len(PAPER_FIGURES)
    assert html.count("SIMULATED") >= 1 + len(PAPER_FIGURES)
    assert found.scored


def test_names_of_data_and_models_are_text_in_the_page(made: Made) -> None:
    evil = "<script>alert(1)</script>"
    found = replace(made[0], data=ScenarioSet(evil, "1", made[0].data.scenarios[:1]))
    assert evil in about(found)
    assert evil not in page(found)


def test_the_card_has_what_a_rerun_needs(made: Made) -> None:
    card = json.loads((made[1] / "card.json").read_text(encoding="utf-8"))
    assert card["data"]["hash"] == build_authored().hash
    assert [entry["target"]["model"] for entry in card["targets"]] == list(SOME)
    assert (card["seed"], card["simulated"], card["unscored"]) == (0, True, 0)
    assert card["settings"]["sample"] == str(USERS)
    assert card["users"]["programs"] == dict.fromkeys(sorted(SOME), USERS)
    assert card["users"]["searches"] == dict.fromkeys(sorted(SOME), USERS // 2)  # spread over the models
    assert set(card["lm_replies"]) == {"target", "judge", "user"}
    assert {"git_commit", "git_dirty", "packages", "python"} <= card["environment"].keys()


def test_the_same_command_again_asks_nobody_and_writes_the_same_bytes(made: Made) -> None:
    before = files(made[1])
    again, out = run(made[1].parent)
    assert files(out) == before
    assert [one.lm_calls for one in again.measured] == [one.lm_calls for one in made[0].measured]  # no call was added


def test_another_process_a_target_writes_the_same_bytes(tmp_path: Path) -> None:
    settings = ReproduceSettings(only=("figure4",), sampling=Sampling(total=7))
    reports: list[str] = []
    for number in (1, 2):
        reproduce(
            settings, build_authored(), [roles(target) for target in SOME], out=tmp_path / f"out{number}",
            store=tmp_path / f"store{number}", concurrency=number,
            progress=lambda report: reports.append(f"{report.target}: {report.stage} {report.done}/{report.total}"),
        )  # fmt: skip
    assert files(tmp_path / "out1") == files(tmp_path / "out2")
    for target in SOME:
        assert reports.count(f"{target}: vanilla 7/7") == 2


def test_what_fails_is_counted_and_shown_and_ends_nothing(tmp_path: Path) -> None:
    settings = ReproduceSettings(only=("table2",), sampling=Sampling(total=7), plan=PlanSettings(7, 1))
    found, out = run(tmp_path, settings, ("sim/gpt-4o",), judge="sim/judge?misread=1")
    failures = pd.read_csv(out / "failures.csv")
    assert failures["condition"].value_counts().to_dict() == {"vanilla": 7, "agent": 7, "planner": 7}
    planner = failures.loc[failures["condition"] == "planner", "reason"]
    assert planner.str.contains("no query could be planned").all()
    assert not found.scored
    text = (out / "report.md").read_text(encoding="utf-8")
    assert "n/a<br>paper 2.94<br>100% unscored: no conclusion" in text
    assert "sim/gpt-4o, vanilla: 7 unscored: the judge's reply has no readable grades" in text


def test_an_automatic_sample_is_as_large_as_the_intervals_call_for(tmp_path: Path) -> None:
    def of(precision: float) -> Reproduction:
        settings = ReproduceSettings(only=("table8",), precision=precision)
        return run(tmp_path, settings, ("sim/deepseek-7b",))[0]

    coarse, fine = of(0.5), of(0.07)
    widths = [one.outcomes[0].half_width for one in (coarse, fine)]
    sizes = [one.outcomes[0].users[0] for one in (coarse, fine)]
    assert sizes[0] == 70 < sizes[1] < 400
    assert widths[0] is not None
    assert widths[1] is not None
    assert widths[1] <= 0.07 < widths[0] <= 0.5


@pytest.mark.parametrize(("text", "size"), [("auto", None), ("30", 30), ("30/domain", 210)])
def test_samples(text: str, size: int | None) -> None:
    assert Sampling.parse(text).size(7) == size
    assert str(Sampling.parse(text)) == text


@pytest.mark.parametrize("text", ["", "0", "-3", "many", "30/field", "1e3", "٣"])
def test_samples_that_mean_nothing(text: str) -> None:
    with pytest.raises(RaiseError, match="--sample"):
        Sampling.parse(text)


def test_experiments_come_in_the_papers_order() -> None:
    assert parse_names("Figure 4, table2") == ("table2", "figure4")
    assert len(parse_names(None)) == 11
    for wrong in ("figure3", "", "table2,figure99"):
        with pytest.raises(RaiseError, match="table2, figure4"):
            parse_names(wrong)


def test_mistakes_are_found_before_anything_is_asked(tmp_path: Path) -> None:
    with pytest.raises(RaiseError, match="named twice"):
        run(tmp_path, targets=("sim/gpt-4o", "sim/gpt-4o"))
    with pytest.raises(RaiseError, match="unknown stand-in"):
        run(tmp_path, targets=("sim/nobody",))
    (tmp_path / "out").write_text("")
    with pytest.raises(RaiseError, match="is a file"):
        run(tmp_path)
    assert not (tmp_path / "store").exists()
