# Everything happens in $(VENV); the first target that needs it makes it. Python 3.11 or later.
PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin
READY = $(VENV)/.ready
# a free worker takes over what a busy one has not begun; what hangs fails by its name
PARALLEL = -n 2 --dist worksteal --timeout 900 --durations 20

export MLFLOW_DISABLE_TELEMETRY = true
export LITELLM_LOCAL_MODEL_COST_MAP = True

.PHONY: help demo test coverage check format docs wheel clean

help:  ## Show this list
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 10

demo: $(READY)  ## Install, then compile a program for a simulated model (no key, no network)
	$(BIN)/raise compile

test: $(READY)  ## Run all tests
	$(BIN)/python -m pytest $(PARALLEL)

coverage: $(READY)  ## The same, and list the lines that no test runs; takes a third longer
	$(BIN)/python -m pytest $(PARALLEL) --cov --cov-report=term-missing:skip-covered

check: $(READY)  ## Lint, format, types, import order
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(READY)  ## Format the code and fix what ruff can fix
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: $(READY)  ## Build the documentation into site/; a broken link fails
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

wheel: $(READY)  ## Build the wheel into dist/ and try it in a bare environment
	rm -rf build dist
	$(BIN)/python -m pip wheel --quiet --no-deps --no-build-isolation --wheel-dir dist .
	rm -rf build
	bash .ci/try-wheel dist/*.whl

clean:  ## Remove the environment and caches; runs in mlruns/ stay
	rm -rf $(VENV) site .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage .coverage.*

$(READY): pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or later is needed: make PYTHON=python3.11 ...")'
	$(PYTHON) -m venv --clear $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev,docs,inspect]'
	@touch $@
