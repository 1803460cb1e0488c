"""The documentation names what exists: every path, every dotted name, every link to a file."""

import importlib
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent
PACKAGES = ("signatures", "modules", "lms", "benchmark", "optimizers", "serving", "cli", "experiments")
FOLDERS = (*PACKAGES, "tests", "docs", "examples", ".ci", ".github")
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
