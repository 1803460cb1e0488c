"""The whole pipeline on the written posts: stand-ins, real models over HTTP with faults, limits, kills, accounts."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from dspy.utils.exceptions import LMAuthError

from benchmark import load_scenarios
from benchmark.jobs.budget import Budget, spending_limits
from benchmark.jobs.journal import Journal
from benchmark.jobs.progress import Progress
from benchmark.scenarios.reddit import (
    Built,
    Drop,
    Files,
    RedditSettings,
    Scan,
    Stage,
    build_reddit,
    look,
    make,
    personal_data,
    subreddit_table,
)
from benchmark.scenarios.reddit.wording import find_shared_words
from lms import LanguageModels, ReplyStore, Role, RoleSettings
from lms.simulation.reader import LABEL
from signatures import RaiseError
from tests.benchmark.scenarios.reddit.written import dump, entry, write_dump, written
from tests.servers.openai_server import Body, Fault, OpenAIServer

KEPT = 8
"""Scenarios that stand-ins make of the written posts."""
TABLE = subreddit_table()


@pytest.fixture
def found(tmp_path: Path) -> Scan:
    return look([write_dump(tmp_path / "d.zst", dump())], TABLE, RedditSettings())


def simulated(**traits: Any) -> LanguageModels:
    words = "&".join(f"{name}={value}" for name, value in traits.items())
    return LanguageModels({Role.TEACHER: RoleSettings(model=f"sim/teacher?{words}", temperature=1.0)})


def over_http(server: OpenAIServer, store: ReplyStore | None = None, **settings: Any) -> LanguageModels:
    fields = {"model": "openai/teacher", "api_base": server.url, "temperature": 1.0, "retries": 2, **settings}
    return LanguageModels({Role.TEACHER: RoleSettings(**fields)}, store)


def build(found: Scan, models: LanguageModels, **options: Any) -> Built:
    return build_reddit(found.candidates, found.yields, models=models, **options)


def rows(built: Built) -> list[dict[str, Any]]:
    return [scenario.row() for scenario in built.scenarios]


# What comes out


def test_the_written_posts_become_scenarios_that_hold_nothing_of_them(found: Scan) -> None:
    built = build(found, LanguageModels())
    assert len(built.scenarios) == KEPT
    assert built.complete
    originals = [f"{post['title']}\n{post['selftext']}" for post in map(entry, written().values())]
    traces = [post.get("author", "").lower() for post in written().values()] + ["gullmark", "duluth", "anselm", "vogel"]
    for scenario in built.scenarios:
        assert (scenario.source, scenario.situation.split("/")[0]) == ("reddit", scenario.domain)
        assert len(scenario.profile.known()) >= 7
        assert LABEL in scenario.query  # a stand-in's wording says so itself
        for text in (scenario.query, *scenario.profile.known().values()):
            assert personal_data(text) == []
            assert not [original for original in originals if original and find_shared_words(text, original)]
            assert [trace for trace in traces if trace and trace in text.lower()] == []
    assert len({s.situation for s in built.scenarios}) == len({s.id for s in built.scenarios}) == KEPT


def test_no_model_ever_sees_personal_data(found: Scan) -> None:
    with OpenAIServer() as server:
        build(found, over_http(server))
        sent = "\n".join(request.text for request in server.requests).lower()
    for trace in ("anselm", "vogel", "alder street", "55802", "lindqvist", "555-0143", "123-45-6789", "harbor_lantern"):
        assert trace not in sent
    assert "paycheck to paycheck" in sent


def test_the_account_continues_that_of_the_scan_and_adds_up(found: Scan) -> None:
    before = found.yields.copy()
    built = build(found, LanguageModels())
    assert found.yields == before
    for name in built.yields.domains():
        passed, dropped = built.yields.passed[name], built.yields.dropped[name]
        assert passed[Stage.POST] == passed[Stage.SCENARIO] + dropped.total()
        counts = [passed[stage] for stage in Stage]
        assert counts == sorted(counts, reverse=True)
    assert built.yields.stage(Stage.SCENARIO) == KEPT
    assert built.yields.stage(Stage.READ) == len(found.candidates)


def test_any_concurrency_and_order_gives_the_same_scenarios(found: Scan) -> None:
    one, eight = build(found, LanguageModels()), build(found, LanguageModels(), concurrency=8)
    assert (rows(one), one.yields) == (rows(eight), eight.yields)


def test_the_same_reading_of_two_posts_is_one_scenario(found: Scan) -> None:
    twins = [candidate for candidate in found.candidates if "freelance designer" in candidate.text] * 2
    built = build_reddit(twins, found.yields, models=LanguageModels())
    assert (len(twins), len(built.scenarios)) == (2, 1)
    assert built.yields.reasons()[Drop.REPEATED] == 1
    assert built.yields.stage(Stage.SCENARIO) == 1


# Failures


def test_what_a_server_counts_is_what_the_ledger_counts_under_faults(found: Scan) -> None:
    faults = [None, Fault.RATE_LIMITED, Fault.GARBAGE, None, Fault.EMPTY, Fault.SERVER_ERROR, None, Fault.CUT_OFF]
    with OpenAIServer(faults=lambda i, body: faults[i % len(faults)] if i < 40 else None) as server:
        models = over_http(server, retries=5)
        built = build(found, models, concurrency=4)
        assert models.ledger.snapshot().calls() == server.answered()
        assert models.ledger.snapshot().total().failures == server.failed()
    assert built.complete
    assert 1 <= len(built.scenarios) <= KEPT
    assert built.yields.stage(Stage.READ) == len(found.candidates)


def test_posts_whose_calls_fail_are_counted_and_read_next_time(found: Scan, tmp_path: Path) -> None:
    down = [True]

    def sometimes(index: int, body: Body) -> Fault | None:
        return Fault.SERVER_ERROR if down[0] and index % 3 == 0 else None

    with OpenAIServer(faults=sometimes) as server:
        first = build(found, over_http(server, retries=0), journal=Journal(tmp_path, "j"))
        assert first.failed
        assert not first.complete
        assert all(failure.reason.startswith("LM") for failure in first.failed)
        assert first.yields.stage(Stage.READ) == len(found.candidates) - len(first.failed)
        down[0] = False
        again = build(found, over_http(server, retries=0), journal=Journal(tmp_path, "j"))
    assert (again.resumed, len(again.failed)) == (len(found.candidates) - len(first.failed), 0)
    assert rows(again) == rows(build(found, LanguageModels()))


def test_a_wrong_key_stops_the_job_at_once(found: Scan) -> None:
    with OpenAIServer(faults=lambda index, body: Fault.UNAUTHORIZED) as server:
        with pytest.raises(LMAuthError):
            build(found, over_http(server))
        assert server.count == 1


def test_a_model_that_talks_nonsense_yields_reasons_not_scenarios(found: Scan) -> None:
    with OpenAIServer("certainly, here you go") as server:
        built = build(found, over_http(server))
    assert (len(built.scenarios), built.complete) == (0, True)
    assert built.yields.reasons()[Drop.UNREADABLE] == len(found.candidates)


# Going on


def limited(models: LanguageModels, **limits: Any) -> Budget:
    return Budget(models.ledger, spending_limits(**limits))


def test_a_killed_job_goes_on_without_asking_again(found: Scan, tmp_path: Path) -> None:
    with OpenAIServer() as server:
        whole = build(found, over_http(server))
        calls = server.count

        def killed(report: Progress) -> None:
            if report.done == 4:
                raise KeyboardInterrupt

        store = ReplyStore(tmp_path / "r.db")
        with pytest.raises(KeyboardInterrupt):
            build(found, over_http(server, store), journal=Journal(tmp_path, "j"), progress=killed)
        assert calls < server.count < 2 * calls
        resumed = build(found, over_http(server, store), journal=Journal(tmp_path, "j"))
        assert server.count == 2 * calls
    assert (resumed.resumed, rows(resumed)) == (4, rows(whole))
    assert resumed.yields == whole.yields


def test_a_limit_ends_it_between_posts_and_the_rest_is_read_later(found: Scan, tmp_path: Path) -> None:
    models = LanguageModels()
    cut = build(found, models, journal=Journal(tmp_path, "j"), budget=limited(models, calls=7))
    assert cut.stopped == "7 LM calls are spent"
    assert (cut.unread, cut.complete) == (len(found.candidates) - 3, False)
    rest = build(found, LanguageModels(), journal=Journal(tmp_path, "j"))
    assert (rest.resumed, rest.unread, len(rest.scenarios)) == (3, 0, KEPT)


def test_a_limit_in_money_needs_a_price_and_keeps_to_it(found: Scan) -> None:
    with OpenAIServer() as server:
        models = over_http(server)
        with pytest.raises(RaiseError, match="price of 'openai/teacher' is not known"):
            build(found, models, budget=limited(models, usd=1.0))
        models = over_http(server, model="openai/gpt-4o")
        cut = build(found, models, budget=limited(models, usd=0.004))
    assert 0.004 <= models.ledger.snapshot().total().cost_usd < 0.02
    assert cut.unread > 0
    assert "US$ 0.004 are spent" in cut.stopped


def test_other_settings_read_again(found: Scan, tmp_path: Path) -> None:
    build(found, LanguageModels(), journal=Journal(tmp_path, "j"))
    assert build(found, LanguageModels(), journal=Journal(tmp_path, "j"), at_least=8).resumed == 0
    assert build(found, simulated(noise=0.1), journal=Journal(tmp_path, "j")).resumed == 0
    with pytest.raises(RaiseError, match="11 of 10"):
        build(found, LanguageModels(), at_least=11)


# The job


def test_the_job_writes_scenarios_and_a_card_and_leaves_no_post_behind(tmp_path: Path) -> None:
    file, out = write_dump(tmp_path / "RS_2022-01.zst", dump()), tmp_path / "out" / "reddit.jsonl"
    built, card = make([file], TABLE, RedditSettings(), out, models=LanguageModels())
    assert load_scenarios(out).hash == built.scenarios.hash
    assert json.loads(Files(out).card.read_text()) == card
    assert (card["simulated"], card["complete"], card["dumps"][0]["name"]) == (True, True, "RS_2022-01.zst")
    assert {path.name for path in out.parent.iterdir()} == {
        "reddit.jsonl",
        "reddit.jsonl.card.json",
        "reddit.jsonl.journal",
    }
    left = "".join(path.read_text() for path in out.parent.iterdir())
    for post in map(entry, written().values()):
        assert not find_shared_words(left, post["selftext"] or "")
        assert len(post["author"]) < 6 or post["author"] not in left
    before = out.read_bytes()
    again, _ = make([file], TABLE, RedditSettings(), out, models=LanguageModels())
    assert (again.resumed, out.read_bytes()) == (len(dump()) - 22, before)


def test_an_unfinished_job_keeps_its_scan(tmp_path: Path) -> None:
    file, out = write_dump(tmp_path / "d.zst", dump()), tmp_path / "r.jsonl"
    models = LanguageModels()
    make([file], TABLE, RedditSettings(), out, models=models, budget=limited(models, calls=6))
    assert Files(out).state.exists()
    make([file], TABLE, RedditSettings(), out, models=LanguageModels())
    assert not Files(out).state.exists()


def test_a_job_without_scenarios_says_why_and_keeps_the_account(tmp_path: Path) -> None:
    out = tmp_path / "r.jsonl"
    thin = write_dump(tmp_path / "thin.ndjson", dump("cues-but-thin"))
    with pytest.raises(RaiseError, match="reveals too few attributes"):
        make([thin], TABLE, RedditSettings(), out, models=LanguageModels())
    other = write_dump(tmp_path / "other.ndjson", dump("elsewhere"))
    with pytest.raises(RaiseError, match="none of the lines"):
        make([other], TABLE, RedditSettings(), out, models=LanguageModels())
    assert not out.exists()
    assert json.loads(Files(out).card.read_text())["yield"]["flaws"] == {"subreddit not in the table": 1}
    with pytest.raises(RaiseError, match="is a folder"):
        make([thin], TABLE, RedditSettings(), tmp_path, models=LanguageModels())
    with pytest.raises(RaiseError, match="one of the dumps"):
        make([thin], TABLE, RedditSettings(), thin, models=LanguageModels())


def test_refused_attributes_are_counted_over_all_posts(found: Scan) -> None:
    built = build(found, LanguageModels())
    assert isinstance(built.yields.refused, Counter)
    assert built.yields.to_json()["refused_attributes"] == dict(built.yields.refused)
