# make turn: one turn of the wheel. make test: the tests. Both need only Python and git.
VENV := .venv
BIN := $(VENV)/bin
PYTHON ?= python3
DATA ?= ../shared/data
# make splits words at spaces, which the path of this folder may hold: it is named here alone
export PATH := $(CURDIR)/$(BIN):$(PATH)

.PHONY: turn test test-slow lint trial bench-curation bench-training bench-quality lock clean

turn: $(VENV)/installed
	dvc repro
	argus show

test: $(VENV)/installed
	python -m pytest

# the few tests that take a minute or more
test-slow: $(VENV)/installed
	python -m pytest -m slow

lint: $(VENV)/installed
	ruff check .
	ruff format --check .
	mypy

# three turns on real camera images, in a scratch clone; `PLAN=ordinary STEPS=4` is the short way
trial: $(VENV)/installed
	python -m benchmarks.trial --data "$(DATA)" $(PLAN:%=--plan %) $(STEPS:%=--steps %)

# the data half beside its peers; `ONLY=pairs` measures one part
bench-curation: $(VENV)/bench
	python -m benchmarks.curation --data "$(DATA)" $(ONLY:%=--only %)

# one step of training beside a plain one, every model's speed; `ONLY=steps` measures one part
bench-training: $(VENV)/installed
	python -m benchmarks.training $(ONLY:%=--only %)

# every architecture on real images, given the same time: about 95 minutes
bench-quality: $(VENV)/installed
	python -m benchmarks.quality --data "$(DATA)"

# every dependency with its hashes, for all platforms; no registry address in it. Stages depend on
# the first of the two, so what only tests and linters need is in the second
LOCK := uv pip compile -q --universal --python-version 3.11 --generate-hashes
lock: $(VENV)/installed
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

# forget what can be made again; never touches deliveries or trained turns in DVC's cache
clean:
	rm -rf .cache .pytest_cache .mypy_cache .ruff_cache .hypothesis
