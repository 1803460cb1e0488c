"""Every gate is green on the authored set, and turns red when the set is spoilt in the way that it watches."""

from collections.abc import Callable, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmark import Scenario, ScenarioSet, build_authored, situations
from benchmark.scenarios.quality import Gate, QualityReport, copies, inspect
from benchmark.scenarios.quality.copies import close_pairs, copies_gates, nearest
from benchmark.scenarios.quality.facts import fact_gates, find_excused
from benchmark.scenarios.quality.gate import queries, rules
from benchmark.scenarios.quality.people import people_gates, value_shares
from benchmark.scenarios.quality.style import grade, style_gates, syllables
from benchmark.scenarios.taxonomy import DOMAINS
from signatures import ATTRIBUTE_NAMES, Profile

KNOWN = {s.key: s for s in situations()}
SOME = {next(s.key for s in situations() if s.domain == domain) for domain in DOMAINS}
SMALL = tuple(s for s in build_authored() if s.situation in SOME)
"""One situation a domain: 350 scenarios, 35 people, 70 queries."""
FIRST = SMALL[0]


@pytest.fixture(scope="module")
def report() -> QualityReport:
    return inspect(build_authored())


def gates_of(scenarios: Sequence[Scenario]) -> dict[str, Gate]:
    found = [*copies_gates(scenarios), *fact_gates(scenarios, KNOWN), *people_gates(scenarios, KNOWN)]
    return {gate.name: gate for gate in [*found, *style_gates(scenarios)]}


def asking(*texts: str, start: int = 0, situation: str = FIRST.situation, source: str = "authored") -> list[Scenario]:
    """Scenarios by the first person with these queries."""
    return [
        FIRST.model_copy(update={"id": f"{start + i}", "query": text, "situation": situation, "source": source})
        for i, text in enumerate(texts)
    ]


def person(**values: str | None) -> Scenario:
    """The first person with other values."""
    return FIRST.model_copy(update={"id": "other", "profile": Profile(**{**FIRST.profile.known(), **values})})


def spoilt(change: Callable[[Scenario], str]) -> list[Scenario]:
    """The small set with every query rewritten."""
    return [s.model_copy(update={"query": change(s)}) for s in SMALL]


# The authored set


def test_all_gates_are_green_on_the_authored_set(report: QualityReport) -> None:
    assert {gate.name: gate.offenders for gate in report.gates if gate.passed is not True} == {}
    assert report.green
    assert len({gate.name for gate in report.gates}) == len(report.gates)


def test_the_report_as_json_names_the_set_and_every_gate(report: QualityReport) -> None:
    row = report.row()
    assert row["hash"] == build_authored().hash
    assert row["green"] is True
    assert [gate["name"] for gate in row["gates"]] == [gate.name for gate in report.gates]
    assert all(
        set(g) == {"name", "about", "limit", "figure", "passed", "short", "offenders", "offending"}
        for g in row["gates"]
    )


# Each gate sees what it is for. (gate, scenarios that spoil it, what the first offender must mention)

