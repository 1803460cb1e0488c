"""The commands, thin: options in, calls made, tables or JSON out."""

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any

import typer

from benchmark import build_authored, evaluate, sample, split
from benchmark.episodes import EpisodeStore
from benchmark.planning import PlanSettings
from benchmark.planning import plan as plan_paths
from benchmark.runner import TAKE_PART
from cli import options, show
from cli.checks import checks
from cli.compile import compile_
from cli.inputs import models_by_role, scenario_set, tell
from cli.programs import NAMES, program_named
from cli.settings import concurrency_of, load_settings, open_models, role_settings
from lms import Role, RoleSettings
from modules import RAISE
from modules.search import STRATEGIES
from signatures import RaiseError


@dataclass(frozen=True)
class Command:
    """A command of the app."""

    name: str
    run: Callable[..., None]


def evaluate_(
    programs: Annotated[list[str], typer.Argument(metavar="PROGRAM...", help=f"Program folders, or: {NAMES}.")],
    target: options.Target = None,
    judge: options.Judge = None,
    user: options.User = None,
    api_base: options.ApiBase = None,
    data: options.Data = "authored",
    split_: Annotated[str, typer.Option("--split", help="train, dev, test or all.")] = "test",
    limit: Annotated[int | None, typer.Option(min=1, help="Scenarios, spread evenly. [default: all]")] = None,
    seed: options.Seed = 0,
    concurrency: options.Concurrency = None,
    store: options.Store = None,
    json: options.Json = False,
) -> None:
    """Run PENGUIN on programs: each talks to simulated users and is judged against their whole profiles.

    Example: `raise evaluate vanilla raise mlruns/programs/sim-gpt-4o --limit 70`
    """
    settings = load_settings()
    loaded = [(name, program_named(name, seed)) for name in programs]
    scenarios = scenario_set(data)
    chosen = scenarios.subset(sample(split(scenarios, split_, seed=seed), limit, seed=seed))
    roles = role_settings(settings, models_by_role(target, judge, user, None), api_base, seed)
    folder = store or settings.root
    models = open_models(roles, folder)
    tell(models, *TAKE_PART)
    episodes = EpisodeStore(folder / "episodes")
    results = []
    with show.stages() as progress:
        for name, program in loaded:
            results.append(
                evaluate(
                    program,
                    chosen,
                    models=models,
                    name=name,
                    store=episodes,
                    concurrency=concurrency_of(settings, concurrency, models),
                    progress=partial(progress, f"evaluating {name}"),
                )
            )
    summaries = [result.summary() for result in results]
    if json:
        card = {**chosen.card(), "hash": scenarios.hash, "split": split_}
        show.print_json({"simulated": results[0].simulated, "data": card, "programs": summaries})
        _fail_if_nothing_was_scored(summaries)
        return
    title = (
        f"{models.roles[Role.TARGET].model} on {scenarios.name} {scenarios.version}, {split_}, {len(chosen)} scenarios"
    )
    show.out.print(show.results_table([(s["name"], s) for s in summaries], title, simulated=results[0].simulated))
    for line in show.unscored_lines(summaries):
        show.out.print(line, style="red")
    for first, second in pairwise(results):
        difference = second.compare(first).safety
        show.out.print(f"{second.name} minus {first.name}: safety {difference.mean:+.2f} "
                       f"[{difference.lo:+.2f}, {difference.hi:+.2f}] (paired, 95 %)")  # fmt: skip
    _fail_if_nothing_was_scored(summaries)


def _fail_if_nothing_was_scored(summaries: list[dict[str, Any]]) -> None:
    if any(summary["unscored"] == summary["n"] for summary in summaries):
        raise typer.Exit(1)


def plan(
    out: Annotated[Path, typer.Option(help="File for the planned paths (JSON Lines).")],
    target: options.Target = None,
    judge: options.Judge = None,
    api_base: options.ApiBase = None,
    data: options.Data = "authored",
    queries: Annotated[int, typer.Option(min=1, help="Train queries to plan for.")] = 56,
    evaluations: Annotated[int, typer.Option(min=1, help="Rollouts a query: one answer and one judgement each.")] = 15,
    depth: Annotated[int, typer.Option(min=1, max=10, help="Longest path.")] = 4,
    strategy: Annotated[str, typer.Option(help="lattice (ours), guided (the paper's), uct (no prior).")] = "lattice",
    seed: options.Seed = 0,
    concurrency: options.Concurrency = None,
    json: options.Json = False,
) -> None:
    """Plan offline which attributes are worth asking, for train queries.

    Example: `raise plan --out paths.jsonl --queries 20`
    """
    if strategy not in STRATEGIES:
        raise RaiseError(f"unknown strategy {strategy!r}: choose one of {', '.join(STRATEGIES)}.")
    settings = load_settings()
    scenarios = scenario_set(data)
    models = open_models(
        role_settings(settings, models_by_role(target, judge, None, None), api_base, seed), settings.root
    )
    tell(models, Role.TARGET, Role.JUDGE)
    with show.stages() as progress:
        planned = plan_paths(
            split(scenarios, "train", seed=seed),
            PlanSettings(queries, evaluations, depth, strategy),
            models=models,
            seed=seed,
            concurrency=concurrency_of(settings, concurrency, models),
            progress=partial(progress, "planning questions offline"),
        )
    out.parent.mkdir(parents=True, exist_ok=True)
    planned.paths.save(out)
    calls = models.ledger.snapshot().calls()
    values = [path.value for path in planned.paths.paths]
    simulated = models.simulated(Role.TARGET, Role.JUDGE)
    summary = {
        "simulated": simulated,
        "file": str(out),
        "paths": len(values),
        "failures": planned.failures,
        "mean_value": round(sum(values) / len(values), 3),
        "lm_calls": calls,
    }
    if json:
        show.print_json(summary)
        return
    show.out.print(f"{len(values)} paths in {out}, mean planned safety {summary['mean_value']}, "
                   f"{planned.failures} queries failed, LM calls {calls}")  # fmt: skip
    if simulated:
        show.out.print(show.BANNER, style="bold red")


