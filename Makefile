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

.DEFAULT_GOAL := help

help: ## Show this list
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

run: $(VENV)/.installed-run ## Serve the site and its worker on http://127.0.0.1:8000 (PORT=8123 for another port)
	@exec $(PY) manage.py serve --port $(PORT)

test: $(VENV)/.installed-dev ## Run every test, on SQLite and on PostgreSQL, and in Chromium
	@tests/install_tools.sh
	$(PY) manage.py build_static --verbosity 0
	$(PY) -m pytest -q -n 2 --dist loadfile -m "not prove"
	$(PY) tests/on_postgresql.py $(PY) -m pytest -q -n 2 --dist loadfile -m "not prove and not browser and not once"

prove: $(VENV)/.installed-dev ## Run the long proofs (races between real processes, walks through every state), on both databases
	@tests/install_tools.sh
	$(PY) -m pytest -q -m prove
	$(PY) tests/on_postgresql.py $(PY) -m pytest -q -m "prove and not browser"

bench: $(VENV)/.installed-dev ## Measure pages, bookings and free times beside bare servers, on both databases (25 minutes)
	@bench/install_tools.sh
	@$(PY) -m bench

inspect: $(VENV)/.installed-dev ## Ask Lighthouse and pa11y (fetched from npm) about the pages, beside a bare page
	@$(PY) -m bench.inspection

lint: $(VENV)/.installed-dev ## Check style and types
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy

fmt: $(VENV)/.installed-dev ## Put the code into shape
	$(VENV)/bin/ruff check --fix .
	$(VENV)/bin/ruff format .

lock: $(VENV)/.installed-dev ## Renew the locked requirements from pyproject.toml
	$(PY) -m pip install --quiet uv
	$(VENV)/bin/uv pip compile --upgrade --generate-hashes --universal --no-header --quiet pyproject.toml -o requirements.txt
	$(VENV)/bin/uv pip compile --generate-hashes --universal --no-header --quiet pyproject.toml --extra postgres -c requirements.txt -o requirements-postgres.txt
	$(VENV)/bin/uv pip compile --upgrade --generate-hashes --universal --no-header --quiet pyproject.toml --extra postgres --group dev -c requirements-postgres.txt -o requirements-dev.txt
	@! grep -n '://' requirements*.txt || (echo 'An address slipped into the lock.'; exit 1)

pictures: $(VENV)/.installed-dev ## Draw the sample clinic's pictures anew from their SVG sources
	$(PY) content/sample/rasterise.py

$(VENV)/bin/python:
	$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or later is needed." if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv $(VENV) || (echo 'On Debian: apt-get install python3-venv'; exit 1)

$(VENV)/.installed-run: $(REQUIREMENTS) | $(VENV)/bin/python
	$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes -r $(REQUIREMENTS)
	@touch $@

$(VENV)/.installed-dev: requirements-dev.txt | $(VENV)/bin/python
	$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@touch $@ $(VENV)/.installed-run

.PHONY: help run test prove bench inspect lint fmt lock pictures
