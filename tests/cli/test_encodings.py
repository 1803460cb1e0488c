"""Terminals and pipes without Unicode: no crash, no lost JSON, straight tables; files with odd encodings."""

import codecs
import json
import os
import pty
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from rich.console import Console

from benchmark import build_authored
from cli.settings import load_settings
from signatures import RaiseError
from tests.cli.conftest import Run

QUERY = "我该辞职吗? Стоит ли é 😀 한"
ROW = {
    "id": "a",
    "domain": "career",
    "situation": "career/辞职",
    "source": "hub",
    "query": QUERY,
    "profile": {"age": "三十五岁"},
}
PLAIN_C = {"PYTHONUTF8": "0", "LC_ALL": "C", "PYTHONCOERCECLOCALE": "0"}
NARROW = [
    {"PYTHONIOENCODING": "cp1252"},
    {"PYTHONIOENCODING": "gbk"},
    {"PYTHONIOENCODING": "ascii"},
    {"PYTHONIOENCODING": "ascii:strict"},
    PLAIN_C,
]
COMMANDS = [
    ("data", "describe", "--data", "set.jsonl", "--sample", "1"),
    ("-v", "evaluate", "vanilla", "--data", "set.jsonl", "--split", "all"),
    ("evaluate", "护士"),
    ("data", "describe", "--data", "没有.jsonl"),
    ("reproduce", "--help"),
]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with a scenario file that no narrow encoding can say."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "set.jsonl").write_text(json.dumps(ROW, ensure_ascii=False) + "\n", encoding="utf-8")
    return tmp_path


def started(*words: str, **env: str) -> "subprocess.CompletedProcess[bytes]":
    root = str(Path(__file__).parents[2])
    command = [sys.executable, "-m", "cli", *words]
    return subprocess.run(command, capture_output=True, check=False, env={**os.environ, "PYTHONPATH": root, **env})


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("env", NARROW, ids=lambda env: "-".join(env.values()))
def test_no_encoding_ends_a_command(env: dict[str, str]) -> None:
    ended = [started(*words, **env) for words in COMMANDS]
    assert [done.returncode for done in ended] == [0, 0, 2, 2, 0]
    assert not [done.stderr for done in ended if b"Traceback" in done.stderr or b"UnicodeEncodeError" in done.stderr]


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("env", NARROW, ids=lambda env: "-".join(env.values()))
def test_json_is_whole_whatever_the_encoding(env: dict[str, str]) -> None:
    done = started("data", "describe", "--data", "set.jsonl", "--sample", "1", "--json", **env)
    assert done.stdout.isascii()
    assert json.loads(done.stdout)["sample"][0]["query"] == QUERY


@pytest.mark.usefixtures("folder")
def test_tables_stay_straight_where_letters_are_escaped() -> None:
    done = started("data", "describe", "--data", "set.jsonl", "--sample", "1", PYTHONIOENCODING="ascii")
    table = [line for line in done.stdout.decode("ascii").splitlines() if line.startswith(("|", "+"))]
    assert "\\u6211" in done.stdout.decode("ascii")
    assert table
    assert {len(line) for line in table if line.startswith("+")} >= {len(line) for line in table}


def everything(terminal: int) -> Iterator[bytes]:
    """What is drawn in a terminal until its last program ends, which Linux tells by an error."""
    with suppress(OSError):
        while data := os.read(terminal, 4096):
            yield data


@pytest.mark.usefixtures("folder")
def test_progress_bars_are_drawn_in_a_terminal_without_unicode() -> None:
    main, terminal = pty.openpty()
    root = str(Path(__file__).parents[2])
    command = [sys.executable, "-m", "cli", "evaluate", "vanilla", "--data", "set.jsonl", "--split", "all"]
    env = {**os.environ, **PLAIN_C, "PYTHONPATH": root, "TERM": "xterm"}
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=terminal, env=env) as started_one:
        os.close(terminal)
        drawn = b"".join(everything(main))
    os.close(main)
    assert started_one.returncode == 0
    assert b"vanilla" in drawn
    assert drawn.isascii()
    assert b"\\u28" not in drawn  # the dots of the usual spinner


MARK = codecs.BOM_UTF8


def test_settings_with_a_byte_order_mark_are_read(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAISE_CONCURRENCY", "")  # so that it is gone again after the test
    monkeypatch.delenv("RAISE_CONCURRENCY")
    (folder / "raise.toml").write_bytes(MARK + b'root = "elsewhere"\r\n')
    (folder / ".env").write_bytes(MARK + b"RAISE_CONCURRENCY=3\r\n")
    settings = load_settings()
    assert (str(settings.root), settings.concurrency) == ("elsewhere", 3)


@pytest.mark.parametrize("name", ["raise.toml", ".env"])
@pytest.mark.parametrize(
    ("data", "said"),
    [
        ("# a\n".encode("utf-16"), "is in UTF-16: save it as UTF-8."),
        ("# a\n# café\n".encode("latin-1"), "is not in UTF-8 (line 2): save it as UTF-8."),
    ],
)
def test_settings_in_another_encoding_are_named(folder: Path, name: str, data: bytes, said: str) -> None:
    (folder / name).write_bytes(data)
    with pytest.raises(RaiseError) as caught:
        load_settings()
    assert str(caught.value) == f"{name} {said}"


def test_a_scenario_file_with_a_byte_order_mark_is_read(folder: Path, run: Run) -> None:
    rows = [json.dumps(scenario.row()) for scenario in list(build_authored())[:2]]
    Path("marked.jsonl").write_bytes(MARK + "\r\n".join(rows).encode())
    assert run("data", "describe", "--data", "marked.jsonl", "--json").object["n"] == 2


@pytest.mark.parametrize(
    ("pack", "said"),
    [
        (lambda text: text.encode("utf-16"), "is in UTF-16: save it as UTF-8."),
        (lambda text: text.encode("utf-16-le"), "is in UTF-16: save it as UTF-8."),
        (lambda text: text.encode("utf-32"), "is in UTF-32: save it as UTF-8."),
        (lambda text: b"\x1f\x8b\x08\x00" + text.encode(), "is packed with gzip: unpack it first."),
    ],
)
def test_files_in_another_form_are_named_in_one_sentence(run: Run, pack: Callable[[str], bytes], said: str) -> None:
    for name, words in {
        "set.jsonl": ("data", "describe", "--data", "set.jsonl"),
        "ratings.csv": ("judge-agreement", "ratings.csv"),
        "paths.jsonl": ("evaluate", "raise", "--limit", "2", "--paths", "paths.jsonl"),
        "hub.csv": ("data", "import", "hub.csv", "--out", "o.jsonl"),
        "hub.json": ("data", "import", "hub.json", "--out", "o.jsonl"),
        "hub.jsonl": ("data", "import", "hub.jsonl", "--out", "o.jsonl"),
        "table.toml": ("data", "reddit", "d.ndjson", "--subreddits", "table.toml", "--out", "o.jsonl"),
    }.items():
        Path("d.ndjson").write_text("{}\n", encoding="utf-8")
        Path(name).write_bytes(pack('{"query": "x", "schema": 1}\n'))
        ran = run(*words)
        assert (ran.code, ran.out) == (2, ""), name
        assert ran.err.splitlines()[-1] == f"error: {name} {said}"


def test_escaping_changes_nothing_where_nothing_needs_it() -> None:
    from cli.console import out

    assert isinstance(out, Console)
    assert out.render_str(QUERY).plain == QUERY
