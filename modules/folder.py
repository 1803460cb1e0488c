"""A compiled program is a folder: ``program.json`` (DSPy state), ``paths.jsonl`` and ``card.json``. Text, no pickle.

The settings stand in the card, beside what the compiler records there. For tools that save a DSPy program to one JSON
file there is such a form, too: state, settings and paths in one object.
"""

import json
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from pkgutil import resolve_name
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

import dspy

from modules.files import parse_json, read_plain, write_whole
from modules.paths import PathIndex, PlannedPath
from modules.settings import AgentSettings
from modules.versions import find_program
from signatures import RaiseError, adopt_vocabulary, current_vocabulary, default_vocabulary
from signatures.vocabulary import read_record

SCHEMA = 1
PREDICTOR_ENTRIES = frozenset({"demos", "lm", "signature", "traces", "train"})
"""What DSPy writes about a predictor."""
STATE, PATHS, CARD = "program.json", "paths.jsonl", "card.json"
FRONT = "front"
"""Folder, in that of a compiled program, with a program folder for each member of the front."""
SINGLE, PICKLE = ".json", ".pkl"
"""Endings of a program in one file, and of what is refused."""
KIND = "raise-program"
VOCABULARY, HASH = "vocabulary", "hash"
"""Entry of a card with the vocabulary, and in it the hash of the rest."""
ELSEWHERE = {"models:/": "optimizers.tracking.fetch:fetch_program"}
"""Beginning of an address -> what fetches the program, by name: it builds on this package, and on libraries that few
programs need."""
M = TypeVar("M", bound=dspy.Module)


def write_program(place: Path, program: dspy.Module, settings: AgentSettings, paths: PathIndex) -> None:
    """Write ``program`` to the folder ``place``, made if needed, or to one file if it ends in ``.json``.

    Other entries of a card that is there already are kept.

    Raises:
        RaiseError: if ``place`` is named like a pickle.
    """
    if place.suffix == PICKLE:
        raise RaiseError(
            f"{place}: RAISE programs are saved as JSON, not pickle: name a folder, or a file ending in {SINGLE}."
        )
    state = _state_of(program)
    if place.suffix == SINGLE:
        _write_single(place, state, settings, paths)
    else:
        _write_folder(place, state, settings, paths)


def _state_of(program: dspy.Module) -> str:
    """The state of ``program`` as DSPy writes it, without models, which belong to whoever runs it."""
    bare = program.deepcopy()
    bare.set_lm(None)
    with TemporaryDirectory() as scratch:
        dspy.Module.save(bare, Path(scratch) / STATE)
        return (Path(scratch) / STATE).read_text(encoding="utf-8")


def _write_single(file: Path, state: str, settings: AgentSettings, paths: PathIndex) -> None:
    content = {
        "schema": SCHEMA,
        "kind": KIND,
        "settings": settings.model_dump(mode="json"),
        VOCABULARY: vocabulary_entry(),
        "program": json.loads(state),
        "paths": [path.model_dump(mode="json") for path in paths.paths],
    }
    write_whole(file, json.dumps(content, indent=2) + "\n", private=True)


def _write_folder(folder: Path, state: str, settings: AgentSettings, paths: PathIndex) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    write_whole(folder / STATE, state, private=True)
    paths.save(folder / PATHS)
    own = {"schema": SCHEMA, "settings": settings.model_dump(mode="json"), VOCABULARY: vocabulary_entry()}
    entries = {**_entries(folder / CARD), **own}
    write_whole(folder / CARD, json.dumps(entries, indent=2, sort_keys=True) + "\n", private=True)


def vocabulary_entry() -> dict[str, Any]:
    """What a card or an export says of the vocabulary that this process works with: its content, and the hash of it."""
    vocabulary = current_vocabulary()
    return {**vocabulary.record(), HASH: vocabulary.hash}


def adopt_entry(entry: Mapping[str, Any] | None, owner: str) -> None:
    """Work with the vocabulary of a card or an export; with PENGUIN's, if it names none, as older ones do.

    Args:
        owner: whose it is, for messages.

    Raises:
        RaiseError: if this process works with another, or the entry was damaged.
    """
    if not entry:
        adopt_vocabulary(default_vocabulary(), owner)
        return
    vocabulary = read_record({name: value for name, value in entry.items() if name != HASH}, owner)
    if entry.get(HASH, vocabulary.hash) != vocabulary.hash:
        raise RaiseError(f"the vocabulary of {owner} is not what its hash says: get the program from its source again.")
    adopt_vocabulary(vocabulary, owner)


