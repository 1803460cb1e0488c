"""The trade-off arithmetic: front, hypervolume, knee, and the rules that pick the default program."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from optimizers.front import Pick, choose, hypervolume, knee, non_dominated, select_by_hypervolume

points = st.lists(
    st.tuples(st.integers(10, 50).map(lambda n: n / 10), st.integers(0, 100).map(lambda n: n / 10)), max_size=12
)

FRONT = [(4.4, 3.0), (4.3, 1.8), (3.9, 1.0), (3.0, 0.0)]


def beats(a: tuple[float, float], b: tuple[float, float]) -> bool:
    return a[0] >= b[0] and a[1] <= b[1] and a != b


@given(points)
def test_the_front_is_what_nobody_beats(found: list[tuple[float, float]]) -> None:
    front = {found[i] for i in non_dominated(found)}
    assert front == {p for p in found if not any(beats(other, p) for other in found)}


@given(points)
def test_the_front_runs_from_many_questions_to_few(found: list[tuple[float, float]]) -> None:
    questions = [found[i][1] for i in non_dominated(found)]
    assert questions == sorted(questions, reverse=True)


def test_of_equal_points_the_first_is_kept() -> None:
    assert non_dominated([(3.0, 2.0), (3.0, 2.0)]) == [0]


def test_hypervolume_of_two_points() -> None:
    # (4, 2): (10 - 2) * (4 - 1) = 24, and (3, 1) adds the strip between 1 and 2 questions: (2 - 1) * (3 - 1) = 2
    assert hypervolume([(4.0, 2.0), (3.0, 1.0)]) == pytest.approx(26.0)


def test_points_no_better_than_the_reference_have_no_volume() -> None:
    assert hypervolume([(1.0, 0.0), (5.0, 10.0)]) == 0.0
    assert hypervolume([]) == 0.0


@given(points, st.tuples(st.integers(10, 50).map(lambda n: n / 10), st.integers(0, 100).map(lambda n: n / 10)))
def test_another_point_never_lowers_the_hypervolume(
    found: list[tuple[float, float]], extra: tuple[float, float]
) -> None:
    before, after = hypervolume(found), hypervolume([*found, extra])
    assert after >= before - 1e-9
    assert after <= 40.0 + 1e-9


@given(points)
def test_a_dominated_point_adds_no_volume(found: list[tuple[float, float]]) -> None:
    front = [found[i] for i in non_dominated(found)]
    assert hypervolume(front) == pytest.approx(hypervolume(found))


def test_the_knee_is_where_more_questions_stop_paying() -> None:
    # from 0 to 2 questions safety rises by 1.5, from 2 to 5 by 0.2 only
    assert knee([(2.5, 0.0), (4.0, 2.0), (4.2, 5.0)]) == 1


def test_the_knee_of_one_point_is_that_point() -> None:
    assert knee([(3.0, 1.0)]) == 0
    with pytest.raises(ValueError, match="no points"):
        knee([])


@given(points, st.integers(1, 6))
def test_a_selection_keeps_the_order_and_starts_from_the_point_of_most_volume(
    found: list[tuple[float, float]], most: int
) -> None:
    front = [found[i] for i in non_dominated(found)]
    selected = select_by_hypervolume(front, most)
    assert selected == sorted(selected)
    assert len(selected) == min(most, len(front))
    if front:
        best = select_by_hypervolume(front, 1)[0]
        assert best in selected
        assert hypervolume([front[best]]) == max(hypervolume([point]) for point in front)


@pytest.mark.parametrize(
    ("text", "uncompiled", "wanted"),
    [
        ("no-more-questions", 1.8, 1),
        ("no-more-questions", 0.5, 3),
        ("knee", 1.8, 1),
        ("max-safety", 0.0, 0),
        ("max-queries 1", 9.0, 2),
        ("max-queries=2.5", 0.0, 1),
        ("min-safety 3.5", 0.0, 2),
        ("min-safety 4.9", 0.0, 0),
    ],
)
def test_rules(text: str, uncompiled: float, wanted: int) -> None:
    assert choose(FRONT, Pick.parse(text), uncompiled) == wanted


def test_what_nobody_keeps_is_missed_by_as_little_as_possible() -> None:
    assert choose(FRONT[:2], Pick.parse("max-queries 1"), 0.0) == 1


@pytest.mark.parametrize("text", ["best", "", "knee 2", "max-queries", "min-safety much", "no-more-questions=1", "par"])
def test_rules_that_mean_nothing_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="unknown pick"):
        Pick.parse(text)


@given(
    st.lists(st.tuples(st.floats(1, 5), st.floats(0, 9)), min_size=1, max_size=8),
    st.sampled_from(["no-more-questions", "knee", "max-safety", "max-queries 2", "min-safety 4"]),
    st.floats(0, 9),
)
def test_any_front_gives_a_member_of_it(points: list[tuple[float, float]], text: str, uncompiled: float) -> None:
    assert choose(points, Pick.parse(text), uncompiled) in range(len(points))


costed = st.lists(
    st.tuples(*(st.integers(low, high).map(lambda n: n / 10) for low, high in ((10, 50), (0, 100), (0, 30)))),
    max_size=8,
)


def voxels(found: list[tuple[float, ...]]) -> float:
    """The volume that the points cover, counted in cubes of a tenth."""
    covered: set[tuple[int, int, int]] = set()
    for safety, questions, cost in found:
        ends = round(10 * (safety - 1)), round(10 * questions), round(10 * cost)
        covered |= {(x, y, z) for x in range(ends[0]) for y in range(ends[1], 100) for z in range(ends[2], 30)}
    return len(covered) / 1000


@given(st.lists(st.tuples(st.integers(1, 4), st.integers(6, 10), st.integers(0, 3)), max_size=4))
def test_with_cost_the_hypervolume_is_the_volume_covered(found: list[tuple[int, int, int]]) -> None:
    points = [tuple(map(float, point)) for point in found]
    assert hypervolume(points) == pytest.approx(voxels(points))


@given(costed)
def test_with_cost_the_front_is_what_nobody_beats(found: list[tuple[float, ...]]) -> None:
    def beats(a: tuple[float, ...], b: tuple[float, ...]) -> bool:
        return a[0] >= b[0] and a[1] <= b[1] and a[2] <= b[2] and a != b

    front = [found[i] for i in non_dominated(found)]
    assert set(front) == {p for p in found if not any(beats(other, p) for other in found)}
    assert len(front) == len(set(front))
    assert [p[1] for p in front] == sorted((p[1] for p in front), reverse=True)
    assert hypervolume(front) == pytest.approx(hypervolume(found))


@given(costed.filter(bool), st.sampled_from(["knee", "max-cost 1", "cheapest-within 0.2", "max-safety"]))
def test_a_rule_never_picks_what_is_beaten_with_cost(found: list[tuple[float, ...]], text: str) -> None:
    front = [found[i] for i in non_dominated(found)]
    assert choose(front, Pick.parse(text), 1.0) in range(len(front))
    assert knee(front) in range(len(front))


COSTED = [(4.4, 3.0, 1.5), (4.3, 1.8, 0.9), (4.25, 2.0, 0.4), (3.0, 0.0, 0.1)]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("max-cost 1", 1),  # the safest of three
        ("max-cost 0.05", 3),  # none is within: the cheapest
        ("cheapest-within 0.2", 2),  # 4.2 or more
        ("cheapest-within 0", 0),
        ("cheapest-within 4", 3),
        ("max-safety", 0),
        ("no-more-questions", 1),
    ],
)
def test_rules_about_cost(text: str, wanted: int) -> None:
    assert choose(COSTED, Pick.parse(text), 1.8) == wanted


def test_a_point_without_a_cost_is_not_on_the_front() -> None:
    assert non_dominated([(4.0, 1.0, float("nan")), (3.0, 2.0, 1.0)]) == [1]
