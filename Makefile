# `make run` serves, `make test` tests; both set up what they need by themselves.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SOURCES := server tests bench wsgi.py gunicorn.conf.py
PIP := $(BIN)/pip install --quiet --disable-pip-version-check

.PHONY: run test lint format setup doctor bench soak audit clean

run: setup
	@$(BIN)/python -m server sample
	@$(BIN)/gunicorn wsgi:app

test: setup $(VENV)/.tested-with
	$(BIN)/python -m pytest $(ARGS)

lint: setup $(VENV)/.tested-with
	$(BIN)/black --quiet --check --diff -l 100 $(SOURCES)
	$(BIN)/flake8 $(SOURCES)
	$(BIN)/mypy

format: setup $(VENV)/.tested-with
	$(BIN)/black --quiet -l 100 $(SOURCES)

setup: $(VENV)/.installed

doctor: setup
	@$(BIN)/python -m server doctor

bench: setup $(VENV)/.tested-with
	@$(BIN)/python -m bench $(ARGS)

soak: setup $(VENV)/.tested-with
	@$(BIN)/python -m tests.soak $(ARGS)

# In a virtual environment of its own: nothing of ours needs what it brings along.
audit: setup
	@test -x $(VENV)-audit/bin/pip-audit \
	  || { $(PYTHON) -m venv $(VENV)-audit && $(VENV)-audit/bin/pip install --quiet pip-audit==2.10.1; } || true
	@$(PYTHON) .ci/audit $(VENV)-audit/bin/pip-audit --vulnerability-service osv --progress-spinner off \
	  --path $$($(BIN)/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')

clean:
	rm -rf $(VENV) $(VENV)-audit .pytest_cache .mypy_cache

# Markers, so that a second `make` has nothing to do.
$(VENV)/.installed: requirements.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Parallax needs Python 3.11 or newer; set PYTHON=/path/to/python3."; exit 1; }
	@echo "Setting up $(VENV) ..."
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(PIP) -r requirements.txt
	@touch $@

$(VENV)/.tested-with: tests/requirements.txt $(VENV)/.installed
	@$(PIP) -r tests/requirements.txt
	@touch $@
