# Two commands do everything: `make run` and `make test`.
SHELL := /bin/bash
PYTHON ?= python3
PORT ?= 8501
export ONTOS_HOME ?= .ontos
VENV := .venv
BIN := $(VENV)/bin
# Dozens of processes begin here: what one has compiled, the next one need not.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: run test test-wire wired test-workspace jdk check bench acceptance lint types imports clean browser help

help: ## Show the commands
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-15s %s\n", $$1, $$2}'

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

$(VENV)/.wire: $(VENV)/.dev requirements-wire.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-wire.txt
	@touch $@

browser: $(VENV)/.dev
	@$(BIN)/python -m tests.browser

jdk: $(VENV)/.dev
	@$(BIN)/python -m tests.jdk

# More at once than there are cores: tests wait for processes and links, too. Over the wire the loop
# and the journey run beside them. See tests/workers.py.
PYTEST = $(BIN)/python -m pytest -n $(if $(filter wired,$@),3,4) --dist loadfile --no-loadscope-reorder

# Leaves its statements, and the tables that they met, in the folder that is named.
RECORDING = ONTOS_RECORD=$(1) $(PYTEST) -p tests.wire.spark.recording

# `check` names a folder by RECORDED: what `test` leaves there, `test-wire` puts to real Spark.
test: $(VENV)/.dev browser ## Install what is missing and run every test but those of the wire
	@$(if $(RECORDED),$(call RECORDING,$(RECORDED)),$(PYTEST)) --ignore tests/wire

OPERATIONS = $(addprefix tests/,data generate label train deploy monitor improve govern kernel sample)

# The journey on a slow warehouse mostly waits, so it runs beside the others and speaks at the end.
test-wire: $(VENV)/.wire jdk browser ## The real Databricks clients over the wire, real Spark behind the SQL
	@said=$$(mktemp); $(BIN)/python -m tests.wire.journey --tries 2 >"$$said" 2>&1 & journey=$$!; \
	trap 'kill $$journey 2>/dev/null; rm -f "$$said"' EXIT; \
	$(MAKE) --no-print-directory wired && { wait $$journey; ended=$$?; cat "$$said"; exit $$ended; }

# The loop trains and waits by turns, so it runs beside the others and speaks at the end.
wired:
	@said=$$(mktemp -d); $(BIN)/python -m tests.wire.loop --spark --rows 300 >"$$said/loop" 2>&1 & loop=$$!; \
	trap 'kill $$loop 2>/dev/null; rm -rf "$$said"' EXIT; \
	ONTOS_TEST_ENGINE=wire $(if $(RECORDED),$(PYTEST),$(call RECORDING,"$$said/statements")) \
		--show-capture=no $(OPERATIONS) && \
	ONTOS_RECORDED="$(or $(RECORDED),$$said/statements)" $(PYTEST) --show-capture=no tests/wire && \
		{ wait $$loop; ended=$$?; cat "$$said/loop"; exit $$ended; }

test-workspace: $(VENV)/.dev ## A smoke test in a real workspace, named by the environment
	@ONTOS_LIVE=1 $(BIN)/python -m pytest tests/live

lint: $(VENV)/.dev
	@$(BIN)/ruff check . && $(BIN)/ruff format --check ontos pages app.py tests

types: $(VENV)/.dev
	@$(BIN)/mypy

imports: $(VENV)/.dev
	@$(BIN)/lint-imports

check: lint types imports ## What CI runs: lint, types, import order, tests, the loop
	@recorded=$$(mktemp -d) && trap 'rm -rf "$$recorded"' EXIT && \
		$(MAKE) --no-print-directory test test-wire acceptance RECORDED=$$recorded

acceptance: $(VENV)/.dev ## Drive the closed loop over REST against a fresh start
	@$(BIN)/python -m tests.acceptance

bench: $(VENV)/.dev ## Measure speed and memory, one line a figure
	@$(BIN)/python -m tests.bench

clean: ## Remove the virtual environment (the store stays)
	@rm -rf $(VENV)
