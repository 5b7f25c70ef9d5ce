# Two commands do everything: `make run` and `make test`.
SHELL := /bin/bash
PYTHON ?= python3
PORT ?= 8501
export ONTOS_HOME ?= .ontos
VENV := .venv
BIN := $(VENV)/bin

.PHONY: run test check bench acceptance lint types imports clean browser help

help: ## Show the commands
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-8s %s\n", $$1, $$2}'

$(VENV)/.run: requirements.txt
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

$(VENV)/.dev: $(VENV)/.run requirements-dev.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@

run: $(VENV)/.run ## Install what is missing and serve on http://127.0.0.1:8501 (PORT, ONTOS_HOME)
	@echo "Ontos ML Workbench on http://127.0.0.1:$(PORT)  (store: $(ONTOS_HOME))"
	@exec $(BIN)/python -m uvicorn app:app --host 127.0.0.1 --port $(PORT) --log-level warning --no-access-log

browser: $(VENV)/.dev
	@$(BIN)/python -m tests.browser

test: $(VENV)/.dev browser ## Install what is missing and run every test
	@$(BIN)/python -m pytest -n 2 --dist loadfile

lint: $(VENV)/.dev
	@$(BIN)/ruff check . && $(BIN)/ruff format --check ontos pages app.py tests

types: $(VENV)/.dev
	@$(BIN)/mypy

imports: $(VENV)/.dev
	@$(BIN)/lint-imports

check: lint types imports test acceptance ## What CI runs: lint, types, import order, tests, the loop

acceptance: $(VENV)/.dev ## Drive the closed loop over REST against a fresh start
	@$(BIN)/python -m tests.acceptance

bench: $(VENV)/.dev ## Measure speed and memory, one line a figure
	@$(BIN)/python -m tests.bench

clean: ## Remove the virtual environment (the store stays)
	@rm -rf $(VENV)
