# Every target sets itself up: the first one builds .venv from requirements-dev.lock.
.DEFAULT_GOAL := help
SHELL := /bin/bash
BIN := .venv/bin
SEED ?= $(shell echo $$RANDOM)
SEED := $(SEED)
READY := .venv/.ready

help: ## Show the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-14s %s\n", $$1, $$2}'

demo: $(READY) ## Run the main job once: servers, services, seed articles, documents printed from MongoDB
	@$(BIN)/newsflow demo

up: $(READY) ## Start servers and services here; make inbox/, archive/ and var/; stop with Ctrl-C
	@$(BIN)/newsflow up

test: $(READY) ## Run every test on real servers, two files at a time
	@$(BIN)/pytest -n 2 --dist loadfile

test-browser: $(READY) ## Use the console in Debian's chromium, on a running stack; screenshots go to var/browser
	@.ci/browser
	@$(BIN)/pytest -m browser tests/browser

test-faults: $(READY) ## Break everything once under load, and the promises on purpose; SEED=n repeats a run
	@echo "SEED=$(SEED)"; NEWSFLOW_FAULT_SEED=$(SEED) $(BIN)/pytest -m long -n 2 --dist loadfile tests/faults --durations 5

chaos: $(READY) ## Break everything at random for MINUTES=10 under load, by SEED=n; then check the sums
	@$(BIN)/python -m tests.faults.chaos --seed $(SEED) --minutes $(or $(MINUTES),10) $(addprefix --json ,$(JSON))

test-fast: $(READY) ## Run the tests that need no server
	@$(BIN)/pytest tests/unit

fuzz: $(READY) ## Try every parser with thousands of broken documents, and the pipeline in any order; some minutes
	@HYPOTHESIS_PROFILE=long $(BIN)/pytest tests/unit/ingest -k "break or damage or whatever" --timeout 1200
	@HYPOTHESIS_PROFILE=long $(BIN)/pytest tests/fuzzing -s --timeout 1800

check: $(READY) ## Lint, types, layers, known holes in dependencies
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/python -m tests.audit --check

audit: $(READY) ## Look up the locked dependencies among known holes; fails also where none can be looked up
	@$(BIN)/python -m tests.audit

format: $(READY) ## Let ruff mend what it can
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

bench: $(READY) ## Measure everything beside its raw limit and its peers, in less than half an hour
	@$(BIN)/python -m tests.benchmarks

bench-page: $(READY) ## Write docs/benchmarks.md and its plots from the last complete run
	@$(BIN)/python -m tests.benchmarks.page --take

bench-growth: $(READY) ## Send a million articles and backlogs of 2 and 10 GB through; half an hour
	@$(BIN)/python -m tests.benchmarks.growth

bench-console: $(READY) ## Ask the console's pages with half a million articles stored; ten minutes
	@.ci/browser
	@$(BIN)/python -m tests.benchmarks.console $(addprefix --file ,$(ARTICLES))

bench-quality: $(READY) ## Measure tags and topics against labelled files: NER=FILE TOPICS=FILE ARTICLES=FILE
	@$(BIN)/python -m tests.benchmarks.quality $(addprefix --ner ,$(NER)) $(addprefix --topics ,$(TOPICS)) \
	  $(addprefix --articles ,$(ARTICLES)) --json $(or $(JSON),var/benchmarks-quality.json)

schemas: $(READY) ## Write docs/schemas/, asyncapi.json, settings.md and the tables of querying.md anew from the code
	@$(BIN)/python -m tests.docs.generated

LOCK := --quiet --generate-hashes --allow-unsafe --strip-extras \
	--no-emit-index-url --no-emit-find-links --no-emit-trusted-host --no-header

lock: $(READY) ## Resolve the dependencies anew into requirements*.lock
	@$(BIN)/pip-compile $(LOCK) --output-file requirements.lock pyproject.toml
	@$(BIN)/pip-compile $(LOCK) --extra local --extra traces --extra dev --constraint requirements.lock --output-file requirements-dev.lock pyproject.toml
	@$(BIN)/pip-compile $(LOCK) --extra training --extra traces --extra dev --constraint requirements-dev.lock --output-file requirements-training.lock pyproject.toml

$(READY): requirements-dev.lock pyproject.toml .ci/setup
	@.ci/setup
	@touch $@

.PHONY: help demo up test test-browser test-faults chaos test-fast fuzz check audit format bench bench-page bench-growth bench-console \
	bench-quality schemas lock
