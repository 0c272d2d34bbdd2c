# J-Curve. `make report` and `make test` are all a user needs; `make help` lists the rest.
.DEFAULT_GOAL := help
SUITS := import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 14))
PYTHON ?= $(shell for each in python3 python3.14 python3.13 python3.12 python3.11; do \
  $$each -c '$(SUITS)' 2>/dev/null && { echo $$each; break; }; done)
VENV := .venv
BIN := $(VENV)/bin
PINS := requirements
# uv where there is one: it installs in a tenth of the time. Neither compiles what may never be used.
UV := $(shell command -v uv 2>/dev/null)
INSTALL := $(if $(UV),uv pip install --python $(BIN)/python --quiet,$(BIN)/python -m pip install --quiet --no-compile --disable-pip-version-check)
PINNED := $(INSTALL) --require-hashes

export JUPYTER_PLATFORM_DIRS := 1

.PHONY: help setup report lint test prove lab bench docs pictures headlines lock clean

help: ## list what can be made
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' Makefile

$(VENV)/.report: $(PINS)/report.txt pyproject.toml
	@test -n "$(PYTHON)" && $(PYTHON) -c '$(SUITS)' || \
	  { echo "J-Curve needs Python 3.11 to 3.14; name one with: make PYTHON=python3.12 ..." >&2; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing what a report needs into $(VENV) (once) ..."
	@$(PINNED) -r $(PINS)/report.txt
	@$(INSTALL) --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.setup: $(VENV)/.report $(PINS)/lab.txt $(PINS)/excel.txt $(PINS)/simulate.txt $(PINS)/fast.txt
	@echo "Installing JupyterLab, Excel and what simulations need (once) ..."
	@$(PINNED) -r $(PINS)/report.txt -r $(PINS)/lab.txt -r $(PINS)/excel.txt -r $(PINS)/simulate.txt
	@$(PINNED) --only-binary llvmlite -r $(PINS)/fast.txt || \
	  echo "No machine code on this system: llvmlite has no wheel. Everything works, more slowly."
	@touch $@

$(VENV)/.dev: $(VENV)/.setup $(PINS)/dev.txt
	@echo "Installing what the tests need (once) ..."
	@$(PINNED) -r $(PINS)/dev.txt
	@touch $@

setup: $(VENV)/.setup ## create .venv with JupyterLab, Excel and all that an analyst uses

report: $(VENV)/.report ## render the base scenario: HTML and PDF under reports/
	@$(BIN)/jcurve report

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# Three at once on two cores: tests of browsers, processes and kernels wait for much of their time.
test: lint ## lint, types and every test (heavy ones at reduced counts)
	$(BIN)/python -m pytest -n 3

prove: lint ## the same at full counts; writes docs/proof.md
	JCURVE_COUNTS=full $(BIN)/python -m tests.prove

lab: $(VENV)/.setup ## open JupyterLab on the notebooks
	@$(BIN)/jcurve lab

bench: $(VENV)/.dev ## measure speed against what a user would use instead
	@for each in benchmarks/*.py; do echo "== $$each"; $(BIN)/python $$each || exit 1; done

docs: $(VENV)/.dev ## regenerate every generated page
	$(BIN)/python -m jcurve_studies.pages

pictures: $(VENV)/.dev ## redraw the pictures of the panel and of the reports in docs/
	$(BIN)/python benchmarks/workbench_tasks.py docs
	$(BIN)/python -m jcurve_studies.pages pictures

headlines: $(VENV)/.dev ## rewrite the recorded headline numbers of every scenario
	$(BIN)/python -m tests.headlines

LOCK := uv pip compile --quiet pyproject.toml --universal --python-version 3.11 --generate-hashes \
  --no-emit-index-url --no-header --no-annotate
lock: ## renew the pins of requirements/ (needs uv)
	$(LOCK) --extra dev --group build -o $(PINS)/dev.txt
	$(LOCK) --group build -c $(PINS)/dev.txt -o $(PINS)/report.txt
	for each in lab excel simulate cluster fast scripts; do \
	  $(LOCK) --extra $$each -c $(PINS)/dev.txt -o $(PINS)/all.txt && \
	  awk '/^[^ ]/ {new = !($$0 in had)} NR == FNR {had[$$0]; next} new' $(PINS)/report.txt $(PINS)/all.txt \
	    > $(PINS)/$$each.txt || exit 1; done
	rm $(PINS)/all.txt

clean: ## remove what was built; keeps published reports
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis build dist
