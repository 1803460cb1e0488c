"""What a dry run found: calls, tokens, price and time by role."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from rich.table import Table

from cli.console import out, print_json
from lms import Role
from lms.prices import LONGER_PROMPTS, LONGER_REPLIES

if TYPE_CHECKING:  # MLflow and Optuna, which only a dry run needs
    from optimizers import RoleForecast


def forecast_table(roles: Mapping[Role, "RoleForecast"]) -> Table:
    """One row a role: model, calls, tokens, price range, time at the rate limit."""
    caption = (
        "Calls counted on stand-ins. Price from LiteLLM's table: low as counted, high with prompts "
        f"{LONGER_PROMPTS:g} and replies {LONGER_REPLIES:g} times as long. Retries come on top."
    )
    table = Table(title="Dry run: what this would take", caption=caption, title_justify="left")
    for heading in ("role", "model"):
        table.add_column(heading)
    for heading in ("calls", "tokens in", "tokens out", "US$", "minutes"):
        table.add_column(heading, justify="right", no_wrap=True)
    for role, entry in roles.items():
        tokens = (f"{entry.input_tokens:,}", f"{entry.output_tokens:,}")
        price, minutes = _range(entry.usd_low, entry.usd_high), _minutes(entry.minutes)
        table.add_row(role.value, entry.model, f"{entry.calls:,}", *tokens, price, minutes)
    entries = list(roles.values())
    total = _range(_sum([entry.usd_low for entry in entries]), _sum([entry.usd_high for entry in entries]))
    longest = max((entry.minutes for entry in entries if entry.minutes is not None), default=None)
    table.add_row("all", "", f"{sum(entry.calls for entry in entries):,}", "", "", total, _minutes(longest))
    return table


def show_forecast(roles: Mapping[Role, "RoleForecast"], *, json: bool) -> None:
    """The outcome of a dry run, as one object or as a table."""
    if json:
        entries = {role.value: vars(entry) for role, entry in roles.items()}
        print_json({"simulated": True, "dry_run": True, "roles": entries})
    else:
        out.print(forecast_table(roles))


def show_forecasts(targets: Sequence[Mapping[Role, "RoleForecast"]], *, json: bool) -> None:
    """The same for several targets."""
    if json:
        entries = [{role.value: vars(entry) for role, entry in each.items()} for each in targets]
        print_json({"simulated": True, "dry_run": True, "targets": entries})
    else:
        out.print(*(forecast_table(each) for each in targets), sep="\n")


def _sum(amounts: Sequence[float | None]) -> float | None:
    known = [amount for amount in amounts if amount is not None]
    return sum(known) if len(known) == len(amounts) else None


def _minutes(value: float | None) -> str:
    return "" if value is None else f"{value:.0f}"


def _range(low: float | None, high: float | None) -> str:
    return "not known" if low is None or high is None else f"{low:.2f} to {high:.2f}"
