"""Dumps in, candidates out: what is broken is counted, memory stays bounded, the draw is fair and resumes."""

import bz2
import codecs
import gzip
import json
import lzma
import random
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmark.jobs.progress import Progress
from benchmark.scenarios.reddit import Drop, Flaw, Scan, Stage, Yields, personal_data, scan, subreddit_table
from benchmark.scenarios.reddit import dumps as reading_dumps
from benchmark.scenarios.reddit.dumps import Post, check_dumps, lines, parse
from benchmark.scenarios.reddit.prefilter import Prefilter
from benchmark.scenarios.reddit.scan import STAGE, Draw
from modules.files import packing_of
from signatures import RaiseError
from tests.benchmark.scenarios.reddit.written import dump, entry, write_dump, written

TABLE = subreddit_table()
CANDIDATES = 9
"""Written posts that pass the prefilter, one a person."""


def looked_at(*files: Path, per_domain: int = 50, seed: int = 0, state: Path | None = None) -> Scan:
    return scan(files, TABLE, per_domain=per_domain, seed=seed, state=state)


def read(file: Path) -> tuple[list[bytes], Counter[Flaw]]:
    flaws: Counter[Flaw] = Counter()
    return list(lines(file, flaws)), flaws


def many(count: int, people: int = 10**9) -> list[bytes]:
    """Posts that pass, by different people, in two domains."""
    rich = [entry(written()[name]) for name in ("rich-career", "rich-life-emoji")]
    made = [
        {**rich[i % 2], "author": f"person_{i % people}", "title": f"{rich[i % 2]['title']} {i}"} for i in range(count)
    ]
    return [json.dumps(post).encode() for post in made]


# Reading


@pytest.mark.parametrize("name", ["d.ndjson", "d.zst"])
def test_lines_come_back_as_they_were_written(name: str, tmp_path: Path) -> None:
    found, flaws = read(write_dump(tmp_path / name, dump()))
    assert found == dump()
    assert not flaws


def test_compression_is_told_by_content_and_several_frames_are_one_file(tmp_path: Path) -> None:
    file = tmp_path / "no-ending"
    pack = zstandard.ZstdCompressor().compress
    file.write_bytes(
        pack(b'{"a": 1}\n{"b"') + pack(b": 2}\n") + b"\x50\x2a\x4d\x18\x02\x00\x00\x00xx" + pack(b'{"c": 3}')
    )
    assert read(file) == ([b'{"a": 1}', b'{"b": 2}', b'{"c": 3}'], Counter())


def test_a_file_cut_off_gives_what_is_there_and_is_counted(tmp_path: Path) -> None:
    whole = write_dump(tmp_path / "whole.zst", many(3000))
    part = tmp_path / "part.zst"
    part.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    found, flaws = read(part)
    assert flaws == {Flaw.CUT_OFF: 1}
    assert 0 < len(found) < 3000
    assert found == many(3000)[: len(found)]
    yields = looked_at(part).yields
    assert (yields.flaws[Flaw.CUT_OFF], yields.flaws[Flaw.BROKEN]) == (1, 0)  # the line that the cut went through
    assert yields.unfinished == {"part.zst": Flaw.CUT_OFF}
    assert Yields.from_json(yields.to_json()).unfinished == yields.unfinished


PACKERS: dict[str, Callable[[bytes], bytes]] = {"gz": gzip.compress, "bz2": bz2.compress, "xz": lzma.compress}


@pytest.mark.parametrize("ending", PACKERS)
def test_other_packings_are_read_several_members_included(tmp_path: Path, ending: str) -> None:
    pack, file = PACKERS[ending], tmp_path / "told-by-content"
    file.write_bytes(pack(b'{"a": 1}\n{"b"') + pack(b": 2}\n"))
    check_dumps([file])
    assert read(file) == ([b'{"a": 1}', b'{"b": 2}'], Counter())


