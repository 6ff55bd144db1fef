.DEFAULT_GOAL := help
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
PY := .venv/bin/python
BIN := .venv/bin
T ?= tests
# Tests and the demo start many processes: what is compiled once is not compiled again.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: help venv demo test test-long check chaos mutants fuzz bench bench-scale test-odoo fmt serve db-revision shots wheel-test coverage

help: ## Say what each target does
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

.venv/.complete: requirements-dev.lock pyproject.toml
	@bash .ci/venv
	@touch $@

venv: .venv/.complete ## Create .venv from the lock (idempotent)

demo: venv ## Run the main job once, then keep serving (ONCE=1 exits, JSON=path writes the evidence, ANSWERS=file takes your own)
	@$(BIN)/evenhand demo $(if $(ONCE),--once) $(if $(JSON),--json-out "$(JSON)") $(if $(ANSWERS),--answers "$(ANSWERS)")

test: venv ## Run the tests, PostgreSQL and browser included (T=path for a part, long ones included)
	@bash .ci/prerequisites
	@$(BIN)/pytest -n 3 --dist worksteal $(if $(filter tests,$(T)),-m "not long") $(T)

test-long: venv ## Run the tests that take long: whole properties, restarts under load, each ATS with every fault
	@bash .ci/prerequisites
	@$(BIN)/pytest -n 3 --dist worksteal -m long tests

check: venv ## Lint, types, import rules: all that must be green on every commit
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy orchestrator adapters rubrics tests bench alembic/env.py
	@$(BIN)/basedpyright --level error
	@$(BIN)/lint-imports --no-cache
	@$(BIN)/evenhand rubrics lint
	@$(BIN)/evenhand check evenhand.example.yaml

fmt: venv ## Format and fix what can be fixed
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

chaos: venv ## Kill, pause, double and reorder while N stage moves go through (N=200 DB=sqlite|postgres SEED=1)
	@bash .ci/prerequisites
	@$(PY) -m tests.chaos.run --moves $(or $(N),200) --database $(or $(DB),sqlite) --seed $(or $(SEED),1)

mutants: venv ## Plant known bugs into copies of the engine: every one must be caught (ONLY=name for one)
	@bash .ci/prerequisites
	@$(PY) -m tests.mutants $(if $(ONLY),--only "$(ONLY)")

fuzz: venv ## Fuzz webhooks in process, the server over HTTP, and every route by its description (SEED=1)
	@$(PY) -m tests.fuzz.webhooks --bodies $(or $(BODIES),1000000) --seed $(or $(SEED),1)
	@$(PY) -m tests.fuzz.over_http --requests $(or $(REQUESTS),20000) --seed $(or $(SEED),1)
	@$(PY) -m tests.fuzz.schema --examples $(or $(EXAMPLES),25) --seed $(or $(SEED),1)

bench: venv ## Measure speed as ratios in one run, a few minutes (ONLY=a,b,… for parts, N8N=1 with n8n, JSON=path)
	@bash bench/prerequisites
	@$(PY) -m bench $(if $(ONLY),--only "$(ONLY)") $(if $(N8N),--n8n) --json $(or $(JSON),build/bench/results.json)

bench-scale: venv ## The main path on a database with years of history (APPLICATIONS=1000000 EVENTS=10000000)
	@bash bench/prerequisites
	@APPLICATIONS=$(or $(APPLICATIONS),1000000) EVENTS=$(or $(EVENTS),10000000) $(PY) -m bench --only e --json $(or $(JSON),build/bench/scale.json)

test-odoo: venv ## The main job on a real Odoo 19, got from Debian and installed nowhere (minutes, and the network once)
	@$(PY) -m tests.odoo.run

serve: venv ## Serve with an embedded worker on the settings of the environment
	@$(BIN)/evenhand serve --with-worker

db-revision: venv ## Write a migration from the models (M="what changes")
	@$(BIN)/alembic revision --autogenerate -m "$(M)"

shots: venv ## Screenshots of every page (OUT=folder)
	@bash .ci/prerequisites
	@$(PY) -m tests.browser.shots $(or $(OUT),build/shots)

coverage: venv ## Tests with branch coverage and its floors
	@bash .ci/prerequisites
	@bash .ci/coverage

wheel-test: venv ## Install the built wheel in a clean environment and run the suite against it
	@bash .ci/wheel-test
