"""A store of the newest replies: as the durable one, but it forgets what was not used for longest."""

from hypothesis import given
from hypothesis import strategies as st

from lms import LanguageModels, RecentReplies, Role
from lms.store import Reply


def kept(store: RecentReplies, keys: str) -> str:
    return "".join(key for key in keys if store.get(key) is not None)


def test_what_was_not_used_for_longest_is_forgotten() -> None:
    store = RecentReplies(2)
    store.put("a", Reply(text="1"))
    store.put("b", Reply(text="2"))
    assert store.get("a") is not None
    store.put("c", Reply(text="3"))
    assert kept(store, "abc") == "ac"


def test_the_first_reply_of_a_key_is_the_one_that_counts() -> None:
    store = RecentReplies(2)
    store.put("a", Reply(text="1"))
    assert store.put("a", Reply(text="2")).text == "1"


@given(
    most=st.integers(1, 4),
    steps=st.lists(st.tuples(st.sampled_from(["get", "put"]), st.sampled_from("abcdefgh")), max_size=40),
)
def test_it_never_holds_more_and_always_the_last_ones(most: int, steps: list[tuple[str, str]]) -> None:
    store = RecentReplies(most)
    used: list[str] = []
    for what, key in steps:
        if what == "put":
            store.put(key, Reply(text=key))
        elif store.get(key) is None:
            continue
        used = [other for other in used if other != key] + [key]
        used = used[-most:]
    assert len(store) == len(used)
    assert all(store.get(key) is not None for key in used)


def test_programs_run_on_it() -> None:
    models = LanguageModels(store=RecentReplies(1))
    for text in ("hello", "hello", "goodbye"):
        models[Role.TARGET](text)
    total = models.ledger.snapshot().total()
    assert (total.calls, total.reused, len(models.store)) == (2, 1, 1)
