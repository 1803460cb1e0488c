"""``raise judge-agreement``: a file of human scores in, how far the judge agrees with it out."""

from pathlib import Path
from typing import Annotated

import typer

from benchmark import judge_of
from benchmark.evaluation.agreement import load_ratings, measure_agreement
from cli import options, show
from cli.inputs import models_by_role, tell
from cli.settings import concurrency_of, load_settings, open_models, role_settings
from lms import Role


def judge_agreement(
    file: Annotated[Path, typer.Argument(help="Human scores: JSON Lines or CSV (docs/judge.md has the format).")],
    judge: options.Judges = None,
    api_base: options.ApiBase = None,
    seed: options.Seed = 0,
    concurrency: options.Concurrency = None,
    store: options.Store = None,
    json: options.Json = False,
) -> None:
    """Compare the judge with people who scored the same responses: weighted kappa, correlations, confusion.

    Every figure has a 95 % interval. Run it again after a crash: replies are stored, none is paid for twice.

    Example: `raise judge-agreement docs/examples/human-scores.jsonl --judge openai/gpt-4o`
    """
    items = load_ratings(file)
    settings = load_settings()
    roles = role_settings(settings, models_by_role(None, judge, None, None), api_base, seed, panels=True)
    models = open_models({Role.JUDGE: roles[Role.JUDGE]}, store or settings.root)
    tell(models, Role.JUDGE)
    with show.stages() as progress:
        agreement = measure_agreement(
            items,
            judge_of(models),
            concurrency=concurrency_of(settings, concurrency, models),
            progress=progress,
        )
    usage = models.ledger.snapshot()
    total = usage.total()
    simulated = models.simulated(Role.JUDGE)
    result = {
        "simulated": simulated,
        "file": str(file),
        "judges": [str(lm.model) for lm in models.judges],
        **agreement.as_dict(),
        "lm_calls": usage.calls(),
        "cost_usd": None if total.unpriced else round(total.cost_usd, 6),
    }
    if json:
        show.print_json(result)
    else:
        show.agreement(result)
    if agreement.unscored == len(items):
        raise typer.Exit(1)
