# `make help` lists the targets. `make turn` and `make test` need only Python and Git.
VENV := .venv
BIN := $(VENV)/bin
PYTHON ?= python3
DATA ?= ../shared/data
# make splits words at spaces, which the path of this folder may hold: it is named here alone
export PATH := $(CURDIR)/$(BIN):$(PATH)

.PHONY: help turn test test-slow lint format hooks trial bench-curation bench-training \
    bench-evaluation bench-quality architecture lock clean

help: ## list the targets
	@sed -nE 's/^([a-z-]+):[^#]*## (.*)/make \1@\2/p' Makefile | \
	    while IFS=@ read -r name text; do printf '%-20s %s\n' "$$name" "$$text"; done

turn: $(VENV)/installed ## run the pipeline once, on the demo if nothing else is there
	dvc repro
	argus show

test: $(VENV)/installed ## run the tests
	python -m pytest

test-slow: $(VENV)/installed ## run the few tests that take a minute or more
	python -m pytest -m slow

lint: $(VENV)/installed ## check style and types, as CI does
	ruff check .
	ruff format --check .
	mypy

format: $(VENV)/installed ## lay the code out, and mend what ruff can mend by itself
	ruff check --fix .
	ruff format .

hooks: $(VENV)/installed ## run `make lint` before every commit from now on (pre-commit)
	uvx pre-commit install

trial: $(VENV)/installed ## three turns on real images, in a scratch clone; short: PLAN=ordinary STEPS=4
	python -m benchmarks.trial --data "$(DATA)" $(PLAN:%=--plan %) $(STEPS:%=--steps %)

bench-curation: $(VENV)/bench ## measure curation beside its peers; one part: ONLY=pairs
	python -m benchmarks.curation --data "$(DATA)" $(ONLY:%=--only %)

bench-training: $(VENV)/installed ## measure a training step and every model's speed; one part: ONLY=steps
	python -m benchmarks.training $(ONLY:%=--only %)

bench-evaluation: $(VENV)/installed ## measure the judges: time, order, calibration; one part: ONLY=speed
	python -m benchmarks.evaluation --data "$(DATA)" $(ONLY:%=--only %)

bench-quality: $(VENV)/installed ## train every architecture on real images for the same time: 95 minutes
	python -m benchmarks.quality --data "$(DATA)"

architecture: $(VENV)/installed ## draw docs/architecture.svg anew, from the imports (grimp)
	uv run --no-project --script docs/draw_architecture.py

# no registry address in either. Stages depend on the first, so what only tests and linters need is
# in the second
LOCK := uv pip compile -q --universal --python-version 3.11 --generate-hashes
lock: $(VENV)/installed ## lock every dependency with its hashes, for all platforms
	$(LOCK) pyproject.toml -o requirements.lock
	$(LOCK) --group dev -c requirements.lock -o requirements-dev.lock

$(VENV)/installed: requirements.lock requirements-dev.lock pyproject.toml
	test -x $(BIN)/python || "$(PYTHON)" -m venv $(VENV)
	$(BIN)/pip install -q uv
	$(BIN)/uv pip install -q --compile-bytecode --python $(BIN)/python --require-hashes \
	    -r requirements.lock -r requirements-dev.lock
	$(BIN)/uv pip install -q --python $(BIN)/python --no-deps --no-build-isolation -e .
	touch $@

# what ours is measured against
$(VENV)/bench: $(VENV)/installed
	$(BIN)/uv pip install -q --python $(BIN)/python --group bench -c requirements.lock \
	    -c requirements-dev.lock
	touch $@

# never touches deliveries or what DVC's cache holds of turns
clean: ## delete caches that can be made again
	rm -rf .cache .pytest_cache .mypy_cache .ruff_cache .hypothesis