@pytest.mark.parametrize("ending", PACKERS)
def test_other_packings_cut_off_give_what_is_there_and_are_counted(tmp_path: Path, ending: str) -> None:
    posts = many(6000)
    packed = PACKERS[ending](b"\n".join(posts) + b"\n")
    file = tmp_path / f"part.{ending}"
    file.write_bytes(packed[: len(packed) // 2])
    found, flaws = read(file)
    assert found == posts[: len(found)]
    assert flaws == {Flaw.CUT_OFF: 1}
    assert found


@pytest.mark.parametrize("ending", PACKERS)
@pytest.mark.parametrize("place", [0.1, 0.5, 0.9])
def test_other_packings_damaged_are_never_taken_as_whole(tmp_path: Path, ending: str, place: float) -> None:
    packed = bytearray(PACKERS[ending](b"\n".join(many(500)) + b"\n"))
    at = int(len(packed) * place)
    packed[at : at + 40] = bytes(byte ^ 0x5A for byte in packed[at : at + 40])
    file = tmp_path / f"bad.{ending}"
    file.write_bytes(packed)
    yields = looked_at(file).yields
    assert sum(yields.flaws.values()) >= 1
    assert yields.unfinished == {file.name: Flaw.DAMAGED} or yields.flaws[Flaw.CUT_OFF] == 1


def test_a_plain_file_that_ends_in_the_middle_of_a_post_is_cut_off(tmp_path: Path) -> None:
    file = write_dump(tmp_path / "d.ndjson", many(3))
    file.write_bytes(file.read_bytes()[:-20])
    assert read(file) == (many(3)[:2], Counter({Flaw.CUT_OFF: 1}))
    file.write_bytes(b"\n".join(many(3)))  # only the line end is missing
    assert read(file) == (many(3), Counter())


@pytest.mark.parametrize("pack", [bytes, gzip.compress, zstandard.ZstdCompressor().compress])
def test_a_byte_order_mark_costs_no_post(tmp_path: Path, pack: Callable[[bytes], bytes]) -> None:
    file = tmp_path / "d"
    file.write_bytes(pack(codecs.BOM_UTF8 + b"\n".join(many(3)) + b"\n"))
    assert read(file) == (many(3), Counter())


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ("{}".encode("utf-16"), "is in UTF-16: save it as UTF-8"),
        ('{"a": 1}'.encode("utf-16-be"), "is in UTF-16: save it as UTF-8"),
        (gzip.compress("{}".encode("utf-32"), mtime=0), "is in UTF-32: save it as UTF-8"),
        (b"PK\x03\x04 and so on", "is packed with zip: unpack it first"),
        (b"7z\xbc\xaf\x27\x1c and so on", "is packed with 7-Zip: unpack it first"),
    ],
)
def test_a_dump_that_cannot_be_read_is_named_with_its_form(tmp_path: Path, data: bytes, said: str) -> None:
    file = tmp_path / "RS_2022-01"
    file.write_bytes(data)
    with pytest.raises(RaiseError, match=rf"RS_2022-01 {said}"):
        check_dumps([file])


def test_a_damaged_file_gives_what_is_there_and_is_counted(tmp_path: Path) -> None:
    file = write_dump(tmp_path / "d.zst", many(10))
    file.write_bytes(file.read_bytes() + b"this is no frame")
    found, flaws = read(file)
    assert found == many(10)
    assert flaws == {Flaw.DAMAGED: 1}


def test_a_line_without_an_end_is_skipped_in_bounded_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading_dumps, "LONGEST_LINE", 1000)
    monkeypatch.setattr(reading_dumps, "PLAIN_CHUNK", 64)
    file = tmp_path / "d.ndjson"
    file.write_bytes(b'{"a": 1}\n' + b"x" * 5000 + b'\n{"b": 2}\n' + b"y" * 5000)
    assert read(file) == ([b'{"a": 1}', b'{"b": 2}'], Counter({Flaw.TOO_LONG: 2}))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.binary(max_size=30).filter(lambda line: b"\n" not in line), max_size=8), st.integers(1, 40))
def test_chunks_do_not_matter(tmp_path_factory: pytest.TempPathFactory, rows: list[bytes], chunk: int) -> None:
    file = tmp_path_factory.mktemp("chunks") / "d"
    file.write_bytes(b"".join(row + b"\n" for row in rows))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reading_dumps, "PLAIN_CHUNK", chunk)
        found, flaws = read(file)
    if not packing_of(file.read_bytes()[:6]):
        assert b"\n".join(found) == b"\n".join(rows).removeprefix(codecs.BOM_UTF8)
        assert not flaws


@pytest.mark.parametrize(
    ("line", "flaw"),
    [
        (b'{"title": "cut o', Flaw.BROKEN),
        (b"\xff\xfe\x00", Flaw.BROKEN),
        (b"[1, 2]", Flaw.BROKEN),
        (b"null", Flaw.BROKEN),
        (b'{"body": "a comment", "subreddit": "jobs"}', Flaw.NO_SUBMISSION),
    ],
)
def test_what_is_no_submission_says_so(line: bytes, flaw: Flaw) -> None:
    assert parse(line) is flaw


