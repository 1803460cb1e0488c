"""What ``raise data generate`` takes."""

from dataclasses import dataclass
from typing import Annotated

from benchmark.defaults import PROFILES, QUERIES, RETRIES, SITUATIONS
from cli.options.groups import Forecast, Limits, Out, Roles, Run, Vocabulary, in_models, in_scenarios


@dataclass(frozen=True, kw_only=True)
class Options(Roles, Limits, Forecast, Run):
    """Have a model write a scenario set: situations, people in them, and what they ask.

    What it writes is checked in code: people against the dependency graph, questions for anything that gives a person
    away or repeats another. What does not pass is asked for again, with the fault named; after `--retries` a person is
    repaired from the graph, and a question is dropped. `OUT.report.json` has the account.

    Run the same command again after a crash, Ctrl-C or a limit: it goes on where it stopped. Finished steps are in
    `OUT.journal`, and no reply is paid for twice.

    Example: `raise data generate --out mine.jsonl --domains health,financial --situations 3`

    Example, what it would cost: `raise data generate --out mine.jsonl --builder openai/gpt-4o-mini --dry-run`

    Example, for two dollars: `raise data generate --out mine.jsonl --builder openai/gpt-4o-mini --max-usd 2`
    """

    out: Out
    teacher: Annotated[
        str | None,
        in_models("--teacher", "--builder", help="Model that writes: a dspy.LM string. [default: sim/teacher]"),
    ] = None
    domains: Annotated[
        str | None,
        in_scenarios(help="Fields of life, separated by commas. [default: all of the vocabulary, else the seven]"),
    ] = None
    situations: Annotated[int, in_scenarios(min=1, help="Situations for each domain.")] = SITUATIONS
    profiles: Annotated[int, in_scenarios(min=1, help="Profiles for each situation.")] = PROFILES
    queries: Annotated[
        int, in_scenarios(min=1, help="Queries for each situation; each of its profiles asks all of them.")
    ] = QUERIES
    retries: Annotated[
        int, in_scenarios(min=0, max=20, help="Times to ask again for what failed a check, with its faults named.")
    ] = RETRIES
    vocabulary: Vocabulary = None
    language: Annotated[
        str | None,
        in_scenarios(
            metavar="CODE",
            help="Language of situations and questions, as in es. [default: the vocabulary's]",
        ),
    ] = None
    seed: Annotated[
        int, in_scenarios(min=0, help="Random seed; with stand-ins or stored replies the same seed gives the same set.")
    ] = 0
