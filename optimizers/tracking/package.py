"""A program folder as a model that MLflow loads and serves, from code: no pickle.

The model's folder holds the script ``serving/mlflow_model.py``, RAISE's packages as its code, the program folder as its
artifact, and requirements. So it loads wherever these libraries are, RAISE itself installed or not. ``serving`` is
copied, not imported: it builds on this package.

``mlflow.pyfunc.save_model`` writes the same, but runs the script, lists the files of all installed packages, which
takes seconds, and takes along what it finds in the working folder.
"""

import json
import platform
import shutil
from collections.abc import Collection
from importlib.metadata import version
from pathlib import Path

from mlflow.models import Model, ModelSignature
from mlflow.models.model import MLMODEL_FILE_NAME
from mlflow.types.llm import CHAT_MODEL_INPUT_SCHEMA, CHAT_MODEL_OUTPUT_SCHEMA

from modules import PathIndex
from modules.folder import PATHS
from signatures.home import HOME

ARTIFACT = "program"
"""The program folder among the artifacts of a model."""
PACKAGES = ("signatures", "modules", "lms", "serving")
"""What a served program is made of."""
SCRIPT = HOME / "serving" / "mlflow_model.py"
LIBRARIES = (
    "mlflow", "dspy", "numpy", "pandas", "scikit-learn", "pydantic", "regex", "orjson", "tenacity", "filelock",
    "py3langid", "pydantic_core", "SQLAlchemy",
)  # fmt: skip
"""The libraries that those packages import, in the versions that are installed here."""
LOADER = "mlflow.pyfunc.loaders.code_model"
IGNORED = shutil.ignore_patterns(
    "__pycache__", "*.partial", "encoder.onnx", "encoder.npz", "encoder.tokens.*", "encoder.LICENSE"
)
"""What is not packed; the guard does without its encoder."""


def write_model(place: Path, program: Path, *, model_id: str, run_id: str, hidden: Collection[str] = ()) -> None:
    """Write the model to the folder ``place``, which is made.

    Args:
        program: folder of the program.
        hidden: sources whose queries are left out of its planned paths.
        model_id: of the logged model that this becomes.
        run_id: of the run that it comes from.
    """
    shutil.copytree(program, place / "artifacts" / ARTIFACT, ignore=IGNORED)
    leave_out_queries(place / "artifacts" / ARTIFACT, hidden)
    for package in PACKAGES:
        shutil.copytree(HOME / package, place / "code" / package, ignore=IGNORED)
    shutil.copy(SCRIPT, place)
    pins = [f"{name}=={version(name)}" for name in LIBRARIES]
    (place / "requirements.txt").write_text("\n".join(pins) + "\n", encoding="utf-8")
    environment = {
        "python": platform.python_version(),
        "build_dependencies": ["pip"],
        "dependencies": ["-r requirements.txt"],
    }
    (place / "python_env.yaml").write_text(json.dumps(environment, indent=2) + "\n", encoding="utf-8")  # JSON is YAML
    model = Model(
        model_id=model_id,
        run_id=run_id,
        signature=ModelSignature(CHAT_MODEL_INPUT_SCHEMA, CHAT_MODEL_OUTPUT_SCHEMA),
    )
    model.add_flavor(  # as ``mlflow.pyfunc.add_to_model``, which half a second of imports goes before
        "python_function",
        loader_module=LOADER,
        python_version=platform.python_version(),
        code="code",
        env={"virtualenv": "python_env.yaml"},
        model_code_path=SCRIPT.name,
        streamable=False,
        artifacts={ARTIFACT: {"path": f"artifacts/{ARTIFACT}", "uri": ARTIFACT}},
    )
    model.save(str(place / MLMODEL_FILE_NAME))


def leave_out_queries(copy: Path, hidden: Collection[str]) -> None:
    """Rewrite the planned paths of a copied program folder without the queries of these sources."""
    if hidden:
        PathIndex.load(copy / PATHS).without_queries(hidden).save(copy / PATHS)


def shipped_files() -> list[Path]:
    """The files of ``PACKAGES`` that are copied."""
    found = (file for package in PACKAGES for file in (HOME / package).rglob("*") if file.is_file())
    return sorted(file for file in found if "__pycache__" not in file.parts and file.suffix != ".partial")