def test_odd_types_and_missing_fields_are_no_reason_to_stop() -> None:
    line = b'{"title": 7, "selftext": null, "author": null, "subreddit": ["x"], "over_18": "yes", "stickied": null}'
    assert parse(line) == Post("", "", "", "", over_18=True)


def test_missing_dumps_and_a_missing_library_are_told_in_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    packed = write_dump(tmp_path / "d.zst", dump("minor"))
    with pytest.raises(RaiseError, match=r"no dump .*nowhere"):
        check_dumps([packed, tmp_path / "nowhere.zst"])
    with pytest.raises(RaiseError, match="named twice"):
        check_dumps([packed, packed])
    monkeypatch.setitem(sys.modules, "zstandard", None)
    with pytest.raises(RaiseError, match=r"raise-penguin\[reddit\]"):
        check_dumps([packed])
    check_dumps([write_dump(tmp_path / "d.ndjson", dump("minor"))])


# Prefilter


def test_the_prefilter_decides_on_each_written_post() -> None:
    decided = {}
    for name in written():
        post = parse(dump(name)[0])
        assert isinstance(post, Post), name
        refusal = Prefilter().refusal(post)
        elsewhere = post.subreddit not in TABLE.domains()
        decided[name] = "elsewhere" if elsewhere else refusal.value if refusal else "passes"
    assert decided == {name: post["expect"] for name, post in written().items()}


@pytest.mark.parametrize(
    ("text", "young"),
    [
        ("I'm 16 and stuck", True),
        ("i am only 14", True),
        ("My (15F) mother", True),
        ("me (17m) and her", True),
        ("as a 16 year old", True),
        ("a 13yo girl here", True),
        ("I'm a sophomore in high school", True),
        ("my daughter (15F) and I (41F)", False),
        ("I'm 15 minutes late", False),
        ("I am 12 weeks pregnant", False),
        ("I'm 17 years sober", False),
        ("I'm 17k in debt", False),
        ("I'm 18", False),
        ("when I was 16", False),
    ],
)
def test_writers_under_18_are_told_from_others(text: str, young: bool) -> None:
    assert Prefilter().told_young(text) is young


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=300), st.text(max_size=3000), st.text(max_size=20))
def test_no_text_breaks_the_prefilter(title: str, text: str, author: str) -> None:
    Prefilter().refusal(Post("jobs", author, title, text))


# The table


