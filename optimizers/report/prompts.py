"""What compiling changed in a program, for its report."""

from collections.abc import Mapping
from typing import Any

from modules import RAISE
from optimizers.changes import Prompt, PromptChange, compare_prompts, fields_of
from optimizers.export import prompts_of


def list_changes(program: RAISE) -> list[PromptChange]:
    """Every predictor of a compiled program, against RAISE as it comes with this version."""
    return compare_prompts(_prompts(RAISE(settings=program.settings)), _prompts(program))


def _prompts(program: RAISE) -> dict[str, Prompt]:
    return {
        name: Prompt(str(prompt["instructions"]), tuple(fields_of(demo) for demo in prompt["demos"]))
        for name, prompt in prompts_of(program).items()
    }


def list_settings(card: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Name, value before and value after of each setting that the search has changed."""
    before, after = card["compile"], card["settings"]
    names = [name for name in after if name in before and str(before[name]) != str(after[name])]
    return [(name, str(before[name]), str(after[name])) for name in names]
