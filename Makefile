# J-Curve. `make report` and `make test` are all a user needs; `make help` lists the rest.
.DEFAULT_GOAL := help
SUITS := import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))
PYTHON ?= $(shell for each in python3 python3.13 python3.12 python3.11; do \
  $$each -c '$(SUITS)' 2>/dev/null && { echo $$each; break; }; done)
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

export JUPYTER_PLATFORM_DIRS := 1

.PHONY: help setup report lint test prove lab bench docs pictures headlines lock clean

help: ## list what can be made
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' Makefile

$(READY): requirements.txt pyproject.toml
	@test -n "$(PYTHON)" && $(PYTHON) -c '$(SUITS)' || \
	  { echo "J-Curve needs Python 3.11 to 3.13; name one with: make PYTHON=python3.12 ..." >&2; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing into $(VENV) (about a minute, once) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

setup: $(READY) ## create .venv and install everything pinned

report: $(READY) ## render the base scenario: HTML and PDF under reports/
	@$(BIN)/jcurve report

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

test: lint ## lint, types and every test (heavy ones at reduced counts)
	$(BIN)/python -m pytest -n 2 --dist loadgroup

prove: lint ## the same at full counts; writes docs/proof.md
	JCURVE_COUNTS=full $(BIN)/python -m tests.prove

lab: $(READY) ## open JupyterLab on the notebooks
	@$(BIN)/jcurve lab

bench: $(READY) ## measure speed against what a user would use instead
	@for each in benchmarks/*.py; do echo "== $$each"; $(BIN)/python $$each || exit 1; done

docs: $(READY) ## regenerate every generated page
	$(BIN)/python -m jcurve.docs

pictures: $(READY) ## redraw the pictures of the reports in docs/
	$(BIN)/python -m jcurve.docs.pack

headlines: $(READY) ## rewrite the recorded headline numbers of every scenario
	$(BIN)/python -m tests.headlines

lock: $(READY) ## renew requirements.txt (needs uv)
	uv pip compile --quiet pyproject.toml --all-extras --universal --python-version 3.11 \
	  --generate-hashes --no-emit-index-url --no-header --no-annotate -o requirements.txt

clean: ## remove what was built; keeps published reports
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis build dist
