# Every target makes the environment it needs; nothing but Python 3.11+ and make has to be there.
PYTHON ?= $(shell command -v python3.11 || command -v python3.12 || command -v python3.13 || command -v python3 || echo python3)
VENV := .venv
BIN := $(VENV)/bin
OUT ?= out
SECONDS ?= 300
ARCHIVE ?= build/archive
BENCH ?= corpus/samples/wire-desk.jsonl
TREEBANK ?= ../shared/treebank

# Not compiled: most modules are never imported, and the others are compiled then.
PIP := $(BIN)/python -m pip install --no-compile --quiet --disable-pip-version-check
# A file of tests in one process, since they share what is slow to make; in the order of their names, or xdist puts the
# few and long ones last, where one process is idle beside them.
SPREAD := --dist loadfile --no-loadscope-reorder
LOCK := $(BIN)/uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
  --no-header --no-annotate --quiet $(LOCK_OPTIONS)

.PHONY: run test killed fuzz lint types check coverage bench archives train schema readme lock audit sbom clean help
.DEFAULT_GOAL := help

help: ## list the targets
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /  make \1	/' | expand -t 16

run: $(VENV)/.run ## extract the sample articles into out/ and show the claims
	@$(BIN)/infraclaims run corpus/samples -o $(OUT)

test: $(VENV)/.dev ## run the tests
	@$(BIN)/pytest -n auto $(SPREAD)

killed: $(VENV)/.dev ## the long test of ingestion: 300 pages in 5 feeds, 20 kills; some minutes
	@$(BIN)/python tests/killed.py 300 20

fuzz: $(VENV)/.dev ## fuzz every surface for SECONDS=300 each, guided by coverage (needs a wheel of atheris)
	@$(BIN)/python -c 'import atheris' 2>/dev/null || $(BIN)/python -m pip install --quiet --disable-pip-version-check 'atheris>=3.0'
	@$(BIN)/python -m fuzz --seconds $(SECONDS)

lint: $(VENV)/.dev ## style
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

types: $(VENV)/.dev ## types
	@$(BIN)/pyright

check: ## everything that a change must pass: what CI runs
	@.ci/run

coverage: $(VENV)/.dev ## which branches of pipeline/ the tests take, those of their processes too; half an hour
	@$(BIN)/pytest -n auto $(SPREAD) --cov --cov-report=term:skip-covered --cov-report=html:build/coverage

bench: $(VENV)/.dev ## speed, and what of it got slower since benchmarks/recorded.json; RECORD=1 records it anew
	@$(BIN)/python benchmarks/compare.py $(BENCH) $(if $(RECORD),--record)

archives: $(VENV)/.dev ## the figures of docs/archives.md, by the clock too: ten minutes of two cores that nobody else uses
	@mkdir -p $(ARCHIVE)
	@seq -w 0 15 | xargs -P 2 -I N sh -c 'test -e $(ARCHIVE)/part-N.warc.gz || { \
	  $(BIN)/python tests/made_archive.py $(ARCHIVE)/N.made.gz --pages 1250 --seed N >/dev/null && \
	  mv $(ARCHIVE)/N.made.gz $(ARCHIVE)/part-N.warc.gz; }'
	$(BIN)/python benchmarks/archive.py compare $(ARCHIVE) --full 2 | tee benchmarks/archive.json
	$(BIN)/python benchmarks/archive.py workers $(ARCHIVE) | tee benchmarks/archive_workers.json
	$(BIN)/python benchmarks/archive.py grow $(ARCHIVE) 10000 20000 40000 80000 | tee benchmarks/archive.jsonl
	$(BIN)/python benchmarks/archive.py plot benchmarks/archive.jsonl > benchmarks/archive.svg
	$(BIN)/python benchmarks/archive.py loss corpus/samples corpus/articles

train: $(VENV)/.dev ## train the English pipeline from the treebanks in TREEBANK=DIR into build/model (about an hour)
	@OPENBLAS_NUM_THREADS=1 $(BIN)/python -m models.train --treebank $(TREEBANK) --out build/model

schema: $(VENV)/.run ## write docs/schema/ anew, and the types in docs/records.md
	@$(BIN)/infraclaims schema claim > docs/schema/claim.schema.json
	@$(BIN)/infraclaims schema article > docs/schema/article.schema.json
	@$(BIN)/python docs/update_records.py

readme: $(VENV)/.run ## put the record of the example anew into README.md
	@$(BIN)/python docs/update_readme.py

lock: $(VENV)/.dev ## pin every package anew, with its hashes; LOCK_OPTIONS=--upgrade takes the newest releases
	@$(LOCK) -o requirements.lock
	@$(LOCK) --extra dev -c requirements.lock -o requirements-dev.lock

audit: build/audit/.made ## known vulnerabilities of the locked packages; asks the service of pip-audit
	@build/audit/bin/pip-audit --strict --disable-pip --require-hashes -r requirements.lock $(AUDIT_OPTIONS)

sbom: build/audit/.made ## the locked packages as a CycloneDX bill of materials, into build/sbom.json
	@build/audit/bin/cyclonedx-py requirements requirements.lock --pyproject pyproject.toml --output-reproducible \
	  --output-format JSON --output-file build/sbom.json
	@echo build/sbom.json

build/audit/.made: | $(BIN)/python
	@mkdir -p build && $(BIN)/python -m venv build/audit
	@build/audit/bin/python -m pip install --quiet --disable-pip-version-check 'pip-audit>=2.7' 'cyclonedx-bom>=5'
	@touch $@

clean: ## remove the environment and everything that was made
	rm -rf $(VENV) $(OUT) build dist .pytest_cache .ruff_cache .hypothesis

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  echo "infraclaims needs Python 3.11 or newer; $(PYTHON) is `$(PYTHON) --version 2>&1`. Try: make PYTHON=/path/to/python3.11"; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); exit 1; }

# The stamps are older than the lock when the dependencies changed, and then the install runs again.
$(VENV)/.run: pyproject.toml requirements.lock | $(BIN)/python
	@echo "installing infraclaims into $(VENV) ..."
	@$(PIP) --require-hashes -r requirements.lock
	@$(PIP) --no-deps -e .
	@touch $@

$(VENV)/.dev: pyproject.toml requirements-dev.lock | $(BIN)/python
	@echo "installing infraclaims and its tools into $(VENV) ..."
	@$(PIP) --require-hashes -r requirements-dev.lock
	@$(PIP) --no-deps -e .
	@touch $@ $(VENV)/.run
