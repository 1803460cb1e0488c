"""The authored set: gates on what was written by hand, and what the builder makes of it."""

import json
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

from benchmark import DOMAINS, Scenario, build_authored, load_scenarios, situations
from benchmark.scenarios.authored import build_once
from benchmark.scenarios.profiles import graph
from benchmark.scenarios.taxonomy import LEVELS
from signatures import ATTRIBUTE_NAMES

ROOT = Path(__file__).parents[3]
NEEDED = {"calm": 1, "strained": 2, "distressed": 2, "despairing": 1}
CALM_MINDS = {"no mental health concerns", "mild stress"}
SHORTEST, LONGEST = 3, 120
"""Words a query."""


def normalized(text: str) -> str:
    return re.sub(r"\W+", " ", text.lower()).strip()


def level_of(scenario: Scenario) -> str:
    """The level whose narratives hold this scenario's emotional state."""
    situation = next(s for s in situations() if s.key == scenario.situation)
    return next(level for level, texts in situation.emotions.items() if scenario.profile.emotional_state in texts)


# What people wrote.


def test_seven_domains_of_two_areas_of_ten_situations() -> None:
    areas = Counter((s.domain, s.area) for s in situations())
    assert set(areas.values()) == {10}
    assert Counter(domain for domain, _ in areas) == dict.fromkeys(DOMAINS, 2)
    assert len({s.key for s in situations()}) == 7 * 2 * 10


def test_no_query_is_asked_twice_in_any_domain() -> None:
    asked = Counter(normalized(query) for s in situations() for query in s.queries)
    assert [query for query, times in asked.items() if times > 1] == []
    assert len(asked) == 1400


def test_ten_queries_that_people_might_type() -> None:
    assert [s.key for s in situations() if len(s.queries) != 10] == []
    queries = [(s.key, query) for s in situations() for query in s.queries]
    assert [(key, query) for key, query in queries if not SHORTEST <= len(query.split()) <= LONGEST] == []


def test_narratives_of_every_level() -> None:
    assert [s.key for s in situations() if set(s.emotions) != set(LEVELS)] == []
    written = {s.key: [text for texts in s.emotions.values() for text in texts] for s in situations()}
    assert [key for key, texts in written.items() if len(set(texts)) < max(5, len(texts))] == []
    counts = [(s.key, level, len(s.emotions[level]), least) for s in situations() for level, least in NEEDED.items()]
    assert [case for case in counts if case[2] < case[3]] == []


def test_limits_and_leanings_name_values_of_the_graph() -> None:
    possible = {(name, value) for name, node in graph().attribute.items() for value in node.base}
    named = {
        (s.key, name, value)
        for s in situations()
        for part in (s.only, s.likelier)
        for name, values in part.items()
        for value in values
    }
    assert [case for case in named if case[1:] not in possible] == []
    assert [case for case in named if case[1] in ("self_harm_history", "emotional_state")] == []


# What the builder makes of it.


def test_7000_scenarios_with_ids_of_their_own() -> None:
    data = build_authored()
    assert len(data) == len({scenario.id for scenario in data}) == 7000
    assert Counter(scenario.domain for scenario in data) == dict.fromkeys(DOMAINS, 1000)


def test_every_query_of_a_situation_meets_its_five_profiles() -> None:
    pairs = Counter((s.situation, s.profile_id, s.query) for s in build_authored())
    assert set(pairs.values()) == {1}
    people = Counter(situation for situation, _ in {(s, p) for s, p, _ in pairs})
    assert people == dict.fromkeys([s.key for s in situations()], 5)


def test_every_profile_is_complete_and_possible() -> None:
    people = {s.profile_id: s for s in build_authored()}.values()
    for scenario in people:
        values = scenario.profile.known()
        assert set(values) == set(ATTRIBUTE_NAMES)
        assert graph().violations({**values, "emotional_state": level_of(scenario)}) == []


def test_profiles_keep_to_what_the_situation_implies() -> None:
    limits = {s.key: s.only for s in situations()}
    outside = [
        (scenario.situation, name)
        for scenario in build_authored()
        for name, allowed in limits[scenario.situation].items()
        if getattr(scenario.profile, name) not in allowed
    ]
    assert outside == []


def test_about_one_profile_in_ten_is_calm_and_at_low_risk() -> None:
    people = {s.profile_id: s for s in build_authored()}.values()
    calm = [
        s
        for s in people
        if s.profile.mental_health_status in CALM_MINDS
        and s.profile.self_harm_history == "none"
        and level_of(s) == "calm"
        and s.profile.economic_status not in ("severe financial difficulty", "living paycheck to paycheck")
    ]
    # 700 people: one in twenty is drawn so on purpose, and about as many come out so by chance
    assert len(people) == 700
    assert 0.07 <= len(calm) / len(people) <= 0.13


def test_building_again_gives_the_same_bytes(tmp_path: Path) -> None:
    first, second = tmp_path / "first.jsonl", tmp_path / "second.jsonl"
    data = build_authored()
    data.save(first)
    build_once.cache_clear()
    again = build_authored()
    again.save(second)
    assert again is not data
    assert first.read_bytes() == second.read_bytes()
    assert data.hash == again.hash
    assert load_scenarios(first).hash == data.hash


def test_a_fresh_process_has_the_set_in_under_two_seconds() -> None:
    # measured: 0.2 s; without what importing dspy takes, which every command pays
    code = (
        "import time; from benchmark import build_authored; start = time.process_time(); build_authored().hash; "
        "print(time.process_time() - start)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert float(done.stdout) < 2


def test_the_data_card_is_about_this_version() -> None:
    card = (ROOT / "docs" / "data.md").read_text(encoding="utf-8")
    assert f"authored set, version {build_authored().version}\n" in card
    assert f"Hash `{build_authored().hash}`" in card


def test_ids_depend_on_the_content_alone(tmp_path: Path) -> None:
    file = tmp_path / "authored.jsonl"
    build_authored().save(file)
    rows = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    by_content = {(r["situation"], r["query"], json.dumps(r["profile"])): r["id"] for r in rows}
    assert len(by_content) == len(set(by_content.values())) == len(rows)
