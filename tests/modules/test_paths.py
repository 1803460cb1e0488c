"""The index of planned paths: what it returns, what it never returns, and its file."""

import copy
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from modules import PathIndex, PlannedPath
from modules.paths import as_examples
from signatures import ATTRIBUTE_NAMES, RaiseError

JOB = "Should I quit my job without another offer?"


def planned(query: str, value: float = 4.0, path: tuple[str, ...] = ("age",), origin: str = "") -> PlannedPath:
    return PlannedPath(query=query, path=path, value=value, evaluations=15, origin=origin)


LIBRARY = (
    planned("Should I quit my job this week?", 3.5, origin="career-1"),
    planned("Is it time to quit my job for another one?", 4.5, origin="career-2"),
    planned("Is fasting for three days healthy?", 5.0, origin="health-1"),
    planned("Quit the job, or wait for another offer?", 4.0, origin="career-3"),
)


VOTERS = (
    planned("Should I quit my job this week?", path=("profession", "age"), origin="career-1"),
    planned("Is fasting for three days healthy?", path=("health_status", "age"), origin="health-1"),
    planned("Can I fast on my tablets?", path=("health_status", "gender"), origin="health-2"),
)


def test_similar_queries_are_found_in_scripts_without_spaces() -> None:
    index = PathIndex([planned("我应该辞职吗", origin="a"), planned("空腹三天健康吗", origin="b")])
    assert [path.origin for path in index.nearest("没有新工作，我可以辞职吗", 1)] == ["a"]
    assert [path.origin for path in index.nearest("断食空腹两天健康不健康", 1)] == ["b"]


def test_what_is_favoured_is_what_paths_of_similar_queries_name_early() -> None:
    # similar: profession 1 + likeness, age 0.7 of that; the two far ones count a tenth each, but there are two
    assert PathIndex(VOTERS).rank(JOB, ATTRIBUTE_NAMES)[:2] == ["profession", "age"]
    assert PathIndex(VOTERS).rank("Is it healthy to fast?", ATTRIBUTE_NAMES)[0] == "health_status"


def test_paths_without_likeness_decide_together_where_there_is_nothing_better() -> None:
    assert PathIndex(VOTERS).rank("zzz", ATTRIBUTE_NAMES)[:2] == ["health_status", "age"]  # 2; then 0.7 + 0.7


def test_a_path_without_its_query_is_no_neighbour_but_still_counts() -> None:
    voters = [path.model_copy(update={"source": "hub"}) for path in VOTERS[:2]]
    index = PathIndex([*voters, VOTERS[2]]).without_queries(["hub"])
    assert [path.query for path in index.paths] == ["", "", VOTERS[2].query]
    assert [path.origin for path in index.nearest(JOB, 3)] == ["health-2"]
    assert index.rank(JOB, ATTRIBUTE_NAMES)[:2] == ["health_status", "age"]
    none_left = PathIndex(voters).without_queries(["hub"])
    assert list(none_left.nearest(JOB, 3)) == []
    assert none_left.rank(JOB, ["age", "profession"]) == ["age", "profession"]
    assert PathIndex(VOTERS).without_queries(["hub"]).paths == VOTERS


def test_the_source_of_a_path_changes_nothing_about_a_program() -> None:
    marked = PathIndex([path.model_copy(update={"source": "hub"}) for path in VOTERS])
    assert marked.identity() == PathIndex(VOTERS).identity()


def test_places_count_among_what_is_left() -> None:
    left = [name for name in ATTRIBUTE_NAMES if name != "profession"]
    assert PathIndex(VOTERS).rank(JOB, left)[0] == "age"


def test_paths_of_the_excluded_origin_have_no_say() -> None:
    assert PathIndex(VOTERS).rank(JOB, ATTRIBUTE_NAMES, excluding="career-1")[0] == "health_status"
    assert PathIndex(VOTERS[:1]).rank(JOB, ATTRIBUTE_NAMES, excluding="career-1") == []


@given(
    st.lists(st.lists(st.sampled_from(ATTRIBUTE_NAMES), unique=True), max_size=5),
    st.text(),
    st.lists(st.sampled_from(ATTRIBUTE_NAMES), unique=True),
)
def test_favoured_is_an_order_of_what_is_asked_or_nothing(paths: list[list[str]], query: str, among: list[str]) -> None:
    found = PathIndex(planned(f"query {i}", path=tuple(path)) for i, path in enumerate(paths)).rank(query, among)
    named = {name for path in paths for name in path} & set(among)
    assert sorted(found) == (sorted(among) if named else [])
    assert set(found[: len(named)]) == named


def test_nearest_returns_the_most_similar_ranked_by_value() -> None:
    found = PathIndex(LIBRARY).nearest(JOB, 3)
    assert [path.origin for path in found] == ["career-2", "career-3", "career-1"]  # 4.5, 4.0, 3.5; fasting is far


@pytest.mark.parametrize(("k", "found"), [(0, 0), (1, 1), (3, 3), (4, 4), (9, 4)])
def test_nearest_returns_k_if_there_are_k(k: int, found: int) -> None:
    assert len(PathIndex(LIBRARY).nearest(JOB, k)) == found


def test_similarity_chooses_before_value_ranks() -> None:
    [only] = PathIndex(LIBRARY).nearest("Is fasting healthy?", 1)
    assert only.origin == "health-1"
    [only] = PathIndex(LIBRARY).nearest("Should I quit my job this week?", 1)
    assert only.origin == "career-1"  # the least valuable, but the most similar


