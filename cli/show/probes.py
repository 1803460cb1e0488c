"""Whether models are fit for their roles: a table a role, the verdict in words, and what to do about it."""

from collections.abc import Iterator, Mapping
from typing import Any

from cli.console import labelled_table, out
from cli.show.numbers import figure, money, spent_line

STYLES = {"fit": "green", "fit with settings": "yellow", "undecided": "yellow", "not fit": "red"}
EXAMPLES = 2
"""What a model said, shown for each check that it missed."""


def show_probe(document: Mapping[str, Any]) -> None:
    """Everything that ``--json`` has, for people."""
    for role, entry in document["roles"].items():
        _show_role(role, entry)
    if file := document["settings_file"]:
        out.print(f"settings    {file} (for raise compile --settings and raise evaluate --settings)")
    out.print(money(document))
    if spent := spent_line(document["limits"]):
        out.print(spent)


def _show_role(role: str, entry: Mapping[str, Any]) -> None:
    title = f"{entry['model']} as the {role}"
    table = labelled_table(title, simulated=entry["simulated"])
    for heading in ("check", "counted", "share [95 %]", "wanted", "verdict"):
        table.add_column(heading, no_wrap=heading in {"check", "share [95 %]"})
    for check, found in entry["checks"].items():
        rows = list(found["measures"].values())
        for place, row in enumerate(rows):
            share = f"{figure(row, 'share')} of {row['whole']}" if row["whole"] else "n/a"
            first = place == 0
            table.add_row(
                check if first else "", row["counts"], share, row["wanted"], found["verdict"] if first else "",
                end_section=place == len(rows) - 1,
            )  # fmt: skip
    out.print(table)
    label = ", simulated" if entry["simulated"] else ""
    out.print(f"{entry['model']} is {_in_words(entry)} for the {role}{label}.", style=STYLES[entry["verdict"]])
    for line in _reasons(entry):
        out.print(line)
    out.print(_effort(entry))


def _in_words(entry: Mapping[str, Any]) -> str:
    if entry["verdict"] == "undecided":
        return "neither found fit nor unfit"
    settings = ", ".join(f"{name}={value}" for name, value in entry["settings"].items())
    return f"fit with {settings}" if entry["verdict"] == "fit with settings" else entry["verdict"]


def _reasons(entry: Mapping[str, Any]) -> Iterator[str]:
    for check, found in entry["checks"].items():
        for reason in found["reasons"]:
            yield f"  {check}: {reason}"
        if found["reasons"]:
            yield from (f"    {example}" for example in found["examples"][:EXAMPLES])
    for reason, count in entry["unanswered_reasons"].items():
        yield f"  {count} items have no outcome: {' '.join(reason.split())[:200]}"


def _effort(entry: Mapping[str, Any]) -> str:
    wait = entry["seconds_per_call"]
    waited = (
        "" if wait["median"] is None else f"; waited {wait['median']:.2f} s a call, one in ten over {wait['p90']:.2f} s"
    )
    tokens = f"{entry['input_tokens']:,} tokens in, {entry['output_tokens']:,} out"
    price = "price not known" if entry["cost_usd"] is None else f"{entry['cost_usd']:.4f} US$"
    return f"{entry['calls']} calls, {tokens}, {price}{waited}"
