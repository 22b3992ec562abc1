VENV ?= .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
# Far above what any one test takes: a loop that never ends must not hang the run.
PYTEST := $(BIN)/python -m pytest --timeout=300 -n auto --dist worksteal

.DEFAULT_GOAL := help
.PHONY: help demo test lint format cover pictures bench budget versions downstream clean distclean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  %-10s %s\n", $$1, $$2 }' Makefile

demo: $(STAMP) ## The shared client: how it explodes today, then under loopscope
	$(BIN)/python examples/shared_client/demo.py

test: $(STAMP) ## Lint, types and tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(PYTEST)

lint: $(STAMP) ## Lint and types only
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(STAMP) ## Rewrite the sources as the linter wants them
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

cover: $(STAMP) ## Tests under coverage, with a report
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest --timeout=300
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report

pictures: $(STAMP) ## Take the pictures in docs/pictures, in Chromium
	$(BIN)/python docs/pictures.py

bench: $(STAMP) ## What async tests cost above the same tests written sync, and what a trace costs
	$(BIN)/python -m benchmarks run
	$(BIN)/python -m benchmarks.trace

budget: $(STAMP) ## Calls that async tests make above sync ones: no more than were agreed
	$(BIN)/python -m benchmarks check

versions: $(STAMP) ## A small suite on the newest releases of the plugins we stand in for
	$(BIN)/nox --force-python $(BIN)/python --session \
	    'versions(pytest-asyncio, pytest newest)' \
	    'versions(anyio, pytest newest)' \
	    'versions(pytest-trio, pytest newest)' \
	    'versions(pytest-django, pytest newest)' \
	    'versions(pytest-playwright-asyncio, pytest newest)'

downstream: $(STAMP) ## Other projects' suites, on their own engine and on ours
	$(BIN)/python -m downstream --ci --jobs 2

clean: ## Remove what builds and runs leave behind
	rm -rf build dist htmlcov .coverage .coverage.* .hypothesis .mypy_cache .nox .pytest_cache .ruff_cache
	find src tests examples -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true

distclean: clean ## ... and the virtual environment
	rm -rf $(VENV)

# `make PYTHON=python3.12 test` chooses the interpreter; otherwise the first one that is new enough and
# can make an environment (Debian ships ensurepip apart). A version manager's shim may be on PATH and
# yet not run, so each candidate is tried.
$(STAMP): pyproject.toml src/loopscope/__init__.py
	@set -eu; \
	if ! $(BIN)/python -m pip --version >/dev/null 2>&1; then \
	    for python in $(PYTHON) python3 python3.13 python3.12 python3.11 python3.10; do \
	        if $$python -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 10))' 2>/dev/null; \
	        then found=$$python; break; fi; \
	    done; \
	    if [ -z "$${found:-}" ]; then \
	        echo "No Python 3.10 or newer with venv and ensurepip on PATH (Debian: python3-venv)." >&2; exit 1; \
	    fi; \
	    echo "Making $(VENV) with $$found ($$($$found --version))"; \
	    $$found -m venv --clear $(VENV); \
	fi
	@echo "Installing loopscope and its tools into $(VENV)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check 'pip>=23'
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@
