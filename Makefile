# `make help` says what there is. For GNU make 3.81 (macOS) and newer.
SHELL = /bin/sh
PORT ?= 8000
HOST = 127.0.0.1
DATA := $(or $(SPOOLBOOK_DATA),.data)
PYTHON =
ARGS =
PART =
SEED =

PY = .venv/bin/python
FOR_TESTS = SPOOLBOOK_DATA=.data/test SPOOLBOOK_DURABLE=0
WORKERS = -n logical --maxprocesses 4 --dist worksteal
PICTURES = $(PY) -m tests.browser.screenshots 'http://demo.localhost:$(PORT)'
LINT_IMPORTS = $(PY) -c 'from importlinter.cli import lint_imports_command; lint_imports_command()'

export SPOOLBOOK_DATA := $(DATA)
# What `make` was told is for this Makefile; programs get what they need on their command lines.
unexport PORT HOST PYTHON ARGS PART SEED DATA
# Compiled modules are kept, whatever the environment says: workers and servers start sooner.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help run demo test test-deep mutations bench check audit fix describe pictures clean install install-dev

help:
	@echo 'make run     install what is needed, start Spoolbook, print its addresses and sign-ins'
	@echo '             PORT=8000  HOST=127.0.0.1  DATA=.data  PYTHON=python3.12'
	@echo '             DATABASE_URL=postgresql://... for a PostgreSQL server of your own'
	@echo 'make install install what is needed, and start nothing: for a server'
	@echo 'make demo    make the demo farm again'
	@echo 'make test    all tests; ARGS="-k ledger" for some of them'
	@echo 'make test-deep  the tests with their large budgets; PART=any-day for one part, SEED=7'
	@echo 'make mutations  make faults on purpose, and see which tests notice'
	@echo 'make bench   measure speed and memory: see docs/performance.md'
	@echo 'make check   style, import contracts, missing migrations, unsafe code, secrets in files'
	@echo 'make audit   known vulnerabilities of what is installed; needs the network'
	@echo 'make fix     correct and format the style'
	@echo 'make describe  write docs/openapi.yaml anew, and the pictures, if the demo farm is served'
	@echo 'make pictures  make those of the docs anew, of the demo farm that is served now'
	@echo 'make clean   remove the virtual environment and caches, never your data'

run: install
	@$(PY) -m config.serve --host '$(HOST)' --port '$(PORT)'

demo: install
	@PORT='$(PORT)' $(PY) manage.py demo

test: install-dev
	@$(PY) -m tests.browser.chromium
	@$(FOR_TESTS) $(PY) -m pytest $(WORKERS) $(ARGS)

test-deep: install-dev
	@$(FOR_TESTS) SPOOLBOOK_SEED='$(SEED)' $(PY) -m tests.deep $(PART) -- $(WORKERS) $(ARGS)

mutations: install-dev
	@$(PY) -m tests.mutations $(ARGS)

bench: install-dev
	@$(PY) -m benchmarks $(ARGS)

check: install-dev
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .
	@$(LINT_IMPORTS)
	@$(PY) manage.py makemigrations --check --dry-run
	@$(PY) -m bandit -q -ll -c pyproject.toml -r manage.py config tenants production inventory
	@git ls-files -z -- ':!*.png' ':!static/vendor' ':!docs/openapi.yaml' | xargs -0 $(PY) -m detect_secrets.pre_commit_hook --baseline .secrets.baseline

audit: install
	@$(PY) -m pip install -q 'pip-audit>=2.10,<3'
	@$(PY) -m pip_audit --strict -r requirements.txt

fix: install-dev
	@$(PY) -m ruff check --fix .
	@$(PY) -m ruff format .

describe: install-dev
	@$(PY) manage.py spectacular --file docs/openapi.yaml
	@$(PICTURES) || true

pictures: install-dev
	@$(PICTURES)

clean:
	rm -rf .venv .pytest_cache .ruff_cache .import_linter_cache .hypothesis .coverage htmlcov
	find . -name __pycache__ -type d -not -path './.data/*' -prune -exec rm -rf {} +

install:
	@$(call with_python,config/install.py requirements.txt)

install-dev:
	@$(call with_python,config/install.py requirements-dev.txt)

# Runs a script with the first Python that is new enough: the one asked for, the one that .venv was
# made with, or any that is on the path.
PYTHONS = $(if $(PYTHON),'$(PYTHON)',$(PY) python3 python3.14 python3.13 python3.12 python3.11 python)
with_python = found=; for python in $(PYTHONS); do \
	version=`"$$python" -c 'import platform; print(platform.python_version())' 2>/dev/null` \
	|| continue; \
	if "$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; \
	then exec "$$python" -I $(1); fi; \
	found="$$found $$version ($$python)"; \
	done; \
	echo "Spoolbook needs Python 3.11 or newer; found:$${found:- none}." >&2; \
	echo "Tried:" $(PYTHONS) >&2; \
	echo 'Install one (Debian, Ubuntu: apt install python3 python3-venv; macOS: brew install' \
	'python), or name one: make run PYTHON=/path/to/python3.12' >&2; \
	exit 1
