"""Addresses in MLflow's pages that open on what matters."""

import json
from urllib.parse import quote

from mlflow import MlflowClient

from optimizers.tracking.store import opening


def compare_page(uri: str, base: str) -> str | None:
    """Address of MLflow's comparison of the newest compile's runs, under ``base``; None if there is no compile yet.

    Its scatter plot shows safety against avg_queries.

    Raises:
        RaiseError: if the store cannot be opened.
    """
    with opening(uri):
        client = MlflowClient(uri)
        experiments = [e.experiment_id for e in client.search_experiments()]
    parents = client.search_runs(experiments, "tags.stage = 'compile'", max_results=1)
    if not parents:
        return None
    parent = parents[0].info
    runs = client.search_runs([parent.experiment_id], f"tags.`mlflow.parentRunId` = '{parent.run_id}'", max_results=100)
    ids = quote(json.dumps([run.info.run_id for run in runs]))
    return f"{base}/#/compare-runs?runs={ids}&experiments={quote(json.dumps([parent.experiment_id]))}"
