"""Planning over scenarios: waves, pooled knowledge, limits, the journal, and queries that fail."""

import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmark import Scenario, build_authored, split
from benchmark.jobs.budget import Budget, spending_limits
from benchmark.jobs.journal import Journal
from benchmark.jobs.progress import Progress
from benchmark.planning.knowledge import KnowledgeFile, pool_evidence
from benchmark.planning.planning import STAGE, WAVE, Plan, PlanSettings, _waves, plan, planning_items
from lms import LanguageModels, Role, RoleSettings, default_models
from modules import PlannedPath, PlanningItem
from modules.offline import PEOPLE
from signatures import ATTRIBUTE_NAMES, Profile, RaiseError
from tests.benchmark.scripted import listen
from tests.servers.openai_server import Fault, OpenAIServer, role_of

SMALL = PlanSettings(queries=10, evaluations=4, depth=2)


@pytest.fixture(scope="module")
def train() -> list[Scenario]:
    """Train scenarios of two fields of life, so that ten queries make several waves."""
    return [row for row in split(build_authored(), "train") if row.domain in ("career", "health")]


def simulated(**traits: str) -> LanguageModels:
    """Fresh stand-ins, some of them with traits."""
    roles = default_models()
    for role, model in traits.items():
        roles[Role(role)] = RoleSettings(**{**roles[Role(role)].model_dump(), "model": model})
    return LanguageModels(roles)


def over_http(server: OpenAIServer, **changes: object) -> LanguageModels:
    return LanguageModels(
        {
            role: RoleSettings(model=model, api_base=server.url, retries=0, **changes)
            for role, model in ((Role.TARGET, "openai/gpt-4o"), (Role.JUDGE, "openai/judge"))
        }
    )


def journal(folder: Path) -> Journal:
    return Journal(folder, "paths.jsonl.journal")


# --- waves ---


