"""``raise data export``: a scenario set with prompts and hashes, for other harnesses."""

from benchmark import sample, split
from benchmark.evaluation.harness import items_of
from cli.console import out, print_json
from cli.inputs import refuse_folder, scenario_set
from cli.options.items import Options
from modules.files import keeping, replacing


def run(options: Options) -> None:
    """Write the items."""
    refuse_folder(options.out, "a file for the items")
    whole = scenario_set(options.data)
    chosen = sample(split(whole, options.split, seed=options.seed), options.limit, seed=options.seed)
    with keeping(options.out), replacing(options.out, private=True) as file:
        for item in items_of(chosen, whole.hash, options.split):
            file.write(item.model_dump_json() + "\n")
    if options.json:
        print_json({"file": str(options.out), "items": len(chosen), "data": whole.card()})
    else:
        out.print(f"{len(chosen)} scenarios in {options.out} (set {whole.name}, hash {whole.hash})")
