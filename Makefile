# Everything needs Python 3.11 or later, venv and make; nothing is installed outside .venv.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PATHS := scanner rules tests bench

.PHONY: scan test test-servers check format docs lock clean

# pip compiles what it installs, but not an editable install; and where PYTHONDONTWRITEBYTECODE is set, Python compiles it anew
# in each run, which doubles the time that a run takes.
COMPILE = $(BIN)/python -m compileall -q scanner rules

# From a fresh clone to the verdict on the reference platform.
scan: $(VENV)/scan.stamp
	$(BIN)/afscan reference-infra/

# From a fresh clone to the last test.
test: $(VENV)/dev.stamp
	$(BIN)/python -m pytest -n auto

# Against real servers: they show what the rules lean on. Installs them where root and apt are; skips by name what is absent.
test-servers: $(VENV)/dev.stamp
	tests/servers/install.sh
	$(BIN)/python -m pytest -rs tests/servers

# What a change must pass: format, lint, strict types, generated files up to date, unit tests.
check: $(VENV)/dev.stamp
	$(BIN)/ruff format --check $(PATHS)
	$(BIN)/ruff check $(PATHS)
	$(BIN)/mypy
	$(BIN)/python -m afscan.docs --check docs
	$(BIN)/python -m pytest -n auto -m "not slow"

format: $(VENV)/dev.stamp
	$(BIN)/ruff format $(PATHS)
	$(BIN)/ruff check --fix $(PATHS)

docs: $(VENV)/dev.stamp
	$(BIN)/python -m afscan.docs docs

# Renew the pinned development environment: hashes and versions only, no addresses.
lock:
	$(BIN)/pip-compile --quiet --extra dev --extra servers --allow-unsafe --generate-hashes --strip-extras --no-emit-index-url --no-emit-trusted-host --no-emit-find-links \
		--no-header --output-file requirements-dev.txt pyproject.toml

$(VENV)/scan.stamp: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e .
	$(COMPILE)
	touch $@

$(VENV)/dev.stamp: pyproject.toml requirements-dev.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	$(COMPILE)
	touch $@ $(VENV)/scan.stamp

clean:
	rm -rf $(VENV) dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find $(PATHS) -name __pycache__ -prune -exec rm -rf {} +
