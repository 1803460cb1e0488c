"""MkDocs hooks: pages made from the code and from the files at the root, so that they cannot go stale."""

import ast
import re
import subprocess
import sys
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).parent.parent
PACKAGES = ("signatures", "modules", "lms", "benchmark", "optimizers", "serving", "cli", "experiments")
FROM_ROOT = {
    "README.md": "index.md",
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changelog.md",
    "SECURITY.md": "security.md",
    "mlruns/README.md": "runs.md",
}
"""File at the root -> page of the site."""
PAGES = {**FROM_ROOT, "examples/": "python.md"}
"""What such a file may link to outside docs/ -> page of the site."""
LINK = re.compile(r"(?<=\]\()(?!https?:|#)([^)#\s]+)")
TREE = "<!-- tree -->"
EXAMPLE = re.compile(r"^\[(examples/\w+\.py)\]\(\.\./examples/\w+\.py\)$", re.MULTILINE)
"""A line that is a link to an example, and on the site becomes the example itself."""
COMMANDS = "cli.md"
"""The page of the command line."""


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Add the reference to the navigation: the command line, and a page for each package."""
    pages = [{"Command line": COMMANDS}, *({name: page_of(name)} for name in faces())]
    config.nav = [*(config.nav or []), {"Reference": pages}]
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that have no file in docs/."""
    for source, page in FROM_ROOT.items():
        text = (ROOT / source).read_text(encoding="utf-8")
        files.append(File.generated(config, page, content=LINK.sub(lambda link: site_link(link[1]), text)))
    files.append(File.generated(config, COMMANDS, content=command_line()))
    for name, public in faces().items():
        members = "".join(f"\n        - {member}" for member in public)
        content = f"# `{name}`\n\n::: {name}\n    options:\n      members:{members}\n"
        files.append(File.generated(config, page_of(name), content=content))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Put examples and the table of folders in their places; lead links to files at the root to their pages."""
    markdown = EXAMPLE.sub(lambda link: f"```python\n{(ROOT / link[1]).read_text(encoding='utf-8')}```", markdown)
    markdown = LINK.sub(lambda link: PAGES.get(link[1].removeprefix("../"), link[1]), markdown)
    return markdown.replace(TREE, tree())


def on_page_content(html: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Make sure that an API page has every public name of its package."""
    name = Path(page.file.src_uri).stem
    if page.file.src_uri == page_of(name):
        missing = [public for public in faces()[name] if f'id="{name}.{public}"' not in html]
        if missing:
            raise PluginError(f"the API page of {name} lacks {', '.join(missing)}.")
    return html


def site_link(link: str) -> str:
    """Where a link of a file at the root leads on the site."""
    return PAGES.get(link, link.removeprefix("docs/"))


def command_line() -> str:
    """Every command with its options, from the help texts."""
    command = [sys.executable, "-m", "typer", "cli.app", "utils", "docs", "--name", "raise", "--title", "Command line"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        raise PluginError(f"the command line cannot be described: {done.stderr}")
    return done.stdout


def page_of(package: str) -> str:
    """The API page of a package."""
    return f"api/{package}.md"


def faces() -> dict[str, list[str]]:
    """Package -> its public names, for every package that states them in ``__all__``."""
    found = {}
    for file in sorted(file for package in PACKAGES for file in (ROOT / package).rglob("__init__.py")):
        for node in ast.parse(file.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.Assign) and "__all__" in [getattr(target, "id", "") for target in node.targets]:
                found[".".join(file.parent.relative_to(ROOT).parts)] = list(ast.literal_eval(node.value))
    return {name: found[name] for name in sorted(found, key=lambda name: PACKAGES.index(name.split(".")[0]))}


def tree() -> str:
    """A table of the packages and the folders in them, each with the first paragraph of its docstring."""
    folders = [file.parent for package in PACKAGES for file in sorted((ROOT / package).rglob("__init__.py"))]
    rows = [f"| `{folder.relative_to(ROOT)}/` | {_job(folder)} |" for folder in sorted(folders, key=_place)]
    return "\n".join(["| folder | holds |", "|---|---|", *rows])


def _place(folder: Path) -> tuple[int, tuple[str, ...]]:
    """Packages as they are layered, folders by name."""
    parts = folder.relative_to(ROOT).parts
    return PACKAGES.index(parts[0]), parts


def _job(folder: Path) -> str:
    docstring = ast.get_docstring(ast.parse((folder / "__init__.py").read_text(encoding="utf-8"))) or ""
    return " ".join(docstring.split("\n\n")[0].split())
