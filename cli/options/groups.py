"""Options that several commands share: single ones as annotations, those that belong together as groups to inherit."""

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated

from typer import Option

in_models = partial(Option, rich_help_panel="Models")
in_scenarios = partial(Option, rich_help_panel="Scenarios")
in_limits = partial(Option, rich_help_panel="Limits")
in_tracking = partial(Option, rich_help_panel="MLflow")
in_forecast = partial(Option, rich_help_panel="Forecast")
in_machines = partial(Option, rich_help_panel="Machines")

Target = Annotated[
    str | None, in_models(help="Model that plays the agent: a dspy.LM string or a stand-in. [default: sim/gpt-4o]")
]
Judge = Annotated[str | None, in_models(help="Model that scores responses. [default: sim/judge]")]
Judges = Annotated[
    list[str] | None,
    in_models("--judge", help="Model that scores responses; repeat it for a panel of judges. [default: sim/judge]"),
]
Rubric = Annotated[
    Path | None,
    in_models(
        metavar="FILE",
        help="Rubric of the judge: dimensions, anchors, weights (docs/judge.md). [default: that of raise.toml, else "
        "the published one]",
    ),
]
User = Annotated[
    str | None,
    in_models(
        help="Model that plays the user who is asked; unnamed, the target's if that is real. [default: sim/user]"
    ),
]
Teacher = Annotated[
    str | None,
    in_models(help="Model that proposes instructions; unnamed, the judge's if that is real. [default: sim/teacher]"),
]
Data = Annotated[
    str | None,
    in_scenarios(
        help="Scenario set: 'authored', or a scenario file (JSON Lines). [default: that of raise.toml, else authored]"
    ),
]
Vocabulary = Annotated[
    Path | None,
    in_scenarios(
        metavar="FILE",
        help="Vocabulary of your own: what may be asked about (docs/vocabulary.md). [default: that of raise.toml or of "
        "the program, else PENGUIN's ten attributes]",
    ),
]
Seed = Annotated[int, in_scenarios(help="Random seed; the same seed gives the same figures.")]
Out = Annotated[Path, Option(help="Scenario file to write (JSON Lines).")]
Store = Annotated[
    str | None,
    Option(
        metavar="DIR|URL",
        help="Folder of stored replies and finished episodes, for resuming; or a PostgreSQL database that several "
        "machines share, postgresql://user@host/name. [default: RAISE_STORE, or mlruns]",
    ),
]
Agent = Annotated[
    Path | None,
    Option(
        metavar="FILE.toml",
        help="Agent settings (fields of AgentSettings, docs/settings.md), as `raise probe` recommends them.",
    ),
]
Json = Annotated[bool, Option("--json", help="Print one JSON object on stdout; progress goes to stderr.")]


@dataclass(frozen=True, kw_only=True)
class Roles:
    """Models by role. A command has a field for each role that takes part in it, with the role's name."""

    api_base: Annotated[
        str | None,
        in_models(help="Endpoint of all models that are not stand-ins (OpenAI-compatible servers, gateways)."),
    ] = None

    def named(self, role: str) -> str | list[str] | None:
        """What the option of that role says; several models are a panel."""
        named: str | list[str] | None = getattr(self, role, None)
        return named


@dataclass(frozen=True, kw_only=True)
class Answering(Roles):
    """Who answers people, and how."""

    target: Annotated[
        str | None,
        in_models(help="Model that answers; unnamed, the one the program was compiled for. [default: sim/gpt-4o]"),
    ] = None
    country: Annotated[
        str | None,
        Option(metavar="CODE", help="Country of the crisis contacts, as in DE. [default: the program's]"),
    ] = None
    vocabulary: Vocabulary = None


@dataclass(frozen=True, kw_only=True)
class Scenarios:
    """The scenario set, and the seed of everything that is drawn at random."""

    data: Data = None
    vocabulary: Vocabulary = None
    seed: Seed = 0


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What a run may spend."""

    max_calls: Annotated[
        int | None, in_limits(min=1, help="Stop after this many LM calls; stored replies do not count.")
    ] = None
    max_usd: Annotated[
        float | None, in_limits(min=0, help="Stop after this many US dollars; all models must have a known price.")
    ] = None


@dataclass(frozen=True, kw_only=True)
class Forecast:
    """What a run would cost, found out without real models."""

    dry_run: Annotated[
        bool, in_forecast("--dry-run", help="Only forecast calls, tokens and price, on stand-ins; no key needed.")
    ] = False


@dataclass(frozen=True, kw_only=True)
class TimedForecast(Forecast):
    """The same, with the time that it would take."""

    rpm: Annotated[
        float | None, in_forecast(min=0.1, help="Requests per minute that each role may make, to forecast the time.")
    ] = None


@dataclass(frozen=True, kw_only=True)
class Tracking:
    """What goes to MLflow."""

    traces: Annotated[
        str,
        in_tracking(
            metavar="N|all|none",
            help="Conversations of each tested program that are logged as traces: a third of the N with the lowest "
            "safety, a third with the highest, the rest at random.",
        ),
    ] = "20"
    traces_contents: Annotated[
        bool,
        in_tracking(
            "--traces-contents",
            help="Log what real people said, too (sources reddit and hub), which is redacted otherwise.",
        ),
    ] = False
    no_track: Annotated[bool, in_tracking("--no-track", help="Log nothing to MLflow.")] = False


@dataclass(frozen=True, kw_only=True)
class Spread:
    """On which machines the work is done."""

    engine: Annotated[
        str,
        in_machines(
            metavar="local|ray",
            help="Who does the work: this process, or workers on the machines of a Ray cluster, one a processor, each "
            "with --concurrency pieces of work at once. They need a store that all of them reach "
            "(postgresql://...; a folder will do if all nodes are on this machine). The figures stay the same.",
        ),
    ] = "local"
    ray_address: Annotated[
        str | None,
        in_machines(
            metavar="auto|HOST:PORT",
            help="Address of the Ray cluster; auto: the one that this machine belongs to. [default: a new one here]",
        ),
    ] = None


@dataclass(frozen=True, kw_only=True)
class Run:
    """How the work is done, and its results printed."""

    concurrency: Annotated[
        str | None,
        Option(
            metavar="N|auto",
            help="Conversations, queries or posts at once; auto: as many as the endpoints bear. The figures stay the "
            "same. [default: 1 with stand-ins, auto with real models]",
        ),
    ] = None
    json: Json = False
