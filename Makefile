# Everything runs in a virtual environment that is made here; nothing has to be installed before.
#   make demo    the main job on a real model: build, compare, measure, gate, choose
#   make test    unit tests; then, in one lab, a short demo and all that is timed; then two at a time the other tests
#                with every real framework
#   make bench NAME=simulation   one benchmark: a table, and benchmarks/out/NAME.json
#   make check   format, lint, types, import contracts, docs
#   make locks   every toolchain's locks anew from its .in files, with hashes, and what that changes; nothing is written
#                with ARGS=--check; versions stay with ARGS=--keep; ARGS="onnx torch" takes these toolchains only

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: demo test unit bench check format docs locks clean

demo: $(READY)
	$(BIN)/edgewright demo --out runs/demo

test: unit
	lab=$$(mktemp -d) && trap 'rm -rf "$$lab"' EXIT && export EDGEWRIGHT_TEST_LAB="$$lab" && \
	$(BIN)/python -m pytest -m alone && \
	$(BIN)/python -m pytest -m "(integration or e2e) and not alone" --numprocesses 2 --dist worksteal

unit: $(READY)
	$(BIN)/python -m pytest tests/unit tests/contract --numprocesses 2

bench: $(READY)
	$(BIN)/python -m benchmarks $(NAME)

check: $(READY)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/python -m docs.commands --check

format: $(READY)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

docs: $(READY)
	$(BIN)/python -m docs.commands

locks: $(READY)
	$(BIN)/python -m tools.locks $(ARGS)

clean:
	rm -rf $(VENV) runs

$(READY): pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Python 3.11 or newer is needed: make PYTHON=python3.11")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable ".[dev]"
	touch $(READY)
