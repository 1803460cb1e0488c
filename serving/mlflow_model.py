"""The model that ``mlflow models serve`` runs: messages in, the next message of the assistant out.

MLflow keeps this file with the logged model and runs it to load the model ("models from code"), so that nothing is
pickled; the program folder is its artifact ``program``. It is a plain ``PythonModel`` with MLflow's chat schemas, since
``ChatModel`` and ``ResponsesAgent`` ask the language model something each time a model is logged.
"""

import os
import time
import uuid
from pathlib import Path
from typing import Any

import mlflow
import pandas as pd
from mlflow.exceptions import MlflowException
from mlflow.pyfunc.model import PythonModel, PythonModelContext

from lms import Role
from modules import RAISE
from modules.files import parse_json, read_plain
from modules.folder import CARD
from serving.replay import next_move, words_of
from serving.target import models_for
from signatures import RaiseError


class ServedProgram(PythonModel):
    """A compiled program behind MLflow's chat schemas; it keeps nothing between requests but replies it paid for."""

    def load_context(self, context: PythonModelContext) -> None:
        """Read the program folder, and set up the model that it was compiled for (see ``serving.target``)."""
        folder = Path(context.artifacts["program"])
        self._agent = RAISE.load(folder)
        self._models = models_for(parse_json(read_plain(folder / CARD)), os.environ)

    def predict(
        self, context: PythonModelContext, model_input: pd.DataFrame, params: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        """The next message of one conversation, as an OpenAI chat completion.

        Args:
            model_input: one row, with the column ``messages``.

        Raises:
            MlflowException: if that is no conversation; with the reason.
        """
        if len(model_input) != 1:
            raise MlflowException.invalid_parameter_value(f"{len(model_input)} conversations at once: send one.")
        try:
            with self._models.context(Role.TARGET):
                said = words_of(next_move(self._agent, list(model_input["messages"].iloc[0])))
        except RaiseError as error:
            raise MlflowException.invalid_parameter_value(str(error)) from error
        return _completion(said, self._models.roles[Role.TARGET].model)


def _completion(said: str, model: str) -> dict[str, Any]:
    """What the assistant said, as OpenAI's API puts it."""
    message = {"role": "assistant", "content": said}
    return {
        "id": f"chatcmpl-{uuid.uuid4().hex}",
        "object": "chat.completion",
        "created": int(time.time()),
        "model": model,
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
    }


mlflow.models.set_model(ServedProgram())