def adopt_vocabulary_of(folder: Path) -> None:
    """Work with the vocabulary of the program in ``folder``, before anything is made for it."""
    adopt_entry(_entries(folder / CARD).get(VOCABULARY), f"the program {folder}")


def is_elsewhere(place: object) -> bool:
    """Whether ``place`` is the address of a program that has to be fetched."""
    return str(place).startswith(tuple(ELSEWHERE))


def read_program(place: Path, make: Callable[[PathIndex, AgentSettings], M]) -> M:
    """The program that ``write_program`` wrote, or its newest former version; see ``modules.versions.find_program``.

    Args:
        place: its folder or file, or the address of a program that is fetched; see ``ELSEWHERE``.
        make: makes a program with these paths and settings, whose prompts and demonstrations are then set.

    Raises:
        RaiseError: if ``place`` is no program, was written with another schema, or cannot be fetched.
    """
    if not is_elsewhere(place):
        return _read(find_program(place), make)
    fetch = next(name for start, name in ELSEWHERE.items() if str(place).startswith(start))
    with resolve_name(fetch)(str(place)) as folder:
        return _read(folder, make)


def _read(place: Path, make: Callable[[PathIndex, AgentSettings], M]) -> M:
    """The program in ``place``, a folder or a file."""
    try:
        if place.is_file():
            card, file = parse_json(read_plain(place)), place
            _refuse_schema(place, card)
            adopt_entry(card.get(VOCABULARY), f"the program {place}")
            state, paths = card["program"], PathIndex(map(PlannedPath.model_validate, card["paths"]))
        else:
            card, file = parse_json(read_plain(place / CARD)), place / STATE
            _refuse_schema(place, card)
            adopt_entry(card.get(VOCABULARY), f"the program {place}")
            state, paths = parse_json(read_plain(file)), PathIndex.load(place / PATHS)
        program = make(paths, AgentSettings(**card["settings"]))
        predictors = dict(program.named_predictors())
        _refuse_foreign(file, state, predictors)
        for name, predictor in predictors.items():
            _add_new_fields(state[name]["signature"], predictor)
        program.load_state(state)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise RaiseError(f"{place} is not a compiled program: {type(error).__name__}: {error}") from error
    return program


def _refuse_schema(place: Path, card: Any) -> None:
    if card.get("schema") != SCHEMA:
        raise RaiseError(f"{place} was saved with schema {card.get('schema')}, not {SCHEMA}: compile it again.")


def _refuse_foreign(file: Path, state: Any, predictors: Collection[str]) -> None:
    """Refuse a state that holds more than prompts: above all a model, which would be called with the user's key."""
    if unknown := sorted({*state} - {*predictors, "metadata"}):
        raise RaiseError(f"{file} holds {unknown[0]!r}, which is no predictor of a RAISE program: it is not loaded.")
    for name in predictors:
        if state[name].get("lm") is not None:
            raise RaiseError(
                f"{file} names a language model for {name!r}; a program is loaded without models, which whoever runs "
                "it chooses: remove the entry 'lm' if you trust the rest."
            )
        if extra := sorted({*state[name]} - PREDICTOR_ENTRIES):
            raise RaiseError(f"{file} has the unknown entry {extra[0]!r} for {name!r}: it is not loaded.")


def _add_new_fields(saved: dict[str, Any], predictor: dspy.Predict) -> None:
    """Bring the texts of fields that an earlier version saved to the fields of today: more, or in another order.

    DSPy goes by position, and would give a field the description of its neighbour. A prefix that is none of today's was
    given by an optimizer; such fields keep their order.
    """
    own = predictor.dump_state()["signature"]["fields"]
    known = {field["prefix"]: field for field in saved["fields"]}
    prefixes = {field["prefix"] for field in own}
    renamed = iter([field for field in saved["fields"] if field["prefix"] not in prefixes])
    same = len(saved["fields"]) == len(own)
    saved["fields"] = [known.get(field["prefix"]) or (next(renamed, field) if same else field) for field in own]


def _entries(card: Path) -> dict[str, Any]:
    """What an existing card says; nothing if there is none or it cannot be read."""
    try:
        content = parse_json(card.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}
