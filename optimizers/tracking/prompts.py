"""Prompts of a compiled program in MLflow's prompt registry, and back.

A predictor of a target is a prompt; each version is a chat template: the system message, the demonstrations as turns,
and the request with ``{{variables}}`` for the inputs; ``optimizers.portable.placeholders`` has the escape.
"""

import json
import os
import re
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mlflow
from mlflow import MlflowClient
from mlflow.entities.model_registry import PromptVersion
from mlflow.prompt.constants import PROMPT_EXPERIMENT_IDS_TAG_KEY
from mlflow.tracing.constant import TraceTagKey

from lms.roles import Role
from modules import RAISE
from modules.files import parse_json
from modules.folder import CARD
from optimizers.export import SAMPLING, render_prompts, reply_schema, templates_of
from optimizers.tracking.models import CHAMPION, FINGERPRINT, LoggedProgram, tags_of
from optimizers.tracking.record import MlflowRun, TrackingRecord
from optimizers.tracking.store import Tracker, opening
from signatures import RaiseError
from signatures.identity import content_id

PROMPTS = "prompts:/"
"""Beginning of the address of a registered prompt."""
NEWEST = "latest"
"""MLflow's own alias of the newest version."""
EXPERIMENT = "MLFLOW_EXPERIMENT_ID"
_ADDRESS = re.compile(r"prompts:/[A-Za-z0-9_.-]+(?:@[A-Za-z0-9_.-]+|/[0-9]+)")

Messages = list[dict[str, str]]


@dataclass(frozen=True)
class Template:
    """What is registered of a predictor.

    Attributes:
        reply: JSON schema of the fields of a reply; by default a program asks for them between marks.
        model: the target model and how it is sampled.
    """

    messages: Messages
    reply: dict[str, Any]
    model: dict[str, Any]

    def fingerprint(self) -> str:
        """A hash of all of it."""
        return str(content_id(self.messages, self.reply, self.model))


def register_prompts(
    tracker: Tracker, run: MlflowRun, record: TrackingRecord, folder: Path, chosen: LoggedProgram
) -> None:
    """Make the prompts of the chosen program the ``champion`` of each predictor, in new versions where they are new.

    The experiment becomes MLflow's active one, since MLflow shows prompts in no other.

    Args:
        run: of the compile.
        folder: the program folder.
    """
    _make_active(tracker.experiment_id)
    tags = {**tags_of(record, record.child(record.chosen), run, ""), "program": record.chosen}
    target = parse_json((folder / CARD).read_text(encoding="utf-8")).get("roles", {}).get(Role.TARGET.value, {})
    note = f"{record.chosen} of run {run.run_id}" + (" (simulated)" if record.simulated else "")
    current = []
    for predictor, template in _templates(RAISE.load(folder, hosted_embedder=True), target):
        name = f"{record.program}.{predictor}"
        own = {**tags, "predictor": predictor, FINGERPRINT: template.fingerprint()}
        version = _known(name, own[FINGERPRINT]) or _register(name, template, own, note)
        if CHAMPION not in version.aliases:
            mlflow.genai.set_prompt_alias(name, alias=CHAMPION, version=version.version)
        current.append(version)
    _link(tracker.client, run, chosen.model_id, current)
    _wait_for_links()
    _show(tracker, current)


def export_prompt(address: str, form: str, uri: str) -> str:
    """A registered prompt as text, as ``optimizers.export.export_program`` gives it of a program.

    Args:
        address: ``prompts:/NAME@ALIAS`` or ``prompts:/NAME/VERSION``.
        uri: the MLflow store.

    Raises:
        RaiseError: if there is no such prompt, or no such format.
    """
    prompt = load_prompt(address, uri)
    about = {"address": prompt.uri, "tags": prompt.tags, "model": prompt.model_config}
    content = {"messages": prompt_text(prompt), "reply": prompt.response_format}
    return render_prompts({prompt.name: content}, form, [f"# {prompt.uri}"], about)


