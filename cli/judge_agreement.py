"""``raise judge-agreement``: a file of human scores in, how far the judge agrees with it out."""

import typer

from benchmark import judge_of
from benchmark.evaluation.agreement import load_ratings, measure_agreement
from cli.command import NO_CONCLUSION
from cli.console import print_json
from cli.inputs import tell
from cli.options.judge_agreement import Options
from cli.settings import concurrency_of, load_settings, open_models, place_for, role_settings
from cli.show.agreement import show_agreement
from cli.show.numbers import usage
from cli.show.progress import stages
from lms import Role
from signatures.identity import content_id


def run(options: Options) -> None:
    """Have the responses judged.

    Raises:
        typer.Exit: with 1 if none could be scored, with 3 if too few for a conclusion.
    """
    items = load_ratings(options.file)
    settings = load_settings()
    roles = role_settings(settings, options, options.seed, panels=True)
    models = open_models({Role.JUDGE: roles[Role.JUDGE]}, place_for(options.store, settings))
    tell(models, Role.JUDGE)
    judge = judge_of(models)
    job = content_id("judge agreement", judge.identity(), [(i.query, i.profile.known(), i.response) for i in items])
    with stages() as progress, models.ledger.charged_to(job):
        agreement = measure_agreement(
            items,
            judge,
            concurrency=concurrency_of(settings, options.concurrency, models),
            progress=progress,
        )
    result = {
        "simulated": models.simulated(Role.JUDGE),
        "file": str(options.file),
        "judges": [str(lm.model) for lm in models.judges],
        **agreement.as_dict(),
        **usage(models.store.usage_of(job), models),
    }
    if options.json:
        print_json(result)
    else:
        show_agreement(result)
    if agreement.unscored == len(items):
        raise typer.Exit(1)
    if not result["conclusion"]:
        raise typer.Exit(NO_CONCLUSION)
