"""The generated set: what comes of careful, careless and useless writers, limits, kills and other orders of work."""

import json
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from dspy.lm15 import request_from_openai_chat

from benchmark import load_scenarios
from benchmark.jobs.budget import Budget, MaxCalls, spending_limits
from benchmark.jobs.journal import Journal
from benchmark.scenarios.similarity import ALIKE_ACROSS, likeness
from benchmark.scenarios.synthetic import Generated, GenerateSettings, generate
from benchmark.scenarios.synthetic.build import areas, shares
from benchmark.scenarios.synthetic.checks import query_problem
from benchmark.scenarios.synthetic.people import FREE, conflicts
from lms import LanguageModels, ReplyStore, Role, RoleSettings
from lms.simulation.prompt import Prompt, read
from signatures import ATTRIBUTE_NAMES, RaiseError
from tests.benchmark.scripted import listen
from tests.servers.openai_server import Body, Fault, OpenAIServer, stand_in

SMALL = GenerateSettings(("health", "career"), situations=2, profiles=2, queries=3)


def made(settings: GenerateSettings = SMALL, seed: int = 0, calls: int | None = None, **chosen: Any) -> Generated:
    models = LanguageModels({Role.TEACHER: RoleSettings(model="sim/teacher", temperature=1.0, seed=seed)})
    return generate(settings, models=models, seed=seed, budget=Budget(models.ledger, spending_limits(calls)), **chosen)


def asked_of(body: Body) -> Prompt:
    return read(request_from_openai_chat(body))


def over_http(server: OpenAIServer, store: ReplyStore | None = None, **chosen: Any) -> LanguageModels:
    return LanguageModels({Role.TEACHER: RoleSettings(model="openai/gpt-4o", api_base=server.url, **chosen)}, store)


def says(**outputs: Any) -> Callable[[Body], str]:
    """A model that fills some fields always alike, and the rest as the stand-in does."""

    def answer(body: Body) -> str:
        prompt = asked_of(body)
        if not set(outputs) & set(prompt.fields):
            return stand_in(body)
        return prompt.reply({name: outputs.get(name, "so it is") for name in prompt.fields})

    return answer


@pytest.fixture(scope="module")
def small() -> Generated:
    return made()


# What comes out


def test_everything_asked_for_is_there(small: Generated) -> None:
    scenarios = small.scenarios.scenarios
    assert len(scenarios) == len({s.id for s in scenarios}) == 2 * 2 * 2 * 3
    assert Counter(s.domain for s in scenarios) == {"health": 12, "career": 12}
    assert len({s.situation for s in scenarios}) == 4
    assert {s.source for s in scenarios} == {"generated"}
    pairs = Counter((s.situation, s.profile_id, s.query) for s in scenarios)
    assert set(pairs.values()) == {1}
    assert small.report["written"]["situations"]["kept"] == 4
    assert [place["area"] for place in small.report["made_of"]] == [*areas("health"), *areas("career")]


def test_the_set_passes_the_checks() -> None:
    data = made(GenerateSettings(("financial",), situations=6, profiles=5, queries=10), seed=4)
    texts = {place["key"]: place["text"] for place in data.report["made_of"]}
    queries = list({(s.situation, s.query) for s in data.scenarios})
    for key, query in queries:
        own = [other for where, other in queries if where == key and other != query]
        assert query_problem(query, texts[key], own) is None
        assert max(likeness(query, other) for where, other in queries if where != key) < ALIKE_ACROSS
    for s in data.scenarios:
        known = s.profile.known()
        assert set(known) == set(ATTRIBUTE_NAMES)
        assert conflicts(s.domain, {n: v for n, v in known.items() if n != FREE}) == []
    calm = {s.profile_id for s in data.scenarios if s.profile.self_harm_history == "none"}
    assert len(calm) >= 3  # one person in ten is settled as calm


def test_a_set_by_a_stand_in_says_so(small: Generated) -> None:
    assert small.report["simulated"] is True
    assert all(s.situation.partition("/")[2].startswith("simulated-") for s in small.scenarios)
    with OpenAIServer() as server:
        real = generate(SMALL, models=over_http(server))
    assert real.report["simulated"] is False
    assert not any("simulated" in s.situation for s in real.scenarios)


