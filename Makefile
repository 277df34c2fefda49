# What one does with this project. Needs make, git and Python 3.11 or newer with venv and pip, and curl for the tests; the
# rest comes from PyPI and npm.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
SHELL := /bin/sh

PYTHON ?= $(shell for one in python3.11 python3.12 python3.13 python3; do \
	"$$one" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo "$$one" && break; done)
BIN := .venv/bin
STAMP := .venv/.composegen
SAMPLE ?= nfs-replicas
# How many labs the tests on real engines have side by side: they wait more than they compute.
LABS ?= 4

.PHONY: help demo test lint engines proof reference update package bench clean

help: ## Show what can be made
	@sed -n 's/^\([a-z]*\):[^#]*## /\1\t/p' $(MAKEFILE_LIST) | while IFS="$$(printf '\t')" read -r name text; do \
		printf '  make %-10s %s\n' "$$name" "$$text"; done

demo: $(STAMP) ## Render a sample (SAMPLE=nfs-replicas) to demo/ and show the tree
	$(BIN)/composegen render samples/$(SAMPLE)/topology.yaml -o demo
	@echo; cd demo && find . -type f | LC_ALL=C sort | sed 's|^\./|  demo/|'

test: $(STAMP) ## Run every test that needs no root: units, samples, real tools, lint, types, wheel
	$(BIN)/python -m pytest -m "not engine"

lint: $(STAMP) ## Check style and types
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

engines: $(STAMP) ## Run the tests on real engines: needs root; installs Debian packages, builds what is not cached
	tests/engines/prepare
	$(BIN)/python -m tests.engines.obtain
	status=0; \
	$(BIN)/python -m pytest -n $(LABS) -m "engine and not alone" tests/engines || status=1; \
	$(BIN)/python -m pytest -n 0 -m "engine and alone" tests/engines || status=1; \
	exit $$status

proof: $(STAMP) ## Write docs/proof.md from what the tests on real engines have last shown
	$(BIN)/python -m tests.engines.proof

reference: $(STAMP) ## Write docs/reference and the schema anew
	$(BIN)/python -m composegen.reference

update: $(STAMP) ## Rewrite everything generated: reference, schema, what the samples render to
	$(BIN)/python -m pytest -n 0 --update -q -m "not engine" tests/test_generated.py tests/test_samples.py tests/test_import.py

package: $(STAMP) ## Build wheel and sdist to dist/
	$(BIN)/python -m build --outdir dist

bench: $(STAMP) ## Measure speed beside peers and limits (ONLY=large: what has that in its name)
	$(BIN)/python -m bench $(if $(ONLY),--only '$(ONLY)') $(BENCH)

clean: ## Remove what was made here, the environment too
	rm -rf .venv demo dist build .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The environment is made anew when what it must hold changes.
$(STAMP): pyproject.toml
	@test -n "$(PYTHON)" || { echo "make: needs Python 3.11 or newer with venv and pip" >&2; exit 2; }
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade 'pip>=25.1'
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable . --group dev
	touch $@
