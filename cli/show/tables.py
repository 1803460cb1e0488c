"""Tables for files and for other programs (``--table``): where they go, and what those of measured programs hold."""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import pandas as pd

from benchmark.statistics.columns import results
from benchmark.statistics.words import SIMULATED, p_value, price, signed, whole
from benchmark.tables import FORMS, Columns, Form, table_text
from cli.console import ESCAPED, err, speaks_unicode
from cli.inputs import refuse_folder
from modules.files import keeping, write_whole
from signatures import RaiseError, current_rubric

INTERVALS = ("safety", "avg_queries")
TOOK = ("input_tokens", "output_tokens", "usd", "usd_lo", "usd_hi")


def check_table(where: str | None, *, json: bool = False) -> None:
    """Refuse a ``--table`` that cannot be written, before any work is done for it.

    Args:
        json: whether stdout is taken by one JSON object.

    Raises:
        RaiseError: if it names no format, a folder, or stdout twice.
    """
    if where is None:
        return
    if _form(where) is None:
        raise RaiseError(f"--table {where}: write {', '.join(FORMS)}, or a file that ends in .csv, .tex or .md.")
    if where in FORMS and json:
        raise RaiseError(f"--json and --table {where} would both print: name a file, such as --table table.{where}.")
    if where not in FORMS:
        refuse_folder(Path(where), "a file for the table")


def prints_table(where: str | None) -> bool:
    """Whether stdout is for the table alone."""
    return where in FORMS


def put_table(table: Columns, where: str) -> None:
    """Print the table, or write it to a file.

    Args:
        where: a format, or a file whose suffix is one; see ``check_table``.
    """
    text = table_text(table, cast(Form, _form(where)))
    if where in FORMS:
        sys.stdout.write(text if speaks_unicode() else text.encode("ascii", ESCAPED).decode())
        return
    with keeping(Path(where)):
        write_whole(Path(where), text)
    err.print(f"wrote {where}", soft_wrap=True)


def _form(where: str) -> Form | None:
    """The format that is named, or that the file's suffix is."""
    named = where if where in FORMS else Path(where).suffix.lower().removeprefix(".")
    return next((form for form in FORMS if form == named), None)


def programs_columns(
    summaries: Sequence[Mapping[str, Any]], comparisons: Sequence[Mapping[str, Any]] = (), *, simulated: bool
) -> Columns:
    """One row a program: scores, questions, what went unscored, tokens and price, difference to the reference.

    Args:
        summaries: as ``Evaluation.summary`` gives them.
        comparisons: as ``compare_with`` gives them.
    """
    compared = {entry["program"]: entry for entry in comparisons}
    numbers = [_numbers(entry, compared.get(entry["name"]), simulated=simulated) for entry in summaries]
    words = [_words(entry, compared.get(entry["name"]), compared=bool(compared)) for entry in summaries]
    return Columns(pd.DataFrame(numbers), pd.DataFrame(words), SIMULATED if simulated else "")


def targets_columns(parts: Sequence[tuple[str, Columns]]) -> Columns:
    """The rows of several targets below each other, each with its target."""
    both = [(one.numbers.assign(target=target), one.words.assign(target=target).fillna("")) for target, one in parts]
    numbers, words = (pd.concat([pair[i] for pair in both], ignore_index=True) for i in (0, 1))
    notes = dict.fromkeys(one.note for _, one in parts if one.note)
    return Columns(_target_first(numbers), _target_first(words).fillna(""), " ".join(notes))


def _target_first(table: pd.DataFrame) -> pd.DataFrame:
    return table[["target", *(name for name in table.columns if name != "target")]]


def _numbers(entry: Mapping[str, Any], compared: Mapping[str, Any] | None, *, simulated: bool) -> dict[str, Any]:
    bounds = {f"{name}{end}": entry[f"{name}{end}"] for name in INTERVALS for end in ("", "_lo", "_hi")}
    took = entry["per_conversation"]
    difference = compared or {}
    return {
        "program": entry["name"],
        **bounds,
        **{name: entry[name] for name in current_rubric().names},
        "n": entry["n"],
        "unscored": entry["unscored"],
        **{name: took[name] for name in TOOK},
        "reference": difference.get("reference"),
        **{f"difference{end}": difference.get(f"safety{end}") for end in ("", "_lo", "_hi")},
        "p_value": difference.get("p_value"),
        "simulated": simulated,
    }


def _words(entry: Mapping[str, Any], difference: Mapping[str, Any] | None, *, compared: bool) -> dict[str, str]:
    took = entry["per_conversation"]
    words = {
        "program": str(entry["name"]),
        **{heading: cell(entry) for heading, cell in results().items()},
        "unscored": str(entry["unscored"]),
        "tokens in": whole(took["input_tokens"]),
        "tokens out": whole(took["output_tokens"]),
        "US$": price(took),
    }
    if compared:
        words |= {"difference [95 %]": "", "p": ""} if difference is None else _difference(difference)
    return words


def _difference(entry: Mapping[str, Any]) -> dict[str, str]:
    """The paired difference in safety to the reference; withheld where too much went unscored."""
    if not entry["conclusion"]:
        return {"difference [95 %]": "no conclusion", "p": "n/a"}
    said = signed(entry["safety"], entry["safety_lo"], entry["safety_hi"])
    return {"difference [95 %]": said, "p": p_value(entry["p_value"])}
