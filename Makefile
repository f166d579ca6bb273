# Everything runs from a fresh clone with git, make and Python 3.11. `make help` lists the targets.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
MANAGE := $(BIN)/python manage.py

# A stamp carries the checksum of what it stands for: a changed lock installs again, and nothing
# else does. The development set contains the other, so it satisfies both.
RUNTIME := $(VENV)/installed-$(shell cksum < requirements.txt | tr -d ' \n')
DEVELOPMENT := $(VENV)/developing-$(shell cksum < requirements-dev.txt | tr -d ' \n')
INSTALLED := $(if $(wildcard $(VENV)/developing-*),$(DEVELOPMENT),$(RUNTIME))

.DEFAULT_GOAL := help
.PHONY: help run prepare web worker test check bench chaos audit lock clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' Makefile

run: $(INSTALLED) ## Set up and serve the whole product on http://127.0.0.1:$PORT (8000)
	@exec $(MANAGE) serve

prepare: $(INSTALLED) ## Migrate, make provider accounts, collect static files (operators, each deployment)
	@$(MANAGE) prepare

web: $(INSTALLED) ## Serve the web alone on 0.0.0.0:$PORT (operators; any number of machines)
	@$(MANAGE) prepare --static-only
	@exec $(BIN)/gunicorn --config python:kling_saas.web_server kling_saas.wsgi:application

worker: $(INSTALLED) ## Run a queue worker alone (operators; any number of machines)
	@exec $(MANAGE) worker

test: $(DEVELOPMENT) ## Run all tests: on SQLite, or on the PostgreSQL of DATABASE_URL
	@exec $(BIN)/pytest -n auto --maxprocesses 8 --dist worksteal

check: $(DEVELOPMENT) ## Format, lint, types, layers, migrations, deploy checks, templates
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy .
	$(BIN)/lint-imports
	$(MANAGE) makemigrations --check --dry-run
	DEBUG=off SECRET_KEY="$$($(BIN)/python -c 'import secrets; print(secrets.token_hex(32))')" \
	  ALLOWED_HOSTS=studio.example SITE_URL=https://studio.example ENV_FILE= \
	  $(MANAGE) check --deploy --fail-level WARNING
	$(BIN)/djlint --lint --quiet templates

bench: $(DEVELOPMENT) ## Run the benchmarks; print ratios measured in one run
	@exec $(BIN)/python -m bench

chaos: $(DEVELOPMENT) ## Run 10,000 jobs with every fault and kill -9; prove that nothing is lost
	@exec $(BIN)/python -m tests.chaos $(CHAOS)

audit: $(DEVELOPMENT) ## Look for known weaknesses in the dependencies (needs the network)
	$(BIN)/uv tool run --quiet pip-audit --strict --disable-pip --requirement requirements.txt

lock: $(VENV)/bin/uv ## Resolve the dependencies anew, into the two requirement files
	$(BIN)/uv pip compile pyproject.toml --extra media --generate-hashes --no-header \
	  --python-version 3.11 --quiet -o requirements.txt
	$(BIN)/uv pip compile pyproject.toml --extra media --group dev --generate-hashes --no-header \
	  --python-version 3.11 --quiet -c requirements.txt -o requirements-dev.txt

clean: ## Remove what is made, but not the data in var/
	rm -rf $(VENV) var/static .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# --- installing ----------------------------------------------------------------------------------
$(VENV)/bin/python:
	@test -n "$(PYTHON)" || { echo "Python 3.11 is needed, and was not found."; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or newer is needed; $(PYTHON) is older. Set PYTHON=…"; exit 1; }
	@echo "Creating $(VENV) …"
	@$(PYTHON) -m venv $(VENV)

# uv takes seconds where pip takes a minute; without it everything works the same.
$(VENV)/bin/uv: | $(VENV)/bin/python
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv || true

$(RUNTIME): | $(VENV)/bin/python $(VENV)/bin/uv
	@$(call install,requirements.txt)
	@rm -f $(VENV)/installed-* $(VENV)/developing-* && touch $@

$(DEVELOPMENT): | $(VENV)/bin/python $(VENV)/bin/uv
	@$(call install,requirements-dev.txt)
	@rm -f $(VENV)/installed-* $(VENV)/developing-* && touch $@

# Compiled once here: where PYTHONDONTWRITEBYTECODE is set, each process would compile all anew.
define install
echo "Installing $(1) …"; \
{ test -x $(BIN)/uv && VIRTUAL_ENV=$(VENV) $(BIN)/uv pip sync --quiet --compile-bytecode $(1) 2>$(VENV)/uv.log; } || \
$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $(1)
endef
