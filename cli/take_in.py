"""``raise import``: an edited export in; a program folder, what changed and what it is worth out."""

from pathlib import Path

from cli import diff, evaluate
from cli.console import err
from cli.inputs import scenario_set
from cli.options.diff import Options as DiffOptions
from cli.options.evaluate import Options as EvaluateOptions
from cli.options.take_in import Options
from modules.folder import is_elsewhere
from optimizers.portable.intake import refuse_leaks, refuse_other_card, take_in
from optimizers.portable.reader import read_export
from optimizers.portable.restore import restore
from optimizers.sides import load_with_card
from signatures import RaiseError


def run(options: Options) -> None:
    """Check the file, write the program, show the difference, and evaluate both if that is wanted."""
    export, source = read_export(options.file)
    name = options.original or _found(export.program)
    if options.evaluate and name is None:
        raise RaiseError(f"{export.program or 'the original'} is not there to compare with: name it with --original.")
    original, card = load_with_card(name) if name else (None, None)
    if name and card is not None:
        refuse_other_card(export, source, name, card)
    program = restore(export, source, original)
    refuse_leaks(program, source, scenario_set(options.data).scenarios, original)
    former = take_in(export, program, options.as_, name, card)
    before = str(former) if former and name and Path(name) == options.as_ else name
    if former:
        err.print(f"the former program is kept as {former}", soft_wrap=True)
    err.print(f"wrote {options.as_}", soft_wrap=True)
    diff.run(DiffOptions(before=before or "raise", after=str(options.as_)))
    if options.evaluate and before:
        evaluate.run(_evaluation(options, before, export.card.target))


def _found(program: str) -> str | None:
    """The program that was exported, if it is there."""
    return program if program and (is_elsewhere(program) or Path(program).is_dir()) else None


def _evaluation(options: Options, original: str, target: str | None) -> EvaluateOptions:
    """Both programs on the test split, the edited one minus the original; the target is the card's by default."""
    return EvaluateOptions(
        programs=[original, str(options.as_)],
        compare_to=original,
        target=[named] if (named := options.target or target) else None,
        judge=options.judge,
        user=options.user,
        api_base=options.api_base,
        limit=options.limit,
        store=options.store,
        data=options.data,
        seed=options.seed,
    )
