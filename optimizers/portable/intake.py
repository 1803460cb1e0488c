"""Takes an edited export in as a program folder: checked, free of personal details, its origin noted in the card."""

import json
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmark import Scenario
from modules import RAISE
from modules.files import write_whole
from modules.folder import CARD
from modules.versions import put_in_place
from optimizers.leaks import LeakGuard, demo_text
from optimizers.portable.build import IMPORTED, card_of
from optimizers.portable.reader import Source
from optimizers.portable.restore import card_from, was_edited
from optimizers.portable.schema import Export
from signatures import RaiseError
from signatures.private import private_folder

MEASURED = ("metrics", "config", "environment")
"""Entries of a card that tell of the program as it was tested."""


def refuse_other_card(export: Export, source: Source, name: str, card: Mapping[str, Any]) -> None:
    """Refuse an export of a program that has been compiled anew since.

    Args:
        name: how the original is named.
        card: of the original.

    Raises:
        RaiseError: naming line and fix.
    """
    if card_of(card).hash != export.card.hash:
        raise source.refuse(
            f"{name} has another card than the program that was exported: export it again, or name the original with "
            "--original.",
            "card",
            "hash",
        )


def refuse_leaks(program: RAISE, source: Source, scenarios: Sequence[Scenario], original: RAISE | None) -> None:
    """Refuse texts that came in and tell what a person of the scenarios says.

    Args:
        original: the program that was exported, whose texts are nobody's secret any more; RAISE as it comes, if it is
            not known.

    Raises:
        RaiseError: naming the line.
    """
    known = {text for _, text in _texts(original or RAISE(settings=program.settings))}
    guard = LeakGuard(scenarios, known)
    for place, text in _texts(program):
        if text not in known and (found := guard.leaked(text)):
            raise source.refuse(
                f"it repeats what scenario {found[0].scenario} says ({found[0].words!r}), which no program may tell: "
                "say it in general words.",
                *place,
            )


def _texts(program: RAISE) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Where a text stands in an export, and the text."""
    for name, predictor in program.named_predictors():
        yield ("predictors", name, "instructions"), str(predictor.signature.instructions)
        for i, demo in enumerate(predictor.demos):
            yield ("predictors", name, "messages", 2 * i + 1), demo_text(demo)


def take_in(
    export: Export, program: RAISE, place: Path, original: str | None, card: Mapping[str, Any] | None
) -> Path | None:
    """Write the program folder ``place``; what was there is kept as a former version, whose folder is returned.

    Args:
        original: how the program that was exported is named, if it is known.
        card: its card.

    Raises:
        RaiseError: if ``place`` is something else than a program folder.
    """
    if place.exists() and not (place / CARD).is_file() and (not place.is_dir() or any(place.iterdir())):
        raise RaiseError(f"{place} is no program folder: name another one (--as).")
    told = dict(card_from(export) if card is None else card)
    if was_edited(export):
        told = {name: entry for name, entry in told.items() if name not in MEASURED}
        told[IMPORTED] = {"original": original or export.program}
    else:
        told[IMPORTED] = {"program": export.program}
    folder = place.with_name(f"{place.name}.{os.getpid()}.partial")
    shutil.rmtree(folder, ignore_errors=True)
    write_whole(private_folder(folder) / CARD, json.dumps(told, indent=2, default=str) + "\n", private=True)
    program.save(folder)
    return put_in_place(folder, place)
