"""Prompts of a compiled program in MLflow's prompt registry."""

import mlflow

from modules import RAISE
from optimizers.export import prompts_of
from optimizers.tracking.record import MlflowRun, TrackingRecord


def register_prompts(record: TrackingRecord, run: MlflowRun, program: RAISE) -> None:
    """Put each predictor's system message into the prompt registry, one version a compile."""
    note = f"{record.chosen} of run {run.run_id}" + (" (simulated)" if record.simulated else "")
    for predictor, prompt in prompts_of(program).items():
        system = str(prompt["messages"][0]["content"])
        mlflow.genai.register_prompt(
            name=f"{record.program}.{predictor}", template=system.replace("{{", "{ {"), commit_message=note
        )