def test_every_domain_has_subreddits_and_none_is_for_minors_or_acute_crisis() -> None:
    domains = TABLE.domains()
    assert len(set(domains.values())) == 7
    assert {"suicidewatch", "teenagers", "selfharm"}.isdisjoint(domains)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ('schema = 1\n[subreddits]\nhealth = ["a"]\nlife = ["A"]', "r/a is listed more than once"),
        ('schema = 1\n[subreddits]\nsports = ["a"]', "'sports' is no domain"),
        ("schema = 1\n[subreddits]\nlife = []", "no subreddit"),
        ('schema = 2\n[subreddits]\nlife = ["a"]', "Input should be 1"),
        ("schema = ", "Invalid value"),
    ],
)
def test_a_wrong_table_is_refused_in_a_sentence(content: str, told: str, tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(content)
    with pytest.raises(RaiseError, match=told):
        subreddit_table(file)
    file.write_text('schema = 1\n[subreddits]\nlife = ["Knitting"]')
    assert subreddit_table(file).domains() == {"knitting": "life"}


# The draw


def test_the_account_adds_up_and_candidates_are_scrubbed(tmp_path: Path) -> None:
    found = looked_at(write_dump(tmp_path / "d.zst", [*dump(), b'{"broken', b'{"body": "x"}', b""]))
    yields = found.yields
    assert len(found.candidates) == yields.stage(Stage.DRAWN) == CANDIDATES
    assert yields.lines == len(written()) + 2
    assert yields.flaws == {Flaw.BROKEN: 1, Flaw.NO_SUBMISSION: 1, Flaw.ELSEWHERE: 1}
    assert yields.lines == yields.flaws.total() + yields.stage(Stage.POST)
    expected = Counter(post["expect"] for post in written().values())
    for reason, count in yields.reasons().items():
        assert count == (1 if reason is Drop.NOT_DRAWN else expected[reason.value]), reason
    for name in yields.domains():
        passed = yields.passed[name]
        assert passed[Stage.POST] == passed[Stage.DRAWN] + yields.dropped[name].total()
    assert [candidate.text for candidate in found.candidates if personal_data(candidate.text)] == []
    assert "harbor_lantern" not in repr(found).lower()


def test_one_post_a_person_whatever_the_spelling_and_the_domain(tmp_path: Path) -> None:
    posts = [*dump("rich-relationship", "same-person-again")]
    other = {**entry(written()["rich-career"]), "author": "HARBOR_lantern", "title": "Do I quit?"}
    again = {**entry(written()["rich-career"]), "author": "other_person"}
    copied = {**again, "author": "a_copycat", "subreddit": "Adulting"}
    lines_ = [*posts, *(json.dumps(post).encode() for post in (other, again, copied))]
    found = looked_at(write_dump(tmp_path / "d.ndjson", lines_))
    assert (
        len(found.candidates)
        == len({c.person for c in found.candidates})
        == len({c.text for c in found.candidates})
        == 2
    )
    assert found.yields.reasons() == {Drop.NOT_DRAWN: 1, Drop.REPEATED: 2}


def test_the_draw_is_bounded_seeded_nested_and_knows_no_order(tmp_path: Path) -> None:
    posts = many(400, people=300)
    file = write_dump(tmp_path / "d.zst", posts)
    random.Random(1).shuffle(posts)
    first, second = (write_dump(tmp_path / f"{i}.ndjson", posts[i::2]) for i in range(2))
    small, large = looked_at(file, per_domain=20), looked_at(file, per_domain=60)
    assert Counter(c.domain for c in small.candidates) == {"career": 20, "life": 20}
    assert set(small.candidates) <= set(large.candidates)
    assert set(small.candidates) == set(looked_at(second, first, per_domain=20).candidates)
    assert set(small.candidates) != set(looked_at(file, per_domain=20, seed=1).candidates)
    assert small.yields.reasons()[Drop.NOT_DRAWN] == 360


def test_a_draw_never_holds_more_than_its_size() -> None:
    draw = Draw(5, seed=0)
    for line in many(200):
        post = parse(line)
        assert isinstance(post, Post)
        draw.offer("life", post)
        assert len(draw.kept()) <= 5


# Going on


def test_finished_dumps_are_not_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = write_dump(tmp_path / "1.zst", many(60)[:40]), write_dump(tmp_path / "2.zst", many(60)[40:])
    state = tmp_path / "out" / "s.scan"
    whole = looked_at(first, second, per_domain=10)
    real = reading_dumps._chunks

    def killed(file: Path, *rest: Any) -> object:
        if file == second:
            raise KeyboardInterrupt
        return real(file, *rest)

    monkeypatch.setattr(reading_dumps, "_chunks", killed)
    with pytest.raises(KeyboardInterrupt):
        looked_at(first, second, per_domain=10, state=state)
    monkeypatch.setattr(reading_dumps, "_chunks", real)
    resumed = looked_at(first, second, per_domain=10, state=state)
    assert (resumed.resumed, resumed.candidates) == (1, whole.candidates)
    assert resumed.yields == whole.yields
    assert looked_at(first, second, per_domain=10, state=state).resumed == 2


@pytest.mark.parametrize("change", ["settings", "damage", "dump"])
def test_another_scan_starts_afresh(change: str, tmp_path: Path) -> None:
    file, state = write_dump(tmp_path / "d.ndjson", many(30)), tmp_path / "s.scan"
    looked_at(file, state=state)
    if change == "damage":
        state.write_text(state.read_text()[:-40])
    if change == "dump":
        write_dump(file, many(20))
    again = looked_at(file, state=state, seed=1 if change == "settings" else 0)
    assert again.resumed == 0
    assert again.yields == looked_at(file, seed=1 if change == "settings" else 0).yields or change == "dump"


def test_accounts_survive_a_file(tmp_path: Path) -> None:
    yields = looked_at(write_dump(tmp_path / "d.zst", dump())).yields
    assert Yields.from_json(json.loads(json.dumps(yields.to_json()))) == yields


def test_progress_is_told_once_a_percent(tmp_path: Path) -> None:
    file = write_dump(tmp_path / "d.ndjson", many(500))
    told: list[Progress] = []
    scan([file], TABLE, per_domain=5, progress=told.append)
    megabytes = file.stat().st_size >> 20
    assert told[0] == Progress(STAGE, 0, megabytes)
    assert told[-1] == Progress(STAGE, megabytes, megabytes)
    assert len(told) <= 101
