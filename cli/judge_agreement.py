"""``raise judge-agreement``: a file of human scores in, how far the judge agrees with it out."""

import typer

from benchmark import judge_of
from benchmark.evaluation.agreement import load_ratings, measure_agreement
from cli.console import print_json
from cli.inputs import tell
from cli.options.judge_agreement import Options
from cli.settings import concurrency_of, load_settings, open_models, role_settings
from cli.show.agreement import show_agreement
from cli.show.numbers import usage
from cli.show.progress import stages
from lms import Role


def run(options: Options) -> None:
    """Have the responses judged; if none could be scored, that is exit code 1."""
    items = load_ratings(options.file)
    settings = load_settings()
    roles = role_settings(settings, options, options.seed, panels=True)
    models = open_models({Role.JUDGE: roles[Role.JUDGE]}, options.store or settings.root)
    tell(models, Role.JUDGE)
    with stages() as progress:
        agreement = measure_agreement(
            items,
            judge_of(models),
            concurrency=concurrency_of(settings, options.concurrency, models),
            progress=progress,
        )
    result = {
        "simulated": models.simulated(Role.JUDGE),
        "file": str(options.file),
        "judges": [str(lm.model) for lm in models.judges],
        **agreement.as_dict(),
        **usage(models),
    }
    if options.json:
        print_json(result)
    else:
        show_agreement(result)
    if agreement.unscored == len(items):
        raise typer.Exit(1)
