# The doors of the project. Each creates what it needs: `.venv`, packages by hash, nothing else.
SHELL := /bin/sh
PYTHON ?= python3
BIN := .venv/bin
UV_FLAGS := --require-hashes --no-config --link-mode=copy

.PHONY: run up demo-people test lint bench trust peers clean-venv

run: .venv/.runtime
	@$(BIN)/python manage.py up --demo

up: .venv/.runtime
	@$(BIN)/python manage.py up

# Asks for the terms of MovieLens 100k first; ACCEPT_TERMS=1 accepts them without a prompt.
demo-people: .venv/.runtime
	@DEMO=1 $(BIN)/python manage.py load_demo_people $(if $(filter 1,$(ACCEPT_TERMS)),--accept-terms)

# Three at a time: much of the time tests wait. A file stays with one, for what its tests share.
test: .venv/.dev
	@$(BIN)/python -m pytest -q -n 3 --dist loadfile

lint: .venv/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/python -W ignore manage.py makemigrations --check --dry-run
	PUBLIC_URL=https://tactful.example $(BIN)/python manage.py check --deploy --fail-level WARNING
	$(BIN)/mypy .

# `make bench BENCH=--smoke` shows in a minute that all run; names choose some.
bench: .venv/.dev
	@$(BIN)/python -m benchmarks $(BENCH)

trust: .venv/.dev
	@$(BIN)/python -m pytest -q -m trust tests

peers: .venv/.dev .venv-peers/.ready .venv-spark/.ready .venv-mlflow/.ready
	@$(BIN)/python -m pytest -q -m peers tests

.venv/.python:
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' || \
	  { echo "Tactful needs Python 3.11, 3.12 or 3.13 as $(PYTHON); set PYTHON=python3.x." >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || \
	  { echo "This Python cannot make environments: install the package python3-venv." >&2; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check uv
	@touch $@

.venv/.runtime: requirements.txt | .venv/.python
	$(BIN)/uv pip install --quiet --python $(BIN)/python $(UV_FLAGS) -r requirements.txt
	@touch $@

# The development set holds the runtime set at the same versions.
.venv/.dev: requirements-dev.txt | .venv/.python
	$(BIN)/uv pip install --quiet --python $(BIN)/python $(UV_FLAGS) -r requirements-dev.txt
	@touch $@ .venv/.runtime

# What Tactful is compared with pins other versions of its own, so it never enters `.venv`.
.venv-peers/.ready: requirements-peers.txt | .venv/.python
	$(BIN)/uv venv --quiet --clear --python $(BIN)/python .venv-peers
	$(BIN)/uv pip install --quiet --python .venv-peers/bin/python $(UV_FLAGS) -r requirements-peers.txt
	@touch $@

# The product with its extra `spark`; it runs on the machine's Java.
.venv-spark/.ready: requirements.txt requirements-spark.txt | .venv/.python
	$(BIN)/uv venv --quiet --clear --python $(BIN)/python .venv-spark
	$(BIN)/uv pip install --quiet --python .venv-spark/bin/python $(UV_FLAGS) -r requirements.txt -r requirements-spark.txt
	@touch $@

# The server whose aliases the product moves; it runs by itself on a free port.
.venv-mlflow/.ready: requirements-mlflow.txt | .venv/.python
	$(BIN)/uv venv --quiet --clear --python $(BIN)/python .venv-mlflow
	$(BIN)/uv pip install --quiet --python .venv-mlflow/bin/python $(UV_FLAGS) -r requirements-mlflow.txt
	@touch $@

clean-venv:
	rm -rf .venv .venv-peers .venv-spark .venv-mlflow