def load_prompt(address: str, uri: str) -> PromptVersion:
    """A registered prompt.

    Args:
        address: ``prompts:/NAME@ALIAS`` or ``prompts:/NAME/VERSION``.
        uri: the MLflow store.

    Raises:
        RaiseError: if there is no such prompt.
    """
    wanted = "write prompts:/NAME@champion or prompts:/NAME/VERSION"
    if not _ADDRESS.fullmatch(address):
        raise RaiseError(f"{address!r} is no address of a prompt: {wanted}.")
    with opening(uri):
        prompt: PromptVersion | None = MlflowClient(uri, uri).load_prompt(
            address, allow_missing=True, cache_ttl_seconds=0
        )
    if prompt is None:
        raise RaiseError(f"{address} is not in the MLflow store: {wanted}.")
    return prompt


def prompt_text(prompt: PromptVersion) -> Messages:
    """The messages of a registered prompt, with ``{{field}}`` where inputs go, and escaped like all exports."""
    template = prompt.template
    if isinstance(template, str):
        return [{"role": "user", "content": template}]
    return [{"role": message["role"], "content": message["content"]} for message in template]


def _templates(program: RAISE, target: Mapping[str, Any]) -> Iterator[tuple[str, Template]]:
    """Each predictor with its template.

    Args:
        target: the target model, as the card describes it.
    """
    provider, _, model = str(target.get("model", "")).partition("/")
    sampling = {name: target[name] for name in SAMPLING if name in target}
    for name, predictor in program.named_predictors():
        settings = {"provider": provider, "model_name": model, **sampling}
        yield name, Template(templates_of(predictor), reply_schema(predictor), settings)


def _known(name: str, fingerprint: str) -> PromptVersion | None:
    """The version of the same content: the current one, or the newest, if a worker ended before it made it current."""
    for alias in (CHAMPION, NEWEST):
        address = f"{PROMPTS}{name}@{alias}"
        known: PromptVersion | None = mlflow.genai.load_prompt(address, allow_missing=True, cache_ttl_seconds=0)
        if known and known.tags.get(FINGERPRINT) == fingerprint:
            return known
    return None


def _make_active(experiment_id: str) -> None:
    """Make an experiment MLflow's active one, but not by the environment, where programs that are started find it."""
    given = os.environ.get(EXPERIMENT)
    mlflow.set_experiment(experiment_id=experiment_id)
    if given is None:
        os.environ.pop(EXPERIMENT, None)


def _register(name: str, template: Template, tags: dict[str, str], note: str) -> PromptVersion:
    """A new version."""
    version: PromptVersion = mlflow.genai.register_prompt(
        name=name,
        template=template.messages,
        commit_message=note,
        tags=tags,
        response_format=template.reply,
        model_config=template.model,
    )
    return version


def _link(client: MlflowClient, run: MlflowRun, model_id: str, prompts: list[PromptVersion]) -> None:
    """Show prompts with a run and a model; MLflow's own functions write the same tag anew for each prompt."""
    shown = json.dumps([{"name": prompt.name, "version": str(prompt.version)} for prompt in prompts])
    client.set_tag(run.run_id, TraceTagKey.LINKED_PROMPTS, shown)
    client.set_logged_model_tags(model_id, {TraceTagKey.LINKED_PROMPTS: shown})


def _wait_for_links() -> None:
    """Wait until MLflow has written, in threads of its own, to which experiment the prompts belong."""
    for thread in threading.enumerate():
        if thread.name.startswith("link_prompt_to_experiment"):
            thread.join()


def _show(tracker: Tracker, prompts: Sequence[PromptVersion]) -> None:
    """Let the experiment list its prompts: what MLflow's threads wrote may have failed, or another writer undone it."""
    for prompt in prompts:
        about = tracker.client.get_prompt(prompt.name)
        shown = about.tags.get(PROMPT_EXPERIMENT_IDS_TAG_KEY, "") if about else ""
        if f",{tracker.experiment_id}," not in shown:
            listed = f"{shown.rstrip(',')},{tracker.experiment_id},"
            tracker.client.set_prompt_tag(prompt.name, PROMPT_EXPERIMENT_IDS_TAG_KEY, listed)
