"""What calls took is added up for the jobs they were made for, over processes, interruptions and threads."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmark import Scenario, evaluate
from lms import LanguageModels, ReplyStore, Role, Usage
from lms.store import CHARGED, Charge, Reply
from modules import RAISE
from tests.lms.real import over_http
from tests.servers.openai_server import Fault, OpenAIServer

COUNTS = st.integers(0, 10**6)
CHARGES = st.builds(
    Charge,
    role=st.sampled_from(Role),
    usage=st.builds(Usage, calls=COUNTS, input_tokens=COUNTS, output_tokens=COUNTS, unpriced=COUNTS),
    jobs=st.lists(st.sampled_from("abc"), max_size=3, unique=True).map(tuple),
)


@given(st.lists(st.tuples(CHARGES, st.booleans()), max_size=15))
def test_a_job_s_usage_is_the_sum_of_its_charges(charges: list[tuple[Charge, bool]]) -> None:
    store = ReplyStore()
    for number, (charge, with_reply) in enumerate(charges):
        if with_reply:
            store.put(str(number % 3), Reply(text="x"), charge)  # also if another reply is kept under the key
        else:
            store.charge(charge)
    for job in "abc":
        for role in Role:
            found = store.usage_of(job).roles.get(role, Usage())
            for name in CHARGED:
                mine = (getattr(c.usage, name) for c, _ in charges if job in c.jobs and c.role is role)
                assert getattr(found, name) == sum(mine)


def test_charges_outlive_the_process_and_add_up_over_processes(tmp_path: Path) -> None:
    file = tmp_path / "replies.db"
    one, other = ReplyStore(file), ReplyStore(file)
    one.put("k", Reply(text="x"), Charge(Role.TARGET, Usage(calls=1, cost_usd=0.25), ("job",)))
    other.charge(Charge(Role.TARGET, Usage(calls=1, cost_usd=0.5), ("job", "another")))
    one.close()
    other.close()
    again = ReplyStore(file)
    assert again.usage_of("job").roles == {Role.TARGET: Usage(calls=2, cost_usd=0.75)}
    assert again.usage_of("another").calls() == {"target": 1}
    assert again.usage_of("nobody's").roles == {}


def test_a_reply_and_its_charge_are_kept_together_or_not_at_all(tmp_path: Path) -> None:
    store = ReplyStore(tmp_path / "replies.db")
    store._db.execute("DROP TABLE usage")
    with pytest.raises(Exception, match="usage"):
        store.put("k", Reply(text="x"), Charge(Role.TARGET, Usage(calls=1), ("job",)))
    assert store.get("k") is None
    assert len(store) == 0


def test_a_job_is_charged_for_calls_of_every_thread_a_scope_for_its_own() -> None:
    with OpenAIServer(lambda body: str(body["messages"])) as server:
        models = over_http(server.url)

        def ask(number: int) -> None:
            with models.ledger.scope(f"episode {number % 2}"):
                models[Role.TARGET](f"number {number}")

        with models.ledger.charged_to("whole"), ThreadPoolExecutor(4) as pool:
            list(pool.map(ask, range(9)))
        models[Role.TARGET]("afterwards")
    charged = {job: models.store.usage_of(job).calls() for job in ("whole", "episode 0", "episode 1")}
    assert charged == {"whole": {"target": 9}, "episode 0": {"target": 5}, "episode 1": {"target": 4}}


@pytest.mark.parametrize("fault", [None, Fault.CUT_OFF, Fault.EMPTY])
def test_what_cannot_be_used_is_charged_too(fault: Fault | None) -> None:
    with OpenAIServer("fine", faults=[fault]) as server:
        models = over_http(server.url, max_tokens=10)
        with models.ledger.scope("job") as tally:
            models[Role.TARGET]("hello")
    paid = 1 if fault is None else 2
    assert models.store.usage_of("job").calls() == {"target": paid}
    assert server.count == paid
    assert tally.replies() == {"target": 1}


@pytest.mark.parametrize("after", [1, 5, 11])
def test_an_interrupted_evaluation_reports_what_an_undisturbed_one_does(
    after: int, few: list[Scenario], tmp_path: Path
) -> None:
    def run(models: LanguageModels) -> tuple[dict[str, int], float | None, list[int]]:
        done = evaluate(RAISE(), few[:2], models=models, name="raise")
        return done.calls(), done.cost_usd(), done.frame["lm_replies"].tolist()

    def interrupt(models: LanguageModels) -> None:
        calls = Counter[str]()

        def stop() -> None:
            calls["made"] += 1
            if calls["made"] > after:
                raise KeyboardInterrupt

        with models.ledger.guarded_by(stop), pytest.raises(KeyboardInterrupt):
            run(models)

    with OpenAIServer() as server:
        undisturbed = run(over_http(server.url))
        interrupt(over_http(server.url, ReplyStore(tmp_path / "replies.db")))
        assert run(over_http(server.url, ReplyStore(tmp_path / "replies.db"))) == undisturbed
