# Manager Public IA. `make help` prints what can be asked.
# Everything runs in a virtual environment of its own, .venv, made with uv (brought from PyPI when absent).

SHELL := /bin/bash
# Compiled modules are kept, whatever the shell says: each command would otherwise compile all of them again.
unexport PYTHONDONTWRITEBYTECODE
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.ready
UV := $(shell command -v uv 2>/dev/null || echo $(VENV)/uv/bin/uv)
# One more than processors: a quarter of the time of tests is waiting; with two more, pages in browsers wait too long.
JOBS ?= $(shell expr $$(getconf _NPROCESSORS_ONLN) + 1)

.PHONY: help demo dev test sure bench translations migration lint types imports content wheel supply bandit licences audit sbom programs hostile fuzz authorisation openedx collected clean
.DEFAULT_GOAL := help

help: ## print this
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "make %-14s %s\n", $$1, $$2}'

$(VENV)/uv/bin/uv:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or later is needed."; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
	  if [ "$$(id -u)" = 0 ]; then echo "Installing python3-venv."; apt-get update -qq && apt-get install -y -qq python3-venv >/dev/null; \
	  else echo "Run this once, then try again: sudo apt-get install python3-venv"; exit 1; fi; }
	@echo "Bringing uv, which installs the rest, from PyPI."
	@$(PYTHON) -m venv $(VENV)/uv && $(VENV)/uv/bin/python -m pip install --quiet uv

$(STAMP): pyproject.toml uv.lock hatch_build.py $(wildcard translations/*/LC_MESSAGES/*.po) | $(if $(findstring $(VENV),$(UV)),$(UV))
	@echo "Installing the project and its tools in $(VENV)."
	@$(UV) venv --quiet --allow-existing --python $(PYTHON) $(VENV)
	@$(UV) sync --quiet --frozen --reinstall-package manager-public-ia
	@touch $@

dev: $(STAMP) ## install the project and its tools; leaves the command at .venv/bin/lms
	@echo "Ready: $(BIN)/lms --help"

demo: $(STAMP) ## the whole product on SQLite with a development LMS beside it: one address to open
	@$(BIN)/lms demo

test: $(STAMP) programs openedx ## every test, on SQLite and on a real PostgreSQL, in a real browser
	@$(BIN)/python -m pytest -n $(JOBS)

# Read once beforehand: each process of the tests would otherwise compile all of them.
collected: $(STAMP)
	@$(BIN)/python -m pytest --collect-only --quiet >/dev/null

programs:
	@sh tests/bring-programs.sh

# The second platform of the tests, in an environment of its own.
openedx: $(VENV)/openedx/.ready

$(VENV)/openedx/.ready: tests/openedx/requirements.txt | $(if $(findstring $(VENV),$(UV)),$(UV))
	@echo "Installing Open edX's LTI consumer, a platform for the tests, in $(VENV)/openedx."
	@$(UV) venv --quiet --allow-existing --no-project --python $(PYTHON) $(VENV)/openedx
	@$(UV) pip sync --quiet --python $(VENV)/openedx/bin/python $<
	@touch $@

# What is quick goes side by side, one of which waits for the network; then the tests, which want every core.
sure: $(STAMP) ## format, lint, types, import contracts, translations, supply chain, wheel, tests
	@$(MAKE) --no-print-directory --output-sync --jobs 3 programs openedx types wheel content lint imports supply collected
	@$(MAKE) --no-print-directory test

content: $(STAMP)
	@$(BIN)/python -m translations.update --check
	@$(BIN)/lms track validate --strict

wheel: $(STAMP)
	@$(BIN)/python tests/wheel_starts.py

supply: bandit licences audit sbom ## what the project is made of: dangerous code, licences, known vulnerabilities, bill of materials

# Bandit says on standard error which lines it was told to pass: tests/supply says of each why.
bandit: $(STAMP)
	@$(BIN)/bandit --quiet --configfile pyproject.toml --recursive lms curricula assessments certificates translations hatch_build.py \
	  2> >(grep -v 'nosec encountered' >&2)

licences: $(STAMP)
	@$(BIN)/python -m tests.supply.licences

# AUDIT=--offline-ok where no service of vulnerabilities can be reached: it is said, and is no failure.
audit: $(STAMP)
	@$(BIN)/python -m tests.supply.vulnerabilities $(AUDIT)

sbom: $(STAMP) ## write dist/sbom.cdx.json, the bill of materials (CycloneDX) of what the wheel installs
	@$(BIN)/python -m tests.supply.bill

lint: $(STAMP)
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .

types: $(STAMP)
	@$(BIN)/mypy

imports: $(STAMP)
	@$(BIN)/lint-imports

bench: $(STAMP) ## figures and ratios, each taken in one run
	@for bench in tests/bench/bench_*.py; do echo "== $$bench"; $(BIN)/python -m $$(echo $${bench%.py} | tr / .) || exit 1; done

hostile: $(STAMP) ## write the list of hostile cases in the docs from the tests
	@$(BIN)/python -m tests.hostile.listing

fuzz: $(STAMP) ## every parser, given what nobody should send, for MINUTES (10) in all; findings stay in .fuzz/
	@$(BIN)/python -m tests.fuzz.run $(or $(MINUTES),10)

authorisation: $(STAMP) ## write who may open what in the docs from the tables of the tests
	@$(BIN)/python -m tests.claims.authorisation

translations: $(STAMP) ## collect messages into the catalogues and say what lacks a translation
	@$(BIN)/python -m translations.update

migration: $(STAMP) ## write a migration from the models: make migration m="what it does"
	@$(BIN)/lms db migration "$(m)"

clean: ## remove what was made here
	@rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis .fuzz .import_linter_cache dist
