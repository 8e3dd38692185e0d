# The commands of this project. `make help` lists them.
PORT ?= 8000
SITE_URL ?= http://127.0.0.1:$(PORT)
PYTHON ?= python3
export SITE_URL

VENV := .venv
PY := $(VENV)/bin/python
ifneq ($(findstring postgres,$(DATABASE_URL)),)
REQUIREMENTS := requirements-postgres.txt
else
REQUIREMENTS := requirements.txt
endif

COMPILE := $(VENV)/bin/uv pip compile --generate-hashes --universal --no-header --quiet pyproject.toml

ALL_EXTRAS := --extra postgres --extra s3 --extra sentry

.DEFAULT_GOAL := help

help: ## List the commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-16s %s\n", $$1, $$2}'

run: $(VENV)/.installed-run ## Serve the site and its worker on http://127.0.0.1:8000 (PORT=8123 for another port, SAMPLE=no to start empty)
	@exec $(PY) manage.py serve --port $(PORT) $(if $(filter no,$(SAMPLE)),--no-sample)

# Another date than that of the other tests, so that none passes on one day only.
A_YEAR_AHEAD := TEST_NOW=$$($(PY) -c "from datetime import timedelta; from tests.support.clock import TEST_NOW; print((TEST_NOW + timedelta(days=365)).isoformat())")

test: $(VENV)/.installed-dev ## Run every test, on SQLite, in Chromium, and on PostgreSQL (with the clock a year ahead)
	@tests/support/install_tools.sh
	$(PY) manage.py build_static --verbosity 0
	$(PY) -m pytest -q -n 2 --dist loadfile -m "not prove"
	$(A_YEAR_AHEAD) $(PY) tests/support/postgresql.py $(PY) -m pytest -q -n 2 --dist loadfile -m "not prove and not browser and not once"

test-ahead: $(VENV)/.installed-dev ## Run the tests a year ahead on SQLite, to tell whether the clock or PostgreSQL fails one
	$(PY) manage.py build_static --verbosity 0
	$(A_YEAR_AHEAD) $(PY) -m pytest -q -n 2 --dist loadfile -m "not prove and not browser and not once"

test-next: ## Run the tests on the newest Django (SQLite, no browsers); needs Python 3.12, NEXT_PYTHON= names one
	@tests/support/test_next.sh

test-lowest: ## Run some tests with the lowest versions that pyproject.toml allows
	@PYTHON=$(PYTHON) tests/support/test_lowest.sh

prove: $(VENV)/.installed-dev ## Run the slow tests (races between real processes, every state of every page), on both databases
	@tests/support/install_tools.sh
	$(PY) -m pytest -q -n 2 --dist loadfile -m "prove and not long and not operations"
	$(PY) tests/support/postgresql.py $(PY) -m pytest -q -n 2 --dist loadfile -m "prove and not long and not browser and not operations and not once"

prove-long: $(VENV)/.installed-dev ## Run the slowest tests, too long for every change, on both databases
	@tests/support/install_tools.sh
	$(PY) -m pytest -q -m "long and not operations"
	$(PY) tests/support/postgresql.py $(PY) -m pytest -q -m "long and not browser and not operations"

prove-operations: $(VENV)/.installed-dev ## Run the site on several machines, stop parts of it, upgrade and restore it (QUICK=yes: ten minutes of it)
	@tests/support/install_tools.sh
	@tests/support/install_operations_tools.sh
	$(PY) manage.py build_static --verbosity 0
	$(PY) -m pytest -q -m "operations$(if $(filter yes,$(QUICK)), and not long)"

accessibility-date: $(VENV)/.installed-dev ## Check every public page with axe, and if all pass, write the date for the accessibility statement
	@tests/support/install_tools.sh
	$(PY) manage.py build_static --verbosity 0
	$(PY) -m pytest -q -n 2 --dist loadfile $$(grep -rl "browser.axe import" tests/browser/public)
	$(PY) -m tests.support.accessibility_date

bench: $(VENV)/.installed-dev ## Benchmark pages, bookings and growth against plain Django views, on both databases (docs/bench.md)
	@bench/install_tools.sh
	@$(PY) -m bench

inspect: $(VENV)/.installed-dev ## Run Lighthouse and pa11y (fetched from npm) on the pages, compared with a bare page
	@$(PY) -m bench.inspection

lint: $(VENV)/.installed-dev ## Check style and types
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy

fmt: $(VENV)/.installed-dev ## Format the code
	$(VENV)/bin/ruff check --fix .
	$(VENV)/bin/ruff format .

audit: .venv-audit/.installed ## Look up known vulnerabilities of the locked requirements on the internet (fails with 3 if it can't)
	@.venv-audit/bin/python tests/support/audit.py requirements-full.txt

sbom: .venv-audit/.installed ## List the locked requirements in CycloneDX JSON, in var/sbom.json
	@mkdir -p var
	@PYTHONWARNINGS=ignore .venv-audit/bin/cyclonedx-py requirements requirements-full.txt --pyproject pyproject.toml \
		--output-reproducible --of JSON -o var/sbom.json
	@echo var/sbom.json

lock: $(VENV)/.installed-dev ## Update the locked requirements from pyproject.toml
	$(PY) -m pip install --quiet uv
	echo 'Django<6' | $(COMPILE) --upgrade -c - -o requirements.txt
	$(COMPILE) --extra postgres -c requirements.txt -o requirements-postgres.txt
	$(COMPILE) --upgrade $(ALL_EXTRAS) -c requirements.txt -o requirements-full.txt
	$(COMPILE) --upgrade $(ALL_EXTRAS) --group dev -c requirements-full.txt -o requirements-dev.txt
	echo 'Django>=6' | $(COMPILE) --upgrade $(ALL_EXTRAS) --group dev --python-version 3.12 -c - -o requirements-next.txt
	echo 'Django<6' | $(COMPILE) --upgrade $(ALL_EXTRAS) --group dev --resolution lowest-direct -c - -o requirements-lowest.txt
	$(subst pyproject.toml,--group pyproject.toml:audit,$(COMPILE)) --upgrade -o requirements-audit.txt
	@! grep -n '://' requirements*.txt || (echo 'An address slipped into the lock.'; exit 1)

pictures: $(VENV)/.installed-dev ## Rasterise the sample clinic's pictures from their SVG sources
	$(PY) content/sample/rasterise.py
	$(PY) content/sample/make_renditions.py

fonts: $(VENV)/.installed-dev ## Subset the typefaces into static/fonts/
	$(PY) content/fonts/make_fonts.py

$(VENV)/bin/python:
	$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or later is needed." if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv $(VENV) || (echo 'On Debian: apt-get install python3-venv'; exit 1)

.venv-audit/.installed: requirements-audit.txt
	$(PYTHON) -m venv --clear .venv-audit
	.venv-audit/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-audit.txt
	@touch $@

$(VENV)/.installed-run: $(REQUIREMENTS) | $(VENV)/bin/python
	$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes -r $(REQUIREMENTS)
	@touch $@

$(VENV)/.installed-dev: requirements-dev.txt | $(VENV)/bin/python
	$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@touch $@ $(VENV)/.installed-run

.PHONY: help run test test-ahead test-next test-lowest prove prove-long prove-operations accessibility-date bench inspect audit sbom lint fmt lock pictures fonts