@given(st.lists(st.sampled_from("abc"), max_size=40), st.booleans())
def test_waves_hold_every_query_once_and_few_of_each_domain(domains: list[str], pool: bool) -> None:
    items = [PlanningItem("q", (), domain=domain) for domain in domains]
    waves = _waves(items, PlanSettings(pool=pool))
    assert sorted(i for wave in waves for i in wave) == list(range(len(items)))
    if not pool:
        assert len(waves) == 1
        return
    for wave in waves:
        assert max(Counter(domains[i] for i in wave).values()) <= WAVE
    for domain in set(domains):  # in order, and none waits longer than it must
        order = [i for wave in waves for i in wave if domains[i] == domain]
        assert order == sorted(order)
        assert sum(domain in {domains[i] for i in wave} for wave in waves) == -(-len(order) // WAVE)


@pytest.mark.parametrize("changes", [{}, {"evaluations_at_once": 3}, {"pool": False}, {"strategy": "guided"}])
def test_concurrency_does_not_change_the_paths(train: list[Scenario], changes: Mapping[str, Any]) -> None:
    wanted = PlanSettings(**{"queries": 10, "evaluations": 4, "depth": 2, **changes})
    one, four = (plan(train, wanted, models=simulated(), concurrency=n) for n in (1, 4))
    assert one.paths.paths == four.paths.paths
    assert {d: k.to_json() for d, k in one.knowledge.items()} == {d: k.to_json() for d, k in four.knowledge.items()}
    assert [path.query for path in one.paths.paths] == [item.query for item in planning_items(train, 10, 0)]
    assert {path.source for path in one.paths.paths} == {"authored"}


def test_pooling_changes_later_waves_only(train: list[Scenario]) -> None:
    alone = plan(train, PlanSettings(10, 4, 2, pool=False), models=simulated())
    together = plan(train, SMALL, models=simulated())
    first = [i for wave in _waves(planning_items(train, 10, 0), SMALL)[:1] for i in wave]
    pairs = list(zip(alone.paths.paths, together.paths.paths, strict=True))
    assert all(pairs[i][0] == pairs[i][1] for i in first)
    assert any(a != b for a, b in pairs)
    assert alone.knowledge == {}
    assert {domain: known.queries for domain, known in together.knowledge.items()} == {"career": 5, "health": 5}


def test_planning_for_one_person_is_another_plan(train: list[Scenario]) -> None:
    everyone, one = (plan(train, PlanSettings(4, 6, 2, people=people), models=simulated()) for people in PEOPLE)
    assert [p.query for p in everyone.paths.paths] == [p.query for p in one.paths.paths]
    assert everyone.paths.paths != one.paths.paths


def test_the_judge_sees_whole_profiles_and_the_target_only_parts(train: list[Scenario]) -> None:
    models = simulated()
    target, judge = listen(models, Role.TARGET), listen(models, Role.JUDGE)
    plan(train, PlanSettings(2, 6, 2), models=models)
    labels = [name.replace("_", " ").replace("self harm", "self-harm") for name in ATTRIBUTE_NAMES]
    assert all(all(f"- {label}:" in prompt.input("profile") for label in labels) for prompt in judge)
    contexts = [prompt.input("context") for prompt in target if "response" in prompt.fields]
    assert max(context.count("\n- ") + context.startswith("- ") for context in contexts) <= 4


def test_every_evaluation_is_a_new_sample_of_answer_and_judgement(train: list[Scenario]) -> None:
    models = simulated()
    target, judge = listen(models, Role.TARGET), listen(models, Role.JUDGE)
    found = plan(train, PlanSettings(1, 60, 1, strategy="uct"), models=models)
    assert models.ledger.snapshot().total().reused == 0
    for prompts in (target, judge):
        asked = [(prompt.text, prompt.rollout) for prompt in prompts]
        assert len(asked) == len(set(asked)) >= 60
        assert max(rollout for _, rollout in asked) > 0
    by_subset: dict[tuple[str, ...], set[float]] = {}
    for names, reward in found.paths.paths[0].history:
        by_subset.setdefault(names, set()).add(reward)
    assert max(map(len, by_subset.values())) > 1


# --- journal ---


def test_finished_queries_are_not_planned_again(train: list[Scenario], tmp_path: Path) -> None:
    first = plan(train, SMALL, models=simulated(), journal=journal(tmp_path))
    models = simulated()  # nothing in its reply store
    again = plan(train, SMALL, models=models, journal=journal(tmp_path), concurrency=4)
    assert again.paths.paths == first.paths.paths
    assert (first.resumed, again.resumed) == (0, 10)
    assert models.ledger.snapshot().calls() == {}
    more = plan(train, PlanSettings(12, 4, 2), models=simulated(), journal=journal(tmp_path))
    assert more.resumed >= 8  # the last wave of ten queries is filled up, the ones before are the same


@pytest.mark.parametrize(
    "changes",
    [{"evaluations": 5}, {"depth": 3}, {"strategy": "uct"}, {"people": "one"}, {"evaluations_at_once": 2}],
)
def test_another_setting_starts_anew(train: list[Scenario], tmp_path: Path, changes: Mapping[str, Any]) -> None:
    base: dict[str, Any] = {"queries": 2, "evaluations": 4, "depth": 2}
    plan(train, PlanSettings(**base), models=simulated(), journal=journal(tmp_path))
    assert plan(train, PlanSettings(**{**base, **changes}), models=simulated(), journal=journal(tmp_path)).resumed == 0


def test_another_seed_model_or_person_starts_anew(train: list[Scenario], tmp_path: Path) -> None:
    wanted = PlanSettings(2, 3, 2)
    plan(train, wanted, models=simulated(), journal=journal(tmp_path))
    judge = simulated(judge="sim/judge?noise=0.1")
    assert plan(train, wanted, models=simulated(), journal=journal(tmp_path), seed=1).resumed == 0
    assert plan(train, wanted, models=judge, journal=journal(tmp_path)).resumed == 0
    assert plan(train, wanted, models=simulated(), journal=journal(tmp_path)).resumed == 2
    changed = [row.model_copy(update={"profile": Profile(**{**row.profile.known(), "age": "99"})}) for row in train]
    assert plan(changed, wanted, models=simulated(), journal=journal(tmp_path)).resumed == 0


def test_what_was_planned_with_other_knowledge_is_not_reused(train: list[Scenario], tmp_path: Path) -> None:
    plan(train, PlanSettings(10, 4, 2, pool=False), models=simulated(), journal=journal(tmp_path))
    together = plan(train, SMALL, models=simulated(), journal=journal(tmp_path))
    assert together.resumed == 2 * WAVE  # the first wave of both domains, which knew nothing either
    assert together.paths.paths == plan(train, SMALL, models=simulated()).paths.paths


@pytest.mark.parametrize("cut", [1, 30, 200])
def test_a_torn_last_line_costs_one_query(train: list[Scenario], tmp_path: Path, cut: int) -> None:
    wanted = PlanSettings(4, 3, 2, pool=False)
    whole = plan(train, wanted, models=simulated(), journal=journal(tmp_path))
    file = tmp_path / "paths.jsonl.journal"
    file.write_bytes(file.read_bytes()[: -1 - cut])
    again = plan(train, wanted, models=simulated(), journal=journal(tmp_path))
    assert again.resumed == 3
    assert again.paths.paths == whole.paths.paths
    assert plan(train, wanted, models=simulated(), journal=journal(tmp_path)).resumed == 4


# --- limits ---


def limited(models: LanguageModels, **limits: Any) -> Budget:
    return Budget(models.ledger, spending_limits(**limits))


def test_a_limit_on_calls_ends_planning_with_what_there_is_and_the_rest_can_follow(
    train: list[Scenario], tmp_path: Path
) -> None:
    models = simulated()
    cut = plan(train, SMALL, models=models, journal=journal(tmp_path), budget=limited(models, calls=25))
    spent = models.ledger.snapshot().total().calls
    assert 25 <= spent <= 25 + 2 * 4 + 1  # the query under way is finished
    assert 0 < len(cut.paths) < 10
    assert cut.stopped == "25 LM calls are spent"
    rest = plan(train, SMALL, models=models, journal=journal(tmp_path), budget=limited(models, calls=1000))
    assert (rest.resumed, rest.stopped) == (len(cut.paths), "")
    assert rest.paths.paths == plan(train, SMALL, models=simulated()).paths.paths


def test_calls_before_planning_and_stored_replies_are_free(train: list[Scenario]) -> None:
    models = simulated()
    first = plan(train, SMALL, models=models)
    again = plan(train, SMALL, models=models, budget=limited(models, calls=1))  # everything is in the reply store
    assert (again.stopped, again.paths.paths) == ("", first.paths.paths)


def test_a_limit_that_is_never_met_says_nothing(train: list[Scenario]) -> None:
    models = simulated()
    assert plan(train, SMALL, models=models, budget=limited(models, calls=10_000, usd=5.0)).stopped == ""


def test_a_limit_in_money(train: list[Scenario]) -> None:
    with OpenAIServer() as server:
        roles = over_http(server).roles
        roles[Role.JUDGE] = RoleSettings(model="openai/gpt-4o-mini", api_base=server.url)
        whole, models = LanguageModels(roles), LanguageModels(roles)
        plan(train, SMALL, models=whole)
        price = whole.ledger.snapshot().total().cost_usd
        assert price > 0
        cut = plan(train, SMALL, models=models, budget=limited(models, usd=price / 3))
    spent = models.ledger.snapshot().total().cost_usd
    assert price / 3 <= spent < price * 0.6
    assert "US$" in cut.stopped
    assert len(cut.paths) < 10


def test_a_limit_in_money_needs_prices(train: list[Scenario]) -> None:
    with OpenAIServer() as server:
        models = over_http(server)
        with pytest.raises(RaiseError, match=r"openai/judge.* not known"):
            plan(train, SMALL, models=models, budget=limited(models, usd=5.0))
    assert server.count == 0


def test_progress_counts_queries_and_the_calls_to_come(train: list[Scenario]) -> None:
    reports: list[Progress] = []
    models = simulated()
    plan(train, SMALL, models=models, progress=reports.append)
    assert [report.done for report in reports] == sorted(report.done for report in reports)
    assert reports[0] == Progress(STAGE, 0, 10, f"about {10 * (1 + 2 * 4)} LM calls to go")
    assert reports[-1] == Progress(STAGE, 10, 10, "about 0 LM calls to go")
    assert {report.total for report in reports} == {10}
    half = next(int(report.note.split()[1]) for report in reports if report.done == 5)
    assert half == pytest.approx(models.ledger.snapshot().total().calls / 2, rel=0.2)


# --- failures ---


def test_an_unreadable_judge_is_counted_and_nothing_is_made_up(train: list[Scenario]) -> None:
    found = plan(train, PlanSettings(6, 6, 2), models=simulated(judge="sim/judge?misread=0.6"))
    assert sum(path.failures for path in found.paths.paths) > 0
    for path in found.paths.paths:
        assert len(path.history) + path.failures == path.evaluations <= 6


def test_queries_that_fail_are_recorded_with_their_reason_and_tried_again(
    train: list[Scenario], tmp_path: Path
) -> None:
    wanted = PlanSettings(4, 3, 2)
    unlucky = planning_items(train, 4, 0)[1].query

    def fault(index: int, body: dict[str, Any]) -> Fault | None:
        hit = role_of(body) is Role.JUDGE and unlucky in str(body["messages"])
        return Fault.SERVER_ERROR if hit else None

    with OpenAIServer(faults=fault) as server:
        found = plan(train, wanted, models=over_http(server), journal=journal(tmp_path), concurrency=2)
        [failure] = found.failed
        assert (len(found.paths), failure.query) == (3, unlucky)
        assert "all 3 evaluations failed" in failure.reason
        assert "the server had an error" in failure.reason
        again = plan(train, wanted, models=over_http(server), journal=journal(tmp_path))
        assert (again.resumed, len(again.failed)) == (3, 1)


def test_when_every_query_fails_the_user_is_told_why(train: list[Scenario]) -> None:
    with pytest.raises(RaiseError, match=r"no query could be planned .*no readable grades"):
        plan(train, PlanSettings(2, 2, 2), models=simulated(judge="sim/judge?misread=1"))


def test_a_wrong_key_stops_everything_at_once(train: list[Scenario], tmp_path: Path) -> None:
    from dspy.utils.exceptions import LMAuthError

    with OpenAIServer(faults=lambda index, body: Fault.UNAUTHORIZED if index >= 30 else None) as server:
        with pytest.raises(LMAuthError):
            plan(train, SMALL, models=over_http(server), journal=journal(tmp_path))
        assert server.count == 31
        models = over_http(server)
    assert len((tmp_path / "paths.jsonl.journal").read_text().splitlines()) >= 2  # what was finished is kept
    assert models.ledger.snapshot().calls() == {}


@pytest.mark.parametrize("wrong", [{"strategy": "guess"}, {"people": "some"}])
def test_unknown_names_are_refused(train: list[Scenario], wrong: Mapping[str, Any]) -> None:
    with pytest.raises(RaiseError, match=str(next(iter(wrong.values())))):
        plan(train, PlanSettings(**wrong), models=simulated())


# --- the file of pooled knowledge ---


def known(file: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return content


def test_knowledge_goes_from_one_run_to_the_next(train: list[Scenario], tmp_path: Path) -> None:
    file = tmp_path / "knowledge.json"
    first = plan(train, SMALL, models=simulated(), knowledge=KnowledgeFile(file))
    assert known(file)["queries"] == {"career": 5, "health": 5}
    other = plan(train, SMALL, models=simulated(), seed=1, knowledge=KnowledgeFile(file))
    assert known(file)["queries"] == {"career": 10, "health": 10}
    assert other.paths.paths != plan(train, SMALL, models=simulated(), seed=1).paths.paths
    assert first.paths.paths == plan(train, SMALL, models=simulated()).paths.paths


def test_the_same_run_again_does_not_learn_from_itself(train: list[Scenario], tmp_path: Path) -> None:
    file = tmp_path / "knowledge.json"

    def again(**limits: int) -> Plan:
        models = simulated()
        budget = limited(models, **limits)
        return plan(
            train, SMALL, models=models, knowledge=KnowledgeFile(file), journal=journal(tmp_path), budget=budget
        )

    assert again(calls=25).stopped
    partly = known(file)["queries"]
    whole = again()
    assert whole.stopped == ""
    assert whole.resumed == sum(partly.values())
    content = file.read_bytes()
    assert again().paths.paths == whole.paths.paths == plan(train, SMALL, models=simulated()).paths.paths
    assert file.read_bytes() == content


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"\xff",
        b'{"schema": 99, "kind": "raise-domain-knowledge", "run": "", "before": {}, "domains": {}}',
        b'{"schema": 1, "kind": "raise-domain-knowledge", "run": "", "before": {}, "domains": {"career": {}}}',
        b'{"schema": 1, "kind": "raise-domain-knowledge", "run": "", "before": {}, "domains": {"a": {"schema": 9}}}',
        b'{"schema": 1, "kind": "raise-paths", "run": "", "before": {}, "domains": {}}',
    ],
)
def test_a_file_that_holds_no_knowledge_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "knowledge.json").write_bytes(content)
    with pytest.raises(RaiseError, match=r"knowledge\.json"):
        KnowledgeFile(tmp_path / "knowledge.json")


