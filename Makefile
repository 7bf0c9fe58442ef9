# Everything needs python3 >= 3.11 and make; each target sets up what it uses in .venv and .tools.
SHELL := /bin/sh
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo demo-stack test lint fmt e2e bench generate boards-shots clean lock install cases

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
CODE := exporter tests tools bench grafana deploy
ARGS ?=

# The first of these that is new enough; `make PYTHON=…` names another.
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 && { echo $$p; break; }; \
	done)

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile

demo: $(VENV)/.runtime ## a simulated cluster and the exporter, until stopped; prints what to open
	@$(BIN)/kube-endpoints-exporter demo $(ARGS)

demo-stack: $(VENV)/.dev ## the same with Prometheus, Alertmanager and Grafana in containers; without an engine natively, less Grafana
	@if docker compose version >/dev/null 2>&1 && docker info >/dev/null 2>&1; then \
	  docker compose -f deploy/compose/compose.yaml up --build; \
	elif podman compose version >/dev/null 2>&1; then \
	  podman compose -f deploy/compose/compose.yaml up --build; \
	else $(BIN)/python tools/build.py prometheus alertmanager && $(BIN)/python deploy/compose/native.py; fi

test: $(VENV)/.dev ## all tests but e2e (ARGS='-k reason' and the like go to pytest)
	@$(BIN)/python -m pytest tests --ignore=tests/e2e $(ARGS)

lint: $(VENV)/.dev ## ruff, mypy, import contracts, generated files, contract tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy --strict $(CODE)
	$(BIN)/lint-imports
	$(BIN)/python tools/generate.py --check
	$(BIN)/python -m grafana --check
	$(BIN)/python -m tools.chart --check --without-helm
	$(BIN)/python -m pytest -q tests/contract

fmt: $(VENV)/.dev ## format the code and mend what ruff can mend
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix-only .

e2e: $(VENV)/.dev ## the exporter against a real control plane, Prometheus and a browser (builds all but Chromium, needs Go)
	$(BIN)/python tools/build.py e2e
	@$(BIN)/python -m pytest tests/e2e $(ARGS)

bench: $(VENV)/.dev ## figures beside kube-state-metrics on a real API server (builds them once, needs Go)
	$(BIN)/python tools/build.py bench
	$(BIN)/python -m bench $(ARGS)

generate: $(VENV)/.dev ## write what is made from the program, the rules and the boards (manifests by Helm: needs Go)
	$(BIN)/python tools/generate.py
	$(BIN)/python -m grafana
	$(BIN)/python tools/build.py helm
	$(BIN)/python -m tools.chart

boards-shots: $(VENV)/.dev ## pictures of the boards for docs/grafana.md by Grafana's own components (needs Go, npm and Chromium)
	$(BIN)/python tools/build.py prometheus
	@$(BIN)/python -m tests.e2e.shots $(ARGS)

cases: $(VENV)/.dev ## every case file in every order through the command line (test runs fewer orders)
	$(BIN)/python tests/cases/run_cases.py --exe '$(BIN)/python -m exporter' $(ARGS) tests/cases/data

install: $(VENV)/.dev ## the program, editable, and all development tools in .venv

lock: ## pin the newest allowed dependencies again, with hashes
	@$(require-python)
	@test -x .tools/uv/bin/uv || { $(PYTHON) -m venv .tools/uv && \
	  .tools/uv/bin/python -m pip --disable-pip-version-check --quiet install --require-hashes -r requirements/lock.txt; }
	@printf 'uv\n' > .tools/uv/lock.in
	$(COMPILE) .tools/uv/lock.in -o requirements/lock.txt
	$(COMPILE) pyproject.toml --group dev -o requirements/dev.txt
	$(COMPILE) pyproject.toml -c requirements/dev.txt -o requirements/runtime.txt
	$(COMPILE) --group build -c requirements/dev.txt -o requirements/build.txt

clean: ## remove everything that make made
	rm -rf $(VENV) .tools build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# One set of pins for every supported Python on Linux and macOS. No addresses, no machine's settings.
COMPILE := env -u UV_INDEX_URL -u UV_DEFAULT_INDEX -u UV_INDEX -u UV_EXTRA_INDEX_URL -u UV_FIND_LINKS \
  .tools/uv/bin/uv pip compile --quiet --no-config --upgrade --universal --python-version 3.11 \
  --generate-hashes --no-annotate --custom-compile-command 'make lock'

require-python = if [ -z "$(PYTHON)" ]; then echo 'make: Python 3.11 or newer is needed; none was found as python3, python3.13, python3.12 or python3.11' >&2; exit 1; fi

# An existing environment is brought up to date in place.
$(BIN)/python:
	@$(require-python)
	@$(PYTHON) -m venv $(VENV)

# What runs: the program with its own dependencies.
$(VENV)/.runtime: requirements/runtime.txt requirements/build.txt pyproject.toml | $(BIN)/python
	@echo 'Installing the program into $(VENV) …'
	@$(PIP) install --require-hashes -r requirements/runtime.txt -r requirements/build.txt
	@$(PIP) install --no-build-isolation --no-deps -e .
	@touch $@

# What tests and checks besides.
$(VENV)/.dev: requirements/dev.txt $(VENV)/.runtime
	@echo 'Installing the development tools into $(VENV) …'
	@$(PIP) install --require-hashes -r requirements/dev.txt
	@touch $@
