# Two commands do everything: `make demo` runs the example, `make test` passes the whole gate.
#
# They need make and Python 3.11 or later, and npm for the charts of the page. All else is installed
# into .venv, in the versions of .ci/constraints.txt, and again only when one of the files that say
# what to install changes.

# The first of these that is new enough; `make PYTHON=/path/to/python3` names another.
PYTHON ?= $(shell for python in python3.11 python3 python3.13 python3.12; do \
	if $$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; \
	then echo $$python; break; fi; done)

VENV := .venv
BIN := $(VENV)/bin
CONSTRAINTS := .ci/constraints.txt
# What the page is drawn and checked with: packages of npm, in the versions of its lock file.
PAGE := settings/runsettings/page
WHAT_TO_INSTALL := pyproject.toml $(CONSTRAINTS) $(PAGE)/package-lock.json

# The stamps of what is installed: the package, all that its tests and tools need, and the type
# checkers that only `make typing` runs. `make compat` keeps its environments in .venv/compat.
PACKAGE := $(VENV)/.package-installed
TOOLS := $(VENV)/.tools-installed
CHECKERS := $(VENV)/.checkers-installed
NODE_MODULES := $(PAGE)/node_modules/.package-lock.json

# As a variable, the constraints also hold where pip builds a package in an environment of its own.
INSTALL := PIP_CONSTRAINT=$(CONSTRAINTS) $(BIN)/python -m pip install --quiet --disable-pip-version-check

PYTEST_ARGS ?=

# How make keeps the lines of commands that run side by side apart; an old make does not.
SYNC := $(if $(filter output-sync,$(.FEATURES)),--output-sync=target)

.DEFAULT_GOAL := help
.PHONY: help demo test beside quick lint types imports suite compat integrations typing long fuzz corpus docs tables pictures wheel format bench constraints clean

help: ## Show this list.
	@echo "make demo    runs the example"
	@echo "make test    passes the whole gate: what CI runs"
	@echo
	@sed -n 's/^\([a-z]*\):[^#]*## \(.*\)/  \1|\2/p' Makefile | while IFS='|' read -r name text; \
	do printf '%-15s%s\n' "  $$name" "$$text"; done

demo: $(PACKAGE) ## Run examples/train.py from its settings, with a flag, and with a slip.
	@PATH="$(CURDIR)/$(BIN):$$PATH" sh examples/demo.sh

test: $(CHECKERS) $(NODE_MODULES) beside suite ## Run the whole gate.

# Two at a time: most of them use one core. The suite has all cores to itself. What they need is
# installed before, as pip must not change what another one uses.
beside:
	@$(MAKE) -j2 $(SYNC) --no-print-directory lint types imports docs compat integrations typing wheel

quick: $(TOOLS) ## Run what is done in a minute: style, types, and tests up to the first failure.
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/pytest -q -n auto -x -m "not slow" $(PYTEST_ARGS)

lint: $(TOOLS) ## Check the style, the format and the spelling.
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/codespell

types: $(TOOLS) $(NODE_MODULES) ## Check the types, strictly: ours, the page's, and the example's, as its reader would.
	$(BIN)/mypy
	$(BIN)/mypy --exclude 'coming_from|tutorial' examples .ci
	for project in examples/tutorial examples/coming_from/*/ours; do $(BIN)/mypy $$project || exit 1; done
	@if test -e $(NODE_MODULES); then node $(PAGE)/node_modules/typescript/bin/tsc -p $(PAGE)/jsconfig.json; fi

imports: $(TOOLS) ## Check that imports run down the house.
	$(BIN)/lint-imports --no-cache

suite: $(TOOLS) $(NODE_MODULES) ## Run the tests on all cores; warnings are errors.
	$(BIN)/pytest -n auto $(PYTEST_ARGS)

compat: | $(BIN)/python ## Run pydantic-settings' own tests with our base class.
	$(BIN)/python tests/compat/run.py $(VERSIONS)

integrations: | $(BIN)/python ## Try TensorBoard, Gymnasium, Keras, Lightning and transformers, the real ones.
	$(BIN)/python tests/integrations/run.py

typing: $(CHECKERS) ## Check typical user code with pyright, basedpyright and mypy.
	$(BIN)/python tests/typing/run.py

long: $(TOOLS) ## The long form of the slow proofs: 500 kills, thousands of new examples; half an hour.
	RUNSETTINGS_LONG=1 $(BIN)/pytest -n auto $(PYTEST_ARGS)

fuzz: $(TOOLS) ## Fuzz all readers with 10^6 inputs, guided by coverage if atheris is installed; an hour.
	$(BIN)/python tests/fuzz/run.py

corpus: $(TOOLS) ## Generate parsers and configs of every kind, and hold them; minutes.
	RUNSETTINGS_LONG=1 $(BIN)/pytest -n auto tests/corpus $(PYTEST_ARGS)

docs: $(TOOLS) $(NODE_MODULES) ## Build the documentation, and check its links and each page in a browser.
	$(BIN)/sphinx-build -W --keep-going --quiet -b html docs docs/_build/html
	$(BIN)/pytest -q tests/site/check_site.py

tables: $(TOOLS) ## Write the documentation's tables and the schemas anew, from the code.
	$(BIN)/python docs/_ext/generated_tables.py

pictures: $(TOOLS) ## Write the documentation's pictures of the page anew, from the page.
	RUNSETTINGS_PICTURES=1 $(BIN)/pytest -q tests/page/test_pictures.py

wheel: $(TOOLS) ## Build the sdist and the wheel, and try the wheel in a clean environment.
	PIP_CONSTRAINT=$(CONSTRAINTS) $(BIN)/python .ci/try_wheel.py

format: $(TOOLS) ## Format the code and mend what can be mended.
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

bench: $(TOOLS) ## Measure; takes minutes, and wants a machine that does nothing else.
	$(INSTALL) --editable '.[bench]'
	for script in benchmarks/*.py; do $(BIN)/python $$script || exit 1; done

constraints: ## Write .ci/constraints.txt anew, from the newest versions that fit pyproject.toml.
	$(PYTHON) .ci/lock_versions.py > $(CONSTRAINTS).new
	mv $(CONSTRAINTS).new $(CONSTRAINTS)

clean: ## Remove all that make has made.
	rm -rf $(VENV) $(PAGE)/node_modules $(PAGE)/static/vendor dist docs/_build .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or later is needed: make PYTHON=/path/to/python3"; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(PACKAGE): $(WHAT_TO_INSTALL) | $(BIN)/python
	$(INSTALL) --editable .
	@touch $@

# After the package, not beside it: two pips in one environment would trip over each other. The
# whole gate installs all three at once, by the last rule.
$(TOOLS): $(WHAT_TO_INSTALL) | $(PACKAGE)
	$(INSTALL) --editable '.[dev]'
	@touch $@

# Without npm, what needs its packages is skipped with a line; with CI set, it fails.
$(NODE_MODULES): $(PAGE)/package-lock.json
	@if command -v npm >/dev/null; then npm ci --prefix $(PAGE) --ignore-scripts --silent; \
	elif [ "$$CI" = true ]; then echo "npm is missing" >&2; exit 1; \
	else echo "npm is missing: the types of the page's modules are not checked"; fi

$(CHECKERS): $(WHAT_TO_INSTALL) | $(BIN)/python
	$(INSTALL) --editable '.[dev,typing]'
	@touch $(PACKAGE) $(TOOLS) $@