def test_knowledge_that_would_not_be_used_is_refused(train: list[Scenario], tmp_path: Path) -> None:
    for settings_ in (PlanSettings(pool=False), PlanSettings(strategy="uct")):
        with pytest.raises(RaiseError, match="lattice"):
            plan(train, settings_, models=simulated(), knowledge=KnowledgeFile(tmp_path / "k.json"))


@given(
    st.lists(
        st.builds(
            PlannedPath,
            query=st.just("q"),
            path=st.just(()),
            value=st.just(3.0),
            evaluations=st.just(2),
            domain=st.sampled_from("ab"),
            history=st.lists(
                st.tuples(st.sampled_from([(), ("age",), ("age", "gender")]), st.floats(1, 5)), min_size=1, max_size=4
            ).map(tuple),
            ranking=st.permutations(ATTRIBUTE_NAMES).map(tuple) | st.just(()),
        ),
        max_size=6,
    )
)
@settings(max_examples=25, deadline=None)
def test_the_order_of_domains_does_not_matter_to_what_each_learns(paths: list[PlannedPath]) -> None:
    by_domain = sorted(paths, key=lambda path: path.domain)  # stable: within a domain the order stays
    one, other = pool_evidence({}, paths), pool_evidence({}, by_domain)
    assert {d: k.to_json() for d, k in one.items()} == {d: k.to_json() for d, k in other.items()}
    assert sum(k.queries for k in one.values()) == len(paths)
