"""The commands, thin: options in, calls made, tables or JSON out."""

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from cli import options, show
from cli.checks import checks
from cli.compile import compile_
from cli.evaluate import evaluate_
from cli.inputs import models_by_role
from cli.judge_agreement import judge_agreement
from cli.plan import plan_
from cli.reproduce import reproduce_
from cli.settings import load_settings, role_settings
from lms import Role, RoleSettings
from modules import RAISE
from signatures import RaiseError


@dataclass(frozen=True)
class Command:
    """A command of the app."""

    name: str
    run: Callable[..., None]


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
    judge: options.Judges = None,
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
    roles: dict[Role, RoleSettings] = role_settings(
        settings, models_by_role(target, judge, user, teacher), api_base, 0, panels=True
    )
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
    Command("plan", plan_),
    Command("judge-agreement", judge_agreement),
    Command("reproduce", reproduce_),
    Command("export", export),
    Command("ui", ui),
    Command("doctor", doctor),
)