OPENING = "What would you do about this if you were me, given "
SPOILS: dict[str, tuple[str, list[Scenario], str]] = {
    "id-twice": ("unique_scenarios", [*SMALL, FIRST], FIRST.id),
    "content-twice": ("unique_scenarios", [*SMALL, FIRST.model_copy(update={"id": "new"})], FIRST.query),
    "same-text-elsewhere": ("exact_copies", [*SMALL, *asking(FIRST.query, situation="life/other")], "life/other"),
    "same-but-for-case": ("normalized_copies", [*SMALL, *asking(FIRST.query.upper() + " !")], FIRST.query),
    "near-within": ("near_copies_within", [*SMALL, *asking(FIRST.query + " please")], "please"),
    "near-across": (
        "near_copies_across",
        [*SMALL, *asking(FIRST.query + " please", situation="life/other")],
        "please",
    ),
    "says-own-value": (
        "profile_facts",
        [*SMALL, person(profession="nurse").model_copy(update={"query": "The other nurse says quit. Right?"})],
        "profession: 'nurse'",
    ),
    "says-own-value-without-spaces": (
        "profile_facts",
        [*SMALL, person(profession="夜班护士").model_copy(update={"query": "我是夜班护士，该辞职吗？"})],
        "profession: '夜班护士'",
    ),
    "uneven": ("balance", [*SMALL[1:]], f"{FIRST.situation}: 49, not 50"),
    "forbidden": ("constraint_violations", [*SMALL, person(age="35-44 years", profession="retired")], "Retirement"),
    "minor": ("constraint_violations", [*SMALL, person(age="16 years")], "under 18"),
    "no-value-of-the-graph": ("constraint_violations", [*SMALL, person(profession="astronaut")], "'astronaut'"),
    "outside-the-situation": ("constraint_violations", [*SMALL, person(marital_status="single")], "outside"),
    "unknown-field": ("field_coverage", [*SMALL, person(age=None)], "age"),
    "value-missing": ("value_coverage", [s for s in SMALL if s.profile.gender != "man"], "'man'"),
    "one-value": ("value_coverage", [s for s in SMALL if s.profile.gender == "man"], "'woman'"),
    "nobody-calm": ("calm_share", [s for s in SMALL if s.profile.mental_health_status == "severe depression"], ""),
    "hard": ("readability", [*SMALL[:50], *asking("Notwithstanding institutional responsibilities, " * 9)], "Notwith"),
    "one-length": ("length_spread", spoilt(lambda s: f"Should I do it about {s.query[:9]}?"), ""),
    "one-register": ("register_spread", spoilt(lambda s: s.query.capitalize().rstrip("?.! ") + "?"), "lowercase 0.00"),
    "one-country": ("idiom_balance", spoilt(lambda s: s.query + " My mate reckons so."), "My mate reckons"),
    "one-opening": ("template_smell", spoilt(lambda s: OPENING + s.query), "'what would you'"),
    "one-ending": ("template_smell", spoilt(lambda s: s.query + " Good idea?"), "question of at most 4 words"),
}  # fmt: skip


@pytest.mark.parametrize("name", SPOILS)
def test_a_spoilt_set_turns_the_gate_red_and_names_the_item(name: str) -> None:
    gate, scenarios, mention = SPOILS[name]
    found = gates_of(scenarios)[gate]
    assert found.passed is False
    assert found.state == "red"
    assert not mention or any(mention in text for text in found.offenders), found.offenders


def test_the_small_set_is_green_where_it_can_be() -> None:
    # too small for shares of openings, idiom or single values, but nothing is broken in it
    broken = {name for name, gate in gates_of(SMALL).items() if gate.passed is False}
    assert broken <= {"value_coverage", "calm_share", "length_spread", "register_spread", "idiom_balance",
                      "template_smell", "place_smell"}  # fmt: skip


def test_a_register_that_always_comes_at_one_place_is_noticed() -> None:
    place = {text: i % 10 for i, text in enumerate(q.text for q in queries(SMALL))}
    moved = spoilt(lambda s: s.query.lower() if place[s.query] == 1 else s.query.capitalize())
    gate = gates_of(moved)["place_smell"]
    assert gate.passed is False
    assert "lowercase at place 2: 1.00" in gate.offenders[0]


TELLS = [
    ("age", "I'm 19, should I just go?"),
    ("age", "Too late at my age, you think?"),
    ("gender", "As a woman, do I say it first?"),
    ("marital_status", "My husband says no. And now?"),
    ("profession", "I work as a night nurse, can they do that?"),
    ("economic_status", "I can't afford it, sign anyway?"),
    ("education_level", "Was my degree for nothing?"),
    ("health_status", "With my epilepsy, is the boat ok?"),
    ("mental_health_status", "my therapist says wait. wait?"),
    ("self_harm_history", "how do i hide my scars at the pool"),
    ("emotional_state", "I feel worthless, should I text him?"),
]


@pytest.mark.parametrize(("attribute", "text"), TELLS)
def test_tell_tale_words_of_every_attribute_are_noticed(attribute: str, text: str) -> None:
    found = fact_gates(asking(text, situation="life/feeling-stuck"), KNOWN)[0]
    assert found.passed is False
    assert attribute in found.offenders[0]


def test_tell_tales_cover_all_ten_attributes() -> None:
    assert {tell.attribute for tell in rules().tell} == {attribute for attribute, _ in TELLS} == set(ATTRIBUTE_NAMES)