def export(
    program: Annotated[Path, typer.Argument(help="A compiled program's folder.")],
    format_: Annotated[str, typer.Option("--format", help="json, markdown or messages (chat messages).")] = "markdown",
    out: Annotated[Path | None, typer.Option(help="File to write. [default: stdout]")] = None,
) -> None:
    """Export a compiled program as plain prompts, for use without DSPy.

    Example: `raise export mlruns/programs/sim-gpt-4o --format messages --out prompts.json`
    """
    from optimizers import export_program

    text = export_program(RAISE.load(program), format_)
    if out is None:
        sys.stdout.write(text)
    else:
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(text, encoding="utf-8")
        show.err.print(f"wrote {out}")


def ui(
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port on this machine.")] = 5000,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
) -> None:
    """Open MLflow on the runs: compare targets, trials and programs, safety against avg_queries.

    Example: `raise ui --port 5001`
    """
    from optimizers import compare_page, tracking_uri

    settings = load_settings()
    uri = tracking_uri(settings.root)
    if uri.startswith("sqlite:") and not (settings.root / "mlflow.db").exists():
        raise RaiseError(f"there are no runs in {settings.root} yet: raise compile makes some.")
    base = f"http://{host}:{port}"
    show.err.print(f"MLflow on {base} (Ctrl-C stops it)")
    if page := compare_page(uri, base):
        show.err.print("newest compile, safety against avg_queries (choose Scatter Plot there):")
        show.err.print(page, soft_wrap=True)
    server = [sys.executable, "-m", "mlflow", "server", "--backend-store-uri", uri, "--host", host, "--port", str(port)]
    local = {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false", "LITELLM_LOCAL_MODEL_COST_MAP": "True"}
    artifacts = ["--default-artifact-root", (settings.root / "artifacts").resolve().as_uri(), "--workers", "1"]
    raise typer.Exit(subprocess.call([*server, *artifacts], env={**os.environ, **local}))  # noqa: S603


def doctor(
    target: options.Target = None,
    judge: options.Judge = None,
    user: options.User = None,
    teacher: options.Teacher = None,
    api_base: options.ApiBase = None,
    ask: Annotated[bool, typer.Option("--ask", help="Also put one short question to each real model.")] = False,
    json: options.Json = False,
) -> None:
    """Check the installation, the models and their keys, the data, and the folder for runs.

    Example: `raise doctor --target openai/gpt-4o-mini --ask`
    """
    settings = load_settings()
    roles: dict[Role, RoleSettings] = role_settings(settings, models_by_role(target, judge, user, teacher), api_base, 0)
    found = checks(roles, settings.root, ask=ask)
    if json:
        show.print_json({"ok": all(c.ok for c in found), "checks": [vars(c) for c in found]})
    else:
        for check in found:
            show.out.print(f"{'[green]ok[/green]  ' if check.ok else '[red]FAIL[/red]'} {check.name}: {check.detail}")
    if not all(check.ok for check in found):
        raise typer.Exit(1)


ALL = (
    Command("compile", compile_),
    Command("evaluate", evaluate_),
    Command("plan", plan),
    Command("export", export),
    Command("ui", ui),
    Command("doctor", doctor),
)

data_app = typer.Typer(no_args_is_help=True, rich_markup_mode="markdown", help="Build and describe scenario sets.")


@data_app.command("build")
def data_build(
    out: Annotated[Path, typer.Option(help="Scenario file to write (JSON Lines).")],
    source: Annotated[str, typer.Option(help="'authored': the set that ships with the project.")] = "authored",
    json: options.Json = False,
) -> None:
    """Write a scenario set as a file; the same call twice gives the same bytes.

    Example: `raise data build --source authored --out authored.jsonl`
    """
    if source != "authored":
        raise RaiseError(f"unknown source {source!r}: 'authored' is the only one built so far.")
    scenarios = build_authored()
    scenarios.save(out)
    if json:
        show.print_json({"file": str(out), **scenarios.card()})
    else:
        show.out.print(f"{len(scenarios)} scenarios in {out} (version {scenarios.version}, hash {scenarios.hash})")


@data_app.command("describe")
def data_describe(data: options.Data = "authored", json: options.Json = False) -> None:
    """Say what is in a scenario set: version, hash, counts, coverage.

    Example: `raise data describe --data authored.jsonl`
    """
    description = scenario_set(data).describe()
    if json:
        show.print_json(description)
        return
    for name, value in description.items():
        text = ", ".join(f"{k} {v}" for k, v in value.items()) if isinstance(value, dict) else value
        show.out.print(f"[bold]{name}[/bold]: {text}")
