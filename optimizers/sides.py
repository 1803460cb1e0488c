"""What ``raise diff`` compares: programs as folders, exports or registered models, registered prompts, RAISE itself."""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lms.tokens import count_message_tokens
from modules import RAISE
from modules.files import parse_json, read_plain
from modules.folder import CARD, is_elsewhere
from modules.versions import find_program
from optimizers.changes import Prompt, fields_of
from optimizers.export import fixed_tokens, prompts_of, templates_of
from optimizers.portable.reader import is_export, read_export
from optimizers.portable.restore import card_from, restore
from signatures import RaiseError
from signatures.identity import content_id

UNCOMPILED = "raise"
PROMPTS = "prompts:/"
ORIGIN = ("target", "judge", "user", "teacher", "optimizer", "seed", "data", "data_hash")
"""Where a program comes from, as its card says."""
SHORT = 8
"""Characters of a hash that are shown."""


@dataclass(frozen=True)
class Side:
    """One of two programs that are compared.

    Attributes:
        name: as it was asked for.
        prompts: by predictor.
        settings: of the agent, with its planned paths; of a registered prompt, those of its model.
        origin: models, data, optimizer; empty if they are not known.
        figures: of its test, as ``raise evaluate --json`` prints them; empty if there are none.
        simulated: whether a stand-in had part in the figures.
        program: None for a registered prompt.
    """

    name: str
    prompts: Mapping[str, Prompt]
    settings: Mapping[str, Any] = field(default_factory=dict)
    origin: Mapping[str, Any] = field(default_factory=dict)
    figures: Mapping[str, Any] = field(default_factory=dict)
    simulated: bool = False
    program: RAISE | None = None

    def as_chat(self, predictors: Sequence[str]) -> "Side":
        """Those predictors as chat templates, to be compared with registered prompts."""
        if self.program is None:
            return self
        target = str(self.origin.get("target", ""))
        found = {
            name: chat_prompt(templates_of(predictor), target)
            for name, predictor in self.program.named_predictors()
            if name in predictors
        }
        return Side(self.name, found, simulated=self.simulated)


def read_side(name: str, root: Path) -> Side:
    """What ``name`` stands for.

    Args:
        name: a program folder, an exported file, ``models:/...``, ``prompts:/...``, or ``raise``: RAISE as it comes
            with this version.
        root: folder of the local MLflow store.

    Raises:
        RaiseError: if it is none of them.
    """
    if name.startswith(PROMPTS):
        return _registered(name, root)
    if is_export(Path(name)):
        export, source = read_export(Path(name))
        return _side(name, restore(export, source), card_from(export))
    if is_elsewhere(name) or find_program(Path(name)).is_dir():
        return _side(name, *load_with_card(name))
    if name == UNCOMPILED:
        return _side(name, RAISE(), {})
    raise RaiseError(
        f"{name} is no program: name a program folder, an export, models:/NAME@ALIAS, prompts:/NAME@ALIAS, or "
        f"{UNCOMPILED}."
    )


def load_with_card(name: str) -> tuple[RAISE, dict[str, Any]]:
    """A program, and what its card says.

    Args:
        name: its folder, or ``models:/...``.

    Raises:
        RaiseError: if there is no such program.
    """
    with ExitStack() as held:
        folder = find_program(Path(name))
        if is_elsewhere(name):
            from optimizers.tracking.fetch import fetch_program  # noqa: PLC0415  MLflow takes seconds

            folder = held.enter_context(fetch_program(name))
        return RAISE.load(folder), dict(parse_json(read_plain(folder / CARD)))


def _side(name: str, program: RAISE, card: Mapping[str, Any]) -> Side:
    compiled: Mapping[str, Any] = card.get("compile") or {}
    origin = {entry: compiled[entry] for entry in ORIGIN if entry in compiled}
    tokens = fixed_tokens(program, str(origin.get("target", "")))
    paths = [path.model_dump(mode="json") for path in program.paths.paths]
    return Side(
        name=name,
        prompts={
            predictor: Prompt(
                str(prompt["instructions"]),
                tuple(fields_of(demo) for demo in prompt["demos"]),
                tokens=tokens[predictor],
            )
            for predictor, prompt in prompts_of(program).items()
        },
        settings={
            **program.settings.model_dump(mode="json"),
            "planned paths": f"{len(paths)} ({content_id(paths)[:SHORT]})" if paths else "none",
        },
        origin=origin,
        figures=card.get("metrics") or {},
        simulated=bool(card.get("simulated")),
        program=program,
    )


def _registered(address: str, root: Path) -> Side:
    """A prompt of MLflow's registry."""
    from optimizers.tracking.fetch import existing_store  # noqa: PLC0415  MLflow takes seconds
    from optimizers.tracking.prompts import load_prompt, prompt_text  # noqa: PLC0415

    prompt = load_prompt(address, existing_store(root))
    tags = dict(prompt.tags)
    predictor = str(tags.get("predictor") or prompt.name.rpartition(".")[2])
    return Side(
        name=address,
        prompts={predictor: chat_prompt(prompt_text(prompt), str(tags.get("target", "")))},
        settings=dict(prompt.model_config or {}),
        origin={entry: tags[entry] for entry in ("target", "optimizer", "program", "run") if entry in tags},
        simulated=tags.get("simulated") == "true",
    )


def chat_prompt(messages: Sequence[Mapping[str, Any]], model: str) -> Prompt:
    """A chat template: system message, demonstrations as pairs of turns, request."""
    texts = [(str(message["role"]), str(message["content"])) for message in messages]
    system = texts.pop(0)[1] if texts and texts[0][0] == "system" else ""
    request = texts.pop()[1] if texts else ""
    pairs = tuple(dict(texts[i : i + 2]) for i in range(0, len(texts), 2))
    return Prompt(system, pairs, request, count_message_tokens(messages, model))
