# `make run` and `make test` are all a newcomer types; everything else is for maintainers.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PORT ?= 8501
BENCH := runs/bench
INSTALL := $(BIN)/python -m pip install --disable-pip-version-check --quiet --no-deps
COMPILE := $(BIN)/pip-compile --quiet --strip-extras --no-emit-index-url --no-emit-find-links --no-emit-trusted-host \
  --no-annotate --allow-unsafe

# What `make run` installs: without a GPU only what serving needs, no torch.
RUN_PINS := $(if $(or $(wildcard /dev/nvidia0),$(wildcard /dev/dxg)),requirements.txt,requirements-serve.txt)

# Serving imports little of it: Python compiles that as it goes, the rest never.
COMPILED := $(if $(findstring serve,$(RUN_PINS)),--no-compile)

.PHONY: setup setup-dev chromium nginx postgresql run test check secrets audit fix bench pins rehearse clean

setup: $(VENV)/.run
setup-dev: $(VENV)/.dev

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

# Each file pins all that is needed, so that nothing is resolved anew.
$(VENV)/.run: $(RUN_PINS) pyproject.toml | $(BIN)/python
	$(INSTALL) $(COMPILED) -r $(RUN_PINS)
	$(INSTALL) --no-build-isolation -e .
	@touch $@

$(VENV)/.dev: requirements.txt requirements-dev.txt pyproject.toml | $(BIN)/python
	$(INSTALL) -r requirements.txt -r requirements-dev.txt
	$(INSTALL) --no-build-isolation -e .
	@touch $(VENV)/.run $@

# The browser tests drive Debian's Chromium; where it cannot be installed they say why they skip.
chromium:
	@command -v chromium >/dev/null 2>&1 || { \
	  if command -v apt-get >/dev/null 2>&1 && [ "$$(id -u)" = 0 ]; then \
	    apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core; \
	  else echo "chromium is not installed: the browser tests will be skipped"; fi; }

# So do the tests behind Debian's nginx; its own service is not started.
nginx:
	@command -v nginx >/dev/null 2>&1 || [ -x /usr/sbin/nginx ] || { \
	  if command -v apt-get >/dev/null 2>&1 && [ "$$(id -u)" = 0 ]; then \
	    apt-get update -qq && RUNLEVEL=1 apt-get install -y -qq --no-install-recommends nginx; \
	  else echo "nginx is not installed: the tests behind it will be skipped"; fi; }

# The store's tests run on Debian's PostgreSQL too, on a socket in a folder of their own.
postgresql:
	@ls /usr/lib/postgresql/*/bin/pg_ctl >/dev/null 2>&1 || { \
	  if command -v apt-get >/dev/null 2>&1 && [ "$$(id -u)" = 0 ]; then \
	    apt-get update -qq && apt-get install -y -qq --no-install-recommends postgresql; \
	  else echo "postgresql is not installed: its tests will be skipped, and fail in CI"; fi; }

run: setup
	$(BIN)/sneakeraug app --port $(PORT)

test: setup-dev chromium nginx postgresql
	$(BIN)/python -m pytest

check: setup-dev secrets
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/bandit -q -r -ll sneakeraug app.py pages

# Hashes of files, which cards are full of, are no secrets.
secrets: setup-dev
	git ls-files -z | xargs -0 $(BIN)/detect-secrets-hook --disable-plugin HexHighEntropyString \
	  --exclude-lines ':PASSWORD@|ada:s3cret' --exclude-files '(^|/)(Makefile|card.json|examples.json)$$'

# Asks the network; --strict, because what could not be looked up is not known to be safe.
audit: secrets
	$(BIN)/pip-audit --strict --no-deps --disable-pip -r requirements.txt
	$(BIN)/pip-audit --strict --no-deps --disable-pip -r requirements-dev.txt

fix: setup-dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# Peers and ours in one run each, some ten minutes in all; nothing else should run meanwhile.
bench: setup-dev chromium
	mkdir -p $(BENCH)
	for each in one_upload page batch alternates augmentations; do \
	  $(BIN)/python benchmarks/$$each.py --json $(BENCH)/$$each.json || exit 1; done
	$(BIN)/python benchmarks/service.py
	$(BIN)/python benchmarks/table.py $(BENCH)

# Without a GPU XGBoost needs none of NVIDIA's library.
pins: setup-dev
	$(COMPILE) --extra train -o requirements.txt pyproject.toml
	$(COMPILE) --constraint requirements.txt -o requirements-serve.txt pyproject.toml
	sed -i '/^nvidia-nccl/d' requirements-serve.txt
	$(COMPILE) --constraint requirements.txt --extra train --extra dev -o requirements-dev.txt pyproject.toml

# What the Containerfile runs, in a folder of its own: minutes, and no container engine.
rehearse: setup-dev
	$(BIN)/python tools/rehearse_container.py

clean:
	rm -rf $(VENV) build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
