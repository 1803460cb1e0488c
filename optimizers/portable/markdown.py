"""An export as a page to read and to edit: a section a predictor, and all the rest as YAML at the end.

Texts stand between fences, so that they come back to the letter.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from optimizers.portable.schema import DATA, Export

REST = "Everything else"
_FENCE = re.compile(r"^(`{3,})(\w*)\s*$")
_LABEL = re.compile(r"^\*\*(\w+)\*\*\s*$")


@dataclass(frozen=True)
class Block:
    """A fenced text.

    Attributes:
        section: its heading.
        label: what stands above it.
        line: of its first line, from 1.
    """

    section: str
    label: str
    text: str
    line: int


def write_markdown(export: Export, as_yaml: Callable[[Any], str]) -> str:
    """The page."""
    rest = export.model_dump(mode="json", by_alias=True, exclude=DATA)
    for predictor in rest["predictors"].values():
        del predictor["instructions"], predictor["messages"]
    lines = [f"# {export.program or 'RAISE'}", "", export.note, "", "## Order of calls", ""]
    lines += [f"{i}. {step}" for i, step in enumerate(export.machine.order, 1)]
    for name, predictor in export.predictors.items():
        lines += ["", f"## {name}", "", f"About {predictor.tokens:,} tokens without inputs.", ""]
        lines += _fenced("instructions", predictor.instructions)
        for message in predictor.messages:
            lines += _fenced(message.role, message.content)
    lines += ["", f"## {REST}", "", *_fenced("rest", as_yaml(rest).removesuffix("\n"), "yaml")]
    return "\n".join(lines)


def _fenced(label: str, text: str, kind: str = "text") -> list[str]:
    longest = max((len(run) for run in re.findall(r"^`+", text, re.MULTILINE)), default=0)
    fence = "`" * max(3, longest + 1)
    return [f"**{label}**", "", f"{fence}{kind}", text, fence, ""]


def blocks_of(text: str) -> Iterator[Block]:
    """The fenced texts of a page, in order."""
    section, label, fence, held, begun = "", "", "", list[str](), 0
    for number, line in enumerate(text.split("\n"), 1):
        if fence:
            if line.rstrip() == fence:
                yield Block(section, label, "\n".join(held), begun)
                fence = ""
            else:
                held.append(line)
        elif line.startswith("## "):
            section = line[3:].strip()
        elif found := _LABEL.match(line):
            label = found[1]
        elif found := _FENCE.match(line):
            fence, held, begun = found[1], [], number + 1
