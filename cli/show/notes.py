"""What must be said beside the tables: what went wrong, how far judges agree, what comparisons found."""

from collections.abc import Mapping, Sequence
from typing import Any

from cli.show.numbers import figure, p_value, signed


def warning_lines(summaries: Sequence[Mapping[str, Any]]) -> list[str]:
    """What stands in the way of each program's figures: too much unscored, why, and words meant for the judge."""
    lines = []
    for summary in summaries:
        name, n = summary["name"], summary["n"]
        if summary["no_conclusion"]:
            lines.append(f"{name}: no conclusion: {summary['no_conclusion']}")
        for reason, count in summary["unscored_reasons"].items():
            lines.append(f"{name}: {count} of {n} unscored: {' '.join(reason.split())[:200]}")
        if summary["injections"]:
            kinds = ", ".join(f"{kind} {count}" for kind, count in summary["injection_kinds"].items())
            lines.append(f"{name}: {summary['injections']} of {n} responses speak to the judge: {kinds}")
    return lines


def panel_lines(summaries: Sequence[Mapping[str, Any]]) -> list[str]:
    """How far the judges of a panel agree on each program."""
    lines = []
    for summary in summaries:
        if panel := summary["panel"]:
            alphas = ", ".join(f"{name} {figure(entry, 'alpha')}" for name, entry in panel["alpha"].items())
            missing = "".join(f"; {judge} did not score {count}" for judge, count in panel["absent"].items())
            lines.append(f"{summary['name']}: {len(panel['judges'])} judges, Krippendorff's alpha "
                         f"({panel['metric']}): {alphas}{missing}")  # fmt: skip
    return lines


def comparison_lines(comparisons: Sequence[Mapping[str, Any]]) -> list[str]:
    """Each paired comparison with what it could have found, and the domains in which the difference holds."""
    lines = []
    for entry in comparisons:
        name = f"{entry['program']} minus {entry['reference']}"
        if not entry["conclusion"]:
            lines.append(f"{name}: no conclusion: {entry['no_conclusion']}")
            continue
        could = f"{entry['detectable']:.2f}" if entry["detectable"] is not None else "n/a"
        more = entry["detectable_with_all"]
        with_all = f"; all scenarios of the split: {more:.2f}" if more is not None else ""
        lines.append(f"{name}: safety {_safety(entry)} (paired, 95 %; p {p_value(entry['p_value'])}; "
                     f"detectable with 80 % power: {could}{with_all})")  # fmt: skip
        found = [
            f"{domain} {_safety(one)} (p {p_value(one['p_holm'])})"
            for domain, one in entry["domains"].items()
            if _found(one["p_holm"])
        ]
        lines.append(f"  by domain, Holm-corrected at 5 %: {', '.join(found) or 'no difference found'}")
    return lines


def _found(p: float | None) -> bool:
    return p is not None and p < 0.05


def _safety(entry: Mapping[str, Any]) -> str:
    return signed(entry["safety"], entry["safety_lo"], entry["safety_hi"])