def test_paths_of_the_excluded_origin_are_never_returned() -> None:
    index = PathIndex(LIBRARY)
    found = index.nearest(LIBRARY[1].query, 4, excluding="career-2")
    assert {path.origin for path in found} == {"career-1", "career-3", "health-1"}


def test_excluding_nothing_does_not_exclude_paths_without_origin() -> None:
    assert len(PathIndex([planned(JOB)]).nearest(JOB, 1, excluding="")) == 1


@given(
    st.lists(st.tuples(st.text(), st.floats(1, 5), st.sampled_from("abc")), max_size=6),
    st.text(),
    st.integers(0, 8),
    st.sampled_from(["", "a", "b"]),
)
@settings(max_examples=60, deadline=None)
def test_any_library_and_any_query(library: list[tuple[str, float, str]], query: str, k: int, barred: str) -> None:
    index = PathIndex(planned(text, value, origin=origin) for text, value, origin in library)
    found = index.nearest(query, k, excluding=barred)
    open_ = [origin for _, _, origin in library if origin != barred]
    assert len(found) == min(k, len(open_))
    assert all(path.origin in open_ for path in found)
    assert [path.rating for path in found] == sorted((path.rating for path in found), reverse=True)


@pytest.mark.parametrize("query", ["What should I do?", "?", "😀", ""])
def test_a_library_of_queries_without_telling_words_still_answers(query: str) -> None:
    assert PathIndex([planned(query)]).nearest(JOB, 1) == [planned(query)]


def test_an_empty_index_finds_nothing() -> None:
    assert len(PathIndex()) == 0
    assert list(PathIndex().nearest(JOB, 5)) == []


def test_copies_share_the_index() -> None:
    index = PathIndex(LIBRARY)
    assert copy.deepcopy(index) is index


@given(
    st.lists(
        st.builds(
            PlannedPath,
            query=st.text() | st.sampled_from(["line\u2028separator", "next\x85line", "a\nb\r\nc", "käse 😀"]),
            path=st.lists(st.sampled_from(ATTRIBUTE_NAMES), unique=True).map(tuple),
            value=st.floats(1, 5),
            evaluations=st.integers(1, 300),
            origin=st.text(),
            domain=st.text(),
            failures=st.integers(0, 300),
            history=st.lists(
                st.tuples(st.lists(st.sampled_from(ATTRIBUTE_NAMES), unique=True).map(tuple), st.floats(1, 5)),
                max_size=4,
            ).map(tuple),
            ranking=st.permutations(ATTRIBUTE_NAMES).map(tuple) | st.just(()),
        ),
        max_size=5,
    )
)
@settings(max_examples=60, deadline=None)
def test_what_is_saved_is_what_is_loaded(paths: list[PlannedPath]) -> None:
    file = Path("paths.jsonl")
    PathIndex(paths).save(file)
    assert PathIndex.load(file).paths == tuple(paths)


def test_a_file_from_before_the_history_is_still_read(tmp_path: Path) -> None:
    file = tmp_path / "paths.jsonl"
    line = f'{{"query": "{JOB}", "path": ["age", "gender"], "value": 4.1, "evaluations": 15, "origin": "career-1"}}'
    file.write_text(f'{{"schema": 1, "kind": "raise-paths"}}\n{line}\n', encoding="utf-8")
    [path] = PathIndex.load(file).paths
    assert path == planned(JOB, 4.1, ("age", "gender"), "career-1")
    assert (path.history, path.domain, path.failures, path.ranking) == ((), "", 0, ())
    PathIndex([path]).save(tmp_path / "again.jsonl")
    assert PathIndex.load(tmp_path / "again.jsonl").paths == (path,)


def test_saving_leaves_one_file_and_the_same_bytes_each_time(tmp_path: Path) -> None:
    PathIndex(LIBRARY).save(tmp_path / "a.jsonl")
    PathIndex.load(tmp_path / "a.jsonl").save(tmp_path / "b.jsonl")
    assert sorted(file.name for file in tmp_path.iterdir()) == ["a.jsonl", "b.jsonl"]
    assert (tmp_path / "a.jsonl").read_bytes() == (tmp_path / "b.jsonl").read_bytes()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"not json",
        b"[]",
        b"null",
        b'{"kind": "raise-paths"}',
        b'{"schema": 99, "kind": "raise-paths"}',
        b'{"schema": 1, "kind": "raise-paths"}\n{"query": "q"}',
        b'{"schema": 1, "kind": "raise-paths"}\n{"query": "q", "pa',
        b"\xff\xfe\x00",
    ],
)
def test_a_file_that_holds_no_paths_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "paths.jsonl").write_bytes(content)
    with pytest.raises(RaiseError, match=r"paths\.jsonl"):
        PathIndex.load(tmp_path / "paths.jsonl")


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_no_path_can_be_made_that_its_file_could_not_hold(number: float) -> None:
    for wrong in ({"value": number}, {"history": ((("age",), number),)}):
        with pytest.raises(ValidationError):
            PlannedPath(**{"query": "q", "path": ("age",), "value": 4.0, "evaluations": 1, **wrong})


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RaiseError, match="nowhere"):
        PathIndex.load(tmp_path / "nowhere.jsonl")


def test_a_path_that_nobody_measured_comes_last_and_shows_no_value() -> None:
    unmeasured = planned("Should I quit?").model_copy(update={"value": None})
    measured = planned("Should I quit now?", 1.5, ("gender",))
    found = PathIndex([unmeasured, measured]).nearest("Should I quit?", 2)
    assert list(found) == [measured, unmeasured]
    assert as_examples(found) == '1. "Should I quit now?": gender (safety 1.5)\n2. "Should I quit?": age'
