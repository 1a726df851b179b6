# Everything starts here: make help.
# Recipes name relative paths only, so that a checkout may lie in a folder with spaces.

# A person's own settings must not reach the project's interpreter; without compiled files each of
# the hundreds of processes that the tests start would compile the program anew.
unexport PYTHONPATH PYTHONHOME VIRTUAL_ENV PYTHONDONTWRITEBYTECODE
.NOTPARALLEL:
.DEFAULT_GOAL := help

PY := .venv/bin/python
WORKERS ?= 2

.PHONY: help
help:
	@echo "make demo    set up once, then run the demonstration on a fresh database in .demo/"
	@echo "make test    set up once, then every check and every test, with the coverage gates"
	@echo "make mining  only the exports for process miners, read back by one of them, which has"
	@echo "             an environment of its own (550 MB, set up once; make test does it, too)"
	@echo "make check   only the checks: style, format, types, directions of imports"
	@echo "make fix     let ruff mend style and format"
	@echo "make setup   only the set-up: .venv with the locked packages and this checkout"
	@echo "make texts   compile the Russian texts after a change of messages.po"
	@echo "make schemas write the JSON Schemas anew after a change of the forms of definitions"
	@echo "make lock    pin the dependencies of pyproject.toml anew; UPGRADE=1 takes newer ones"
	@echo "make verify-scale  verify a million records beside the bare floor; .scale/ keeps them"
	@echo "make bench   measure beside floors and peers, write docs/benchmarks.md (10 minutes);"
	@echo "             QUICK=1 for a look, RECORDS=1000000 for a long history; .bench/ keeps it"
	@echo "make clean   remove what the tools and the demonstration left; both .venv stay"
	@echo
	@echo "Needed: Python 3.11 or newer with venv. The set-up needs the package index once;"
	@echo "after it everything works offline. Another Python: make PYTHON=python3.12 test"
	@echo "The tests open a report in Chromium: found, or installed on Debian as root, or named:"
	@echo "make CHROMIUM=/path/to/chrome test"

# Always asked, and silent while nothing changed: the script knows what it was finished for.
.PHONY: setup
setup:
	@sh .ci/bootstrap

.PHONY: demo
demo: setup
	@rm -rf .demo && mkdir .demo
	@.venv/bin/lifecycle demo --db sqlite:///.demo/lifecycle.db

.PHONY: check
check: setup
	@echo "check: style (ruff)"
	@$(PY) -m ruff check .
	@echo "check: format (ruff)"
	@$(PY) -m ruff format --check .
	@echo "check: types (mypy)"
	@$(PY) -m mypy
	@$(MAKE) --no-print-directory imports

# By the interpreter, not by its script: a script breaks when the checkout is moved.
.PHONY: imports
imports: setup
	@echo "check: directions of imports (import-linter)"
	@$(PY) -c 'from importlinter.cli import lint_imports_command as lint; lint()' --no-logo

# pm4py reads our exports back. It is AGPL, so it lies in an environment of its own, runs as a
# process of its own, and nothing of ours imports it.
.PHONY: mining
mining: setup
	@sh .ci/bootstrap mining
	@echo "mining: exports read back by pm4py"
	@$(PY) -m pytest -q -n0 tests/mining/check_miners.py

# The gates: 95 % of everything; every branch of the rules that decide, prove and compile.
# The types are checked by one process: meanwhile another one makes the other environment.
.PHONY: test
test: setup
	@sh .ci/bootstrap mining & made=$$!; \
	    $(MAKE) --no-print-directory check; checked=$$?; wait $$made && exit $$checked
	@sh .ci/browser
	@echo "test: pytest with branch coverage"
	@rm -f .coverage .coverage.*
	@$(PY) -m pytest -n $(WORKERS) --cov --cov-report= tests/mining/check_miners.py tests
	@echo "test: coverage of everything, 95 % at least"
	@$(PY) -m coverage report --skip-covered --fail-under=95
	@echo "test: coverage of domain, audit and the compiler, 100 %"
	@$(PY) -m coverage report --skip-covered --fail-under=100 \
	    --include='lifecycle/domain/*,lifecycle/audit/*,workflows/compile*.py,workflows/compile*/*'

.PHONY: fix
fix: setup
	@$(PY) -m ruff check --fix .
	@$(PY) -m ruff format .

# One lock for every system and Python version; its only tool is fetched on demand, because
# nothing else needs it. Without UPGRADE the pins that still fit stay.
LOCK = $(PY) -m uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
    --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" \
    $(if $(UPGRADE),--upgrade)

.PHONY: lock
lock: setup
	@$(PY) -m pip install --quiet uv
	@$(LOCK) --group dev pyproject.toml --output-file requirements.lock
	@$(LOCK) .ci/mining.in --output-file .ci/mining.lock
	@$(LOCK) .ci/bench.in --output-file .ci/bench.lock
	@sh .ci/bootstrap

# The compiled catalogue is committed: nobody needs a tool to read Russian.
.PHONY: texts
texts: setup
	@$(PY) -m babel.messages.frontend compile --domain messages --directory lifecycle/locale

# Editors read these; a test holds them to the forms.
.PHONY: schemas
schemas: setup
	@$(PY) -c 'from pathlib import Path; from lifecycle.workflows import json_schemas as made; \
	    [Path(f"workflows/{kind}.schema.json").write_text(made.text_of(kind), "utf-8") \
	     for kind in made.KINDS]'

# Not part of any test: it takes minutes, and its figures are the machine's.
RECORDS ?= 1000000
.PHONY: verify-scale
verify-scale: setup
	@$(PY) -m tests.campaigns.verify_scale --records $(RECORDS)

# Nor is this: the peers lie in an environment of their own, and the figures are the machine's.
.PHONY: bench
bench: setup
	@sh .ci/bootstrap bench
	@$(PY) -m tests.bench $(if $(QUICK),--quick) \
	    $(if $(filter command environment,$(origin RECORDS)),--records $(RECORDS))

.PHONY: clean
clean:
	@rm -rf .demo build dist *.egg-info .coverage .coverage.* htmlcov
	@rm -rf .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
