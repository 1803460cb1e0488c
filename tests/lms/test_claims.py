"""Claims: of several processes on one store only one asks for a reply, and a dead one holds nobody up."""

import asyncio
import os
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from lms import ReplyStore, Role
from lms.file_store import LEASE
from lms.store import Reply
from tests.lms.real import over_http
from tests.servers.openai_server import OpenAIServer

ROOT = Path(__file__).parents[2]
WORKER = """
import sys
from pathlib import Path
from concurrent.futures import ThreadPoolExecutor
from lms import LanguageModels, ReplyStore, Role, RoleSettings
url, folder, kind = sys.argv[1:]
models = LanguageModels({Role.TARGET: RoleSettings(model="openai/m", api_base=url)}, ReplyStore(Path(folder) / "r.db"))
lm = models[Role.TARGET]
if kind == "threads":
    with ThreadPoolExecutor(4) as pool:
        texts = list(pool.map(lambda i: lm(f"question {i}")[0], range(40)))
else:
    import asyncio
    async def ask():
        return [output[0] for output in await asyncio.gather(*(lm.acall(f"question {i}") for i in range(40)))]
    texts = asyncio.run(ask())
print(len(set(texts)))
"""


@pytest.mark.parametrize("kinds", [("threads", "threads"), ("threads", "tasks")], ids="+".join)
def test_processes_on_one_store_never_ask_for_the_same_reply(kinds: tuple[str, str], tmp_path: Path) -> None:
    with OpenAIServer(lambda body: f"reply to {body['messages'][-1]['content']}") as server:
        command = [sys.executable, "-c", WORKER, server.url, str(tmp_path)]
        workers = [subprocess.Popen([*command, kind], cwd=ROOT, stdout=subprocess.PIPE, text=True) for kind in kinds]
        assert [worker.communicate(timeout=120)[0].strip() for worker in workers] == ["40", "40"]
        asked = Counter(received.text for received in server.requests)
    assert len(asked) == 40
    assert set(asked.values()) == {1}


def dead_owner() -> str:
    """The owner that a process would have which has ended."""
    ended = subprocess.run(
        [sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, text=True, check=True
    )
    return f"{os.uname().nodename} {ended.stdout.strip()} ffff"


@pytest.mark.parametrize("asynchronous", [False, True], ids=["sync", "async"])
def test_the_claim_of_a_dead_process_is_taken_over(asynchronous: bool, tmp_path: Path) -> None:
    with OpenAIServer("fine") as server:
        store = ReplyStore(tmp_path / "r.db")
        models = over_http(server.url, store)
        lm = models[Role.TARGET]
        lm("hello")
        [key] = [row[0] for row in store._db.execute("SELECT key FROM replies")]
        store.drop(key)
        store._db.execute("INSERT INTO claims VALUES (?, ?, ?)", (key, dead_owner(), time.time()))
        assert (asyncio.run(lm.acall("hello")) if asynchronous else lm("hello")) == ["fine"]
    assert server.count == 2
    assert store._db.execute("SELECT count(*) FROM claims").fetchone() == (0,)


def test_a_claim_of_another_machine_counts_until_its_lease_is_over(tmp_path: Path) -> None:
    store = ReplyStore(tmp_path / "r.db")
    for since, free in ((time.time(), False), (time.time() - LEASE - 1, True)):
        store._db.execute("INSERT OR REPLACE INTO claims VALUES ('k', 'elsewhere 1 ffff', ?)", (since,))
        assert store.claim("k") is free


def test_a_reply_that_is_there_cannot_be_claimed(tmp_path: Path) -> None:
    """It may have come after the first look for it."""
    store = ReplyStore(tmp_path / "r.db")
    store.put("k", Reply(text="fine"))
    assert store.claim("k") is False
    assert store._db.execute("SELECT count(*) FROM claims").fetchone() == (0,)


def test_a_failed_call_gives_up_its_claim(tmp_path: Path) -> None:
    store = ReplyStore(tmp_path / "r.db")
    with OpenAIServer() as server:
        url = server.url
    with pytest.raises(Exception, match=r"."):
        over_http(url, store, retries=0)[Role.TARGET]("hello")
    assert store._db.execute("SELECT count(*) FROM claims").fetchone() == (0,)
