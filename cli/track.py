"""``raise track``: what MLflow misses of finished programs is sent to it."""

from cli.console import out, print_json
from cli.options.track import Options
from cli.settings import load_settings
from optimizers import tracking_uri
from optimizers.tracking.write import track_program
from signatures.masking import masked


def run(options: Options) -> None:
    """Record each program."""
    root = load_settings().root
    done = [track_program(folder, root) for folder in options.programs]
    if options.json:
        rows = [
            {"program": str(result.folder), "recorded": new, "mlflow": result.figures["mlflow"]} for result, new in done
        ]
        print_json({"simulated": any(result.figures["simulated"] for result, _ in done), "programs": rows})
        return
    for result, new in done:
        what = "recorded" if new else "nothing to do, MLflow has it"
        run_id = result.figures["mlflow"]["run_id"]
        out.print(f"{result.folder}: {what} (run {run_id} in {masked(tracking_uri(root))})")