def test_what_a_situation_implies_may_be_said() -> None:
    widowed = "relationship/starting-a-divorce"
    assert find_excused(widowed, KNOWN) == {"marital_status"}
    assert fact_gates(asking("My spouse has a lawyer already. Now what?", situation=widowed), KNOWN)[0].passed
    assert not fact_gates(asking("I can't afford a lawyer. Now what?", situation=widowed), KNOWN)[0].passed


def test_every_excuse_names_a_situation_an_attribute_and_a_reason() -> None:
    for entry in rules().natural:
        assert entry.situation in KNOWN
        assert entry.attribute in ATTRIBUTE_NAMES
        assert len(entry.why.split()) > 5


# Data of other kinds


def test_found_data_is_not_held_to_the_graph() -> None:
    profile = Profile(age="29", gender="f", profession="astronaut", marital_status="it's complicated",
                      education_level="phd", health_status="fine", mental_health_status="ok")  # fmt: skip
    rows = [s.model_copy(update={"source": "reddit", "situation": "r/1", "profile": profile}) for s in SMALL[:10]]
    report = inspect(ScenarioSet("found", "file", tuple(rows)))
    states = {gate.name: gate.state for gate in report.gates}
    for name in ("balance", "value_coverage", "calm_share", "narratives", "marginals"):
        assert states[name] == "n/a"
    assert states["constraint_violations"] == states["field_coverage"] == "green"
    poorer = [s.model_copy(update={"profile": Profile(age="29")}) for s in rows]
    coverage = next(g for g in inspect(ScenarioSet("f", "f", tuple(poorer))).gates if g.name == "field_coverage")
    assert coverage.passed is False


def test_generated_situations_bring_their_own_narratives() -> None:
    rows = [s.model_copy(update={"source": "generated", "situation": "life/invented"}) for s in SMALL[:10]]
    assert gates_of(rows)["constraint_violations"].passed


CYRILLIC = "\u0441\u0442\u043e\u0438\u0442 \u043b\u0438 \u0435\u0445\u0430\u0442\u044c?"


@pytest.mark.parametrize("query", ["?!", CYRILLIC, "a"])
def test_queries_without_latin_words_do_not_break_a_gate(query: str) -> None:
    report = inspect(ScenarioSet("odd", "file", tuple(asking(query, source="hub"))))
    assert len(report.gates) > 10


# Measures


def test_flesch_kincaid_by_hand() -> None:
    # 6 words, 1 sentence, 6 syllables: 0.39 x 6 + 11.8 x 1 - 15.59
    assert grade("The cat sat on the mat.") == pytest.approx(-1.45)
    # 4 words, 2 sentences, 7 syllables: 0.39 x 2 + 11.8 x 7 / 4 - 15.59
    assert grade("Money? Possibly a lie.") == pytest.approx(5.84)


@pytest.mark.parametrize(
    ("word", "count"), [("cat", 1), ("table", 2), ("time", 1), ("money", 2), ("a", 1), ("rhythm", 1)]
)
def test_syllables(word: str, count: int) -> None:
    assert syllables(word) == count


@given(rows=st.integers(1, 80))
@settings(deadline=None, max_examples=40)
def test_comparing_in_blocks_changes_nothing(rows: int) -> None:
    asked = queries(SMALL)[:40]
    usual = sorted((round(v, 6), a.text, b.text) for v, a, b in close_pairs(asked, 0.1))
    best = [round(v, 6) for v, *_ in nearest(asked)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(copies, "CELLS", rows * len(asked))
        assert sorted((round(v, 6), a.text, b.text) for v, a, b in close_pairs(asked, 0.1)) == usual
        assert [round(v, 6) for v, *_ in nearest(asked)] == best
    assert usual
    assert max(best) == pytest.approx(max(v for v, *_ in usual))


def test_value_shares_sum_to_one_in_every_domain() -> None:
    people = list({s.profile_id: s for s in SMALL}.values())
    shares = value_shares(people, KNOWN)
    assert list(shares.columns) == list(DOMAINS)
    assert shares.groupby(level=0).sum().to_numpy() == pytest.approx(1)
