"""The posts written for the tests, as lines of a dump."""

import json
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

FILE = Path(__file__).with_name("posts.toml")


@cache
def written() -> dict[str, dict[str, Any]]:
    """Id -> post as written down."""
    return {post["id"]: post for post in tomllib.loads(FILE.read_text(encoding="utf-8"))["post"]}


def entry(post: dict[str, Any]) -> dict[str, Any]:
    """A post as a submission of a dump, with fields that nobody needs."""
    made = {
        "id": post["id"],
        "subreddit": post["subreddit"],
        "author": post.get("author", "some_person"),
        "title": post["title"],
        "selftext": post.get("selftext", "").strip() * post.get("repeat", 1),
        "created_utc": 1640995200,
        "over_18": False,
        "stickied": False,
        "is_self": True,
        "score": 3,
        "media": None,
        "all_awardings": [],
    }
    made |= post.get("extra", {})
    if made["selftext"] is False:
        made["selftext"] = None
    return made


def dump(*ids: str) -> list[bytes]:
    """Posts as lines; all of them if none is named."""
    return [json.dumps(entry(written()[name]), ensure_ascii=False).encode() for name in ids or written()]


def write_dump(file: Path, lines: list[bytes]) -> Path:
    """Lines as a dump; compressed if the name says so."""
    content = b"\n".join(lines) + b"\n"
    if file.suffix == ".zst":
        import zstandard

        content = zstandard.ZstdCompressor(level=3).compress(content)
    file.write_bytes(content)
    return file
