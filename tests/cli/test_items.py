"""``raise data export``: a set for other harnesses."""

import json
from pathlib import Path

from benchmark import build_authored
from tests.cli.conftest import Run


def test_the_same_set_gives_the_same_bytes_with_its_hash_in_every_line(run: Run) -> None:
    ran = run("data", "export", "--limit", "5", "--out", "penguin.jsonl", "--json")
    assert ran.code == 0, ran.err
    assert ran.object["items"] == 5
    written = Path("penguin.jsonl").read_text(encoding="utf-8")
    lines = [json.loads(line) for line in written.splitlines()]
    assert {line["data_hash"] for line in lines} == {ran.object["data"]["hash"]} == {build_authored().hash}
    assert len({line["hash"] for line in lines}) == 5
    assert [message["role"] for message in lines[0]["context_free"]] == ["system", "user"]
    run("data", "export", "--limit", "5", "--out", "penguin.jsonl")
    assert Path("penguin.jsonl").read_text(encoding="utf-8") == written
