"""``raise discover``: attributes that the vocabulary lacks, proposed, tested, written into a vocabulary file."""

from benchmark import sample, split
from benchmark.discovery.discover import Sizes, discover
from benchmark.discovery.trial import Workplace
from benchmark.discovery.writing import vocabulary_text
from benchmark.jobs.budget import Budget, BudgetSpent, check_prices, spending_limits
from benchmark.jobs.place import EPISODES
from cli.console import err, out, print_json
from cli.inputs import refuse_folder, scenario_set, tell
from cli.options.discover import Options
from cli.settings import (
    concurrency_of,
    load_settings,
    open_models,
    place_for,
    refuse_unnamed_stand_ins,
    role_settings,
)
from cli.show.discoveries import discovery_table
from cli.show.numbers import money, usage
from cli.show.progress import stages
from lms import Role
from modules.files import keeping, write_whole
from signatures import RaiseError, current_vocabulary
from signatures.identity import content_id

ROLES = (Role.TARGET, Role.JUDGE, Role.TEACHER)


def run(options: Options) -> None:
    """Find attributes, and write the vocabulary.

    Raises:
        RaiseError: if a limit ends it, or nothing can be tested.
    """
    if options.out.suffix.lower() != ".toml":
        raise RaiseError(f"{options.out}: a vocabulary file is written as TOML: name a file that ends in .toml.")
    refuse_folder(options.out, "a file for the vocabulary")
    settings, seed, vocabulary = load_settings(), options.seed, current_vocabulary()
    scenarios = scenario_set(options.data)
    searched = sample(split(scenarios, "train", seed=seed), options.limit, seed=seed)
    held_out = sample(split(scenarios, "test", seed=seed), options.held_out, seed=seed)
    roles = role_settings(settings, options, seed)
    taking_part = {role: roles[role] for role in ROLES}
    refuse_unnamed_stand_ins(settings, options, taking_part)
    limits = spending_limits(options.max_calls, options.max_usd)
    check_prices(limits, taking_part)
    place = place_for(options.store, settings)
    models = open_models(roles, place)
    tell(models, *ROLES)
    job = content_id("discover", scenarios.hash, vocabulary.hash, [models.identity(role) for role in ROLES])
    try:
        with stages() as progress, models.ledger.charged_to(job), Budget(models.ledger, limits).enforced():
            concurrency = concurrency_of(settings, options.concurrency, models)
            episodes = place.open_journal(EPISODES, place.folder / EPISODES)
            workplace = Workplace(models, episodes, concurrency, progress)
            found = discover(searched, held_out, vocabulary, workplace, Sizes(options.cases, options.attributes))
    except BudgetSpent as spent:
        raise RaiseError(
            f"{spent}: the same command with a higher limit goes on, and pays for no reply twice."
        ) from spent
    simulated = models.simulated(*ROLES)
    written = None if found.vocabulary is None else str(options.out)
    if found.vocabulary is not None:
        with keeping(options.out):
            write_whole(options.out, vocabulary_text(found.vocabulary))
    took = usage(models.store.usage_of(job), models)
    result = {"simulated": simulated, "vocabulary": written, **found.as_dict(), **took}
    if options.json:
        print_json(result)
        return
    title = f"Attributes that {vocabulary.name} lacks, on {len(held_out)} held-out scenarios"
    out.print(discovery_table(result, title, simulated=simulated))
    out.print(money(result))
    err.print(f"wrote {written}" if written else "no attribute was accepted, so no file was written", soft_wrap=True)