def test_the_same_seed_gives_the_same_bytes(small: Generated, tmp_path: Path) -> None:
    for name, data in {"a": small, "b": made(concurrency=4), "c": made(seed=1)}.items():
        data.scenarios.save(tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    assert (tmp_path / "a").read_bytes() != (tmp_path / "c").read_bytes()
    assert small.report == made(concurrency=3).report
    assert load_scenarios(tmp_path / "a").hash == small.scenarios.hash


def test_situations_are_divided_among_areas() -> None:
    assert (shares(5, 2), shares(1, 2), shares(4, 2)) == ([3, 2], [1, 0], [2, 2])
    data = made(GenerateSettings(("life",), situations=1, profiles=1, queries=1))
    assert [place["area"] for place in data.report["made_of"]] == areas("life")[:1]


# Asking again


def test_what_was_wrong_is_named_when_it_is_asked_for_again() -> None:
    models = LanguageModels()
    heard = listen(models, Role.TEACHER)
    data = generate(GenerateSettings(("social",), 3, 5, 10), models=models)
    again = [prompt for prompt in heard if "person" in prompt.fields and prompt.input("problems") != "(none)"]
    assert len(again) == data.report["written"]["people"]["asked_again"] > 0
    named = "\n".join(prompt.input("problems") for prompt in again)
    assert "it does not fit: " in named
    people = data.report["written"]["people"]
    # those of a last attempt are not named to anybody: the person is repaired, or given up
    assert (people["violations"] > named.count("- ")) == (people["repaired"] + people["failed"] > 0)
    queries = [prompt for prompt in heard if "queries" in prompt.fields and prompt.input("problems") != "(none)"]
    assert any("gives away the" in prompt.input("problems") for prompt in queries)
    for prompt in queries:  # only what is missing is asked for, and what is there is shown
        assert int(prompt.input("count")) + prompt.input("written").count("\n") + 1 in (10, 11)


def test_a_person_who_never_fits_is_repaired_and_a_question_that_never_passes_is_dropped() -> None:
    impossible = {
        "age": "18-24 years", "gender": "man", "marital_status": "widowed", "profession": "physician",
        "economic_status": "wealthy", "education_level": "doctorate", "health_status": "pregnant",
        "mental_health_status": "mild stress", "self_harm_history": "none", "emotional_state": "bored and a bit lonely",
    }  # fmt: skip
    with OpenAIServer(
        answer=says(person=impossible, queries=["I'm 34, so is it too late?", "Fine by you, is it?"])
    ) as server:
        data = generate(GenerateSettings(("life",), 1, 1, 2, retries=2), models=over_http(server))
    counts = data.report["written"]
    assert (counts["people"]["repaired"], counts["people"]["asked"]) == (1, 3)
    (scenario,) = data.scenarios
    assert scenario.query == "Fine by you, is it?"
    assert conflicts("life", {n: v for n, v in scenario.profile.known().items() if n != FREE}) == []
    assert scenario.profile.emotional_state == "bored and a bit lonely"
    assert (counts["queries"]["kept"], counts["queries"]["wanted"], counts["queries"]["asked"]) == (1, 2, 3)
    assert counts["queries"]["reasons"] == {"gives away the age": 3, "near-copy": 2}
    assert {entry["text"] for entry in data.report["dropped"]} == {"I'm 34, so is it too late?", "Fine by you, is it?"}


def test_a_person_without_a_feeling_is_a_failure_with_a_reason() -> None:
    with OpenAIServer(answer=says(person={"age": "18-24 years"})) as server, pytest.raises(RaiseError, match="passed"):
        generate(GenerateSettings(("life",), 1, 2, 2, retries=1), models=over_http(server))
    calls = iter(range(100))

    def sometimes(body: Body) -> str:
        broken = "person" in asked_of(body).fields and next(calls) < 2
        return says(person={})(body) if broken else stand_in(body)

    with OpenAIServer(answer=sometimes) as server:
        data = generate(GenerateSettings(("life",), 1, 2, 2, retries=1), models=over_http(server))
    assert data.report["written"]["people"]["failed"] == 1
    assert data.report["made_of"][0]["no_person"] == ["age: it is missing"]
    assert len({s.profile_id for s in data.scenarios}) == 1


def test_questions_that_another_situation_has_are_written_anew() -> None:
    same = ["Is it too soon to say something?", "What would a lawyer make of all this?"]

    def answer(body: Body) -> str:
        prompt = asked_of(body)
        if "queries" in prompt.fields and prompt.input("written") == "(none)":
            return says(queries=same)(body)
        return stand_in(body)

    with OpenAIServer(answer=answer) as server:
        data = generate(GenerateSettings(("life",), 2, 1, 2), models=over_http(server))
    first, second = (place["key"] for place in data.report["made_of"])
    asked = {key: {s.query for s in data.scenarios if s.situation == key} for key in (first, second)}
    assert asked[first] == set(same)
    assert not asked[first] & asked[second]
    assert data.report["written"]["queries"]["reasons"]["near-copy elsewhere"] >= 2


# The real path


TRANSIENT = {1: Fault.RATE_LIMITED, 3: Fault.SERVER_ERROR, 6: Fault.DROPPED, 8: Fault.RATE_LIMITED}


@pytest.mark.parametrize("concurrency", [1, 4])
def test_passing_failures_change_nothing(concurrency: int) -> None:
    with OpenAIServer() as server:
        undisturbed = generate(SMALL, models=over_http(server), concurrency=concurrency)
    with OpenAIServer(faults=TRANSIENT) as server:
        models = over_http(server)
        disturbed = generate(SMALL, models=models, concurrency=concurrency)
        assert models.ledger.snapshot().calls() == server.answered()
        assert models.ledger.snapshot().total().failures == server.failed() == len(TRANSIENT)
    assert disturbed.scenarios == undisturbed.scenarios
    assert disturbed.report["written"] == undisturbed.report["written"]
    assert disturbed.report["setup"] != undisturbed.report["setup"]  # another endpoint is another setup


@pytest.mark.parametrize("fault", [Fault.CUT_OFF, Fault.GARBAGE], ids=lambda fault: fault.name.lower())
def test_replies_that_cannot_be_read_are_counted_and_asked_for_again(fault: Fault) -> None:
    # dspy asks twice, in two formats; both replies are spoiled, of every third thing asked for
    with OpenAIServer(faults=lambda index, body: fault if index % 6 in (4, 5) else None) as server:
        models = over_http(server)
        data = generate(SMALL, models=models)
        assert models.ledger.snapshot().calls() == server.answered()
    unreadable = sum(counts["unreadable"] for counts in data.report["written"].values())
    assert unreadable > 0
    assert len(data.scenarios) == 24
    if fault is Fault.CUT_OFF:  # no half sentence has got in: every question is one that a whole reply had
        whole = {q for request in server.requests if request.fault is None for q in _queries(stand_in(request.body))}
        assert {s.query for s in data.scenarios} <= whole


def _queries(text: str) -> list[str]:
    found = re.search(r"\[\[ ## queries ## \]\]\n(.+)\n", text) or re.search(r'"queries": (\[.*?\])', text)
    return json.loads(found[1]) if found else []


def test_a_broken_step_is_recorded_and_done_by_the_next_run(tmp_path: Path) -> None:
    broken = {"career"}

    def fault(index: int, body: Body) -> Fault | None:
        return Fault.MALFORMED if asked_of(body).input("domain") in broken else None

    with OpenAIServer(faults=fault) as server:
        first = generate(SMALL, models=over_http(server, retries=1), journal=Journal(tmp_path))
        broken.clear()
        second = generate(SMALL, models=over_http(server), journal=Journal(tmp_path))
        whole = generate(SMALL, models=over_http(server))
    assert [failed["what"] for failed in first.report["failed"]] == ["career"]
    assert first.report["failed"][0]["reason"]
    assert {s.domain for s in first.scenarios} == {"health"}
    assert second.resumed == 3  # the situations of health, and the two of them
    assert second.scenarios == whole.scenarios
    assert second.report == whole.report


def test_what_would_fail_every_call_ends_the_run() -> None:
    with OpenAIServer(faults=lambda index, body: Fault.UNAUTHORIZED) as server, pytest.raises(Exception, match="key"):
        generate(SMALL, models=over_http(server))
    with (
        OpenAIServer(faults=lambda index, body: Fault.GARBAGE) as server,
        pytest.raises(RaiseError, match="no scenario"),
    ):
        generate(SMALL, models=over_http(server))
    assert server.count == 2 * 2 * 4 * 2  # two domains, two areas, four tries, two formats


# Limits and resuming


def test_at_a_limit_it_stops_and_the_next_run_goes_on(tmp_path: Path) -> None:
    store = ReplyStore(tmp_path / "replies.db")
    with OpenAIServer() as server:
        whole = generate(SMALL, models=over_http(server))
        needed = server.count
        models = over_http(server, store)
        budget = Budget(models.ledger, [MaxCalls(needed - 4)])
        cut = generate(SMALL, models=models, journal=Journal(tmp_path), budget=budget)
        assert cut.stopped == f"{needed - 4} LM calls are spent"
        assert 0 < len(cut.scenarios) < len(whole.scenarios)
        assert cut.report["finished"] is False
        rest = generate(SMALL, models=over_http(server, store), journal=Journal(tmp_path))
        assert server.count == 2 * needed  # no reply was asked for twice
    assert rest.scenarios == whole.scenarios
    assert rest.report == whole.report
    assert rest.resumed > 0


def test_a_limit_that_leaves_nothing_is_an_error() -> None:
    with pytest.raises(RaiseError, match="1 LM calls are spent"):
        made(calls=1)


def test_a_finished_set_takes_no_call_at_all(tmp_path: Path, small: Generated) -> None:
    made(journal=Journal(tmp_path))
    again = made(journal=Journal(tmp_path), calls=1)
    assert again.scenarios == small.scenarios
    assert again.resumed == 6  # two domains and four situations
    wider = made(
        GenerateSettings(("health", "career", "life"), SMALL.situations, SMALL.profiles, SMALL.queries),
        journal=Journal(tmp_path),
    )
    assert wider.resumed == 6
    assert wider.scenarios.scenarios[:24] == small.scenarios.scenarios
    assert made(seed=1, journal=Journal(tmp_path)).resumed == 0


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        (GenerateSettings(("money",)), "unknown domain 'money'"),
        (GenerateSettings(()), "unknown domain"),
        (GenerateSettings(("life", "life")), "named twice"),
        (GenerateSettings(queries=0), "at least one"),
    ],
)
def test_settings_that_mean_nothing(settings: GenerateSettings, sentence: str) -> None:
    with pytest.raises(RaiseError, match=sentence):
        made(settings)
