"""Workers of a cluster take part in the search of a compile."""

from pathlib import Path

import pytest

from benchmark import build_authored
from benchmark.jobs.place import Place
from lms import LanguageModels
from optimizers import CompileSettings, Workspace, compile_target
from optimizers.helping import Helpers
from optimizers.results import TargetResult
from tests.servers.threads_as_ray import ThreadsAsRay, cluster_of

TINY = CompileSettings(train=4, dev=2, test=3, plan_queries=2, evaluations=3, trials=4)


def compiled(place: Place, helpers: Helpers | None = None) -> TargetResult:
    """A compile on a store."""
    workspace = Workspace(
        root=place.folder, out=place.folder / "programs" / "x", database=place.database, helpers=helpers
    )
    return compile_target(TINY, build_authored(), LanguageModels(store=place.open_replies()), workspace)


@pytest.mark.parametrize("kind", ["folder", "database"])
def test_a_compile_with_helpers_pays_for_nothing_twice(
    tmp_path: Path, kind: str, request: pytest.FixtureRequest
) -> None:
    alone = compiled(Place(tmp_path / "alone"))
    place = Place(tmp_path / "helped", request.getfixturevalue("database_url") if kind == "database" else None)
    ray = ThreadsAsRay(2)
    with cluster_of(ray) as cluster:
        helped = compiled(place, Helpers(cluster, place))
    assert helped.figures["trials"] == alone.figures["trials"]
    assert helped.figures["baselines"].keys() == alone.figures["baselines"].keys()
    assert helped.folder.is_dir()
    replies = place.open_replies()
    assert len(replies) >= sum(helped.figures["lm_calls"].values()) > 0
    assert len(ray.actors) == 2
