"""The documentation names what exists: every path, every dotted name, every link to a file."""

import importlib
import re
import shlex
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

from cli.app import COMMANDS, DATA_COMMANDS, module_of
from cli.command import lazy
from optimizers import slug_of

ROOT = Path(__file__).parent.parent
PACKAGES = ("signatures", "modules", "lms", "benchmark", "optimizers", "serving", "cli", "experiments")
FOLDERS = (*PACKAGES, "tests", "docs", "examples", "deploy", ".ci", ".github")
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), ROOT / "mlruns" / "README.md"])
LINK = re.compile(r"\]\((?!https?:|#)([^)#\s]+)")


def words(page: Path) -> Iterator[str]:
    """The words of inline code."""
    for code in re.findall(r"`([^`\n]+)`", page.read_text(encoding="utf-8")):
        yield from code.split()


def exists(path: str) -> bool:
    """Whether there is such a file; ``<domain>`` and ``NAME`` stand for any name."""
    return any(ROOT.glob(re.sub(r"<\w+>|\bNAME\b", "*", path.rstrip("/"))))


def resolves(name: str) -> bool:
    """Whether a dotted name is a module, or something in one."""
    module, _, rest = name.partition(".")
    found: object = importlib.import_module(module)
    for part in rest.split("."):
        module = f"{module}.{part}"
        try:
            found = getattr(found, part, None) or importlib.import_module(module)
        except ImportError:
            return False
    return True


def test_every_path_exists() -> None:
    path = re.compile(rf"(?:{'|'.join(map(re.escape, FOLDERS))})/[\w./<>*-]+")
    assert not [
        (page.name, word) for page in PAGES for word in words(page) if path.fullmatch(word) and not exists(word)
    ]


def test_every_dotted_name_exists() -> None:
    name = re.compile(rf"(?:{'|'.join(PACKAGES)})(?:\.\w+)+")
    assert not [
        (page.name, word) for page in PAGES for word in words(page) if name.fullmatch(word) and not resolves(word)
    ]


def test_every_link_leads_to_a_file() -> None:
    links = [(page, link) for page in PAGES for link in LINK.findall(page.read_text(encoding="utf-8"))]
    assert not [(page.name, link) for page, link in links if not (page.parent / link).exists()]


def test_the_site_loads_nothing_from_elsewhere() -> None:
    site = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    assert "font: false" in site
    assert not [key for key in ("repo_url", "extra_javascript", "extra_css", "analytics") if f"{key}:" in site]


BLOCK = re.compile(r"^```(?:console|bash|sh)\n(.*?)^```", re.MULTILINE | re.DOTALL)
FILES_READ = ("--paths", "--data", "--subreddits")
"""Options that name a file which must be there already."""
FOREIGN = re.compile(r"RS_|rows|train\.parquet|docs/")
"""Files that come from elsewhere."""


def commands(page: Path) -> list[list[str]]:
    """The shell commands of a page, in order, as words."""
    text = "\n".join(BLOCK.findall(page.read_text(encoding="utf-8"))).replace("\\\n", " ")
    return [words for line in text.splitlines() if (words := shlex.split(line, comments=True))]


def made_by(words: list[str]) -> set[str]:
    """The files and program folders that a command makes."""
    if words[:2] == ["make", "demo"]:
        return {"mlruns/programs/sim-gpt-4o"}
    if "--dry-run" in words:
        return set()
    if words[:2] == ["raise", "compile"]:
        targets = [value for option, value in pairwise(words) if option == "--target"] or ["sim/gpt-4o"]
        return {f"mlruns/programs/{slug_of(target)}" for target in targets}
    return {value for option, value in pairwise(words) if option in ("--out", "--as")}


def read_by(words: list[str]) -> set[str]:
    """The files and program folders that a command needs."""
    named = {value for option, value in pairwise(words) if option in FILES_READ and value != "authored"}
    return {
        name
        for name in (named | {word for word in words if "/programs/" in word}) - made_by(words)
        if not FOREIGN.match(name)
    }


def test_no_command_uses_what_only_a_later_one_makes() -> None:
    """On each page; the README's start is everybody's."""
    start = set().union(*(made_by(words) for words in commands(ROOT / "README.md")[:3]))
    missing = []
    for page in PAGES:
        made = set(start)
        for words in commands(page):
            missing += [(page.name, " ".join(words), name) for name in sorted(read_by(words) - made)]
            made |= made_by(words)
    assert missing == []


def test_every_command_of_raise_can_be_typed_as_it_stands() -> None:
    """Its options exist, and take what they are given."""
    wrong = []
    for page in PAGES:
        for words in commands(page):
            try:
                if words[0] == "raise":
                    parse(words[1:])
            except Exception as error:  # noqa: BLE001  whatever it is, it is what a reader would meet
                wrong.append((page.name, " ".join(words), str(error)))
    assert wrong == []


def parse(words: list[str]) -> None:
    """Read a command's options, without doing it."""
    name, rest = (words[1], words[2:]) if words[0] == "data" else (words[0], words[1:])
    if words == ["--help"]:
        return
    assert name in (DATA_COMMANDS if words[0] == "data" else COMMANDS)
    lazy(module_of(f"data {name}" if words[0] == "data" else name))(name).make_context(name, rest)
