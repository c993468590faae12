# The course, its package and its tests. `make` alone lists what there is to make.

PYTHON ?= python3
# Exact versions; `make test CONSTRAINTS=` (nothing after the sign) takes the newest releases.
CONSTRAINTS ?= constraints.txt
# More options for pip, such as `--no-index --find-links wheels` where there is no network.
PIP_FLAGS ?=
# Options for the benchmarks: `make bench OPTIONS="--only gradient --rounds 1"`.
OPTIONS ?=
# How the tests share the processor: files side by side, each file and notebook in one process. They run in
# the order given, long ones first, so that no processor is left with a long one at the end.
PARALLEL ?= --numprocesses auto --maxprocesses 4 --dist loadscope --no-loadscope-reorder
NOTEBOOKS ?= $(sort $(wildcard book/*.ipynb))

VENV := .venv
BIN := $(VENV)/bin
# One stamp for each choice, so that another choice installs anew.
INSTALLED := $(VENV)/.installed$(if $(CONSTRAINTS),,-newest)
CONSTRAIN := $(if $(CONSTRAINTS),--constraint $(CONSTRAINTS))
PIP := $(BIN)/python -m pip --disable-pip-version-check
# It asks the python that it finds first where packages lie; and is not to look for a newer release of itself.
PYRIGHT := PATH="$(CURDIR)/$(BIN):$$PATH" PYRIGHT_PYTHON_IGNORE_WARNINGS=1 $(BIN)/pyright
ENOUGH := import sys; sys.version_info >= (3, 11) or sys.exit("Python 3.11 or newer is needed: make PYTHON=...")

.DEFAULT_GOAL := help
.PHONY: help book test execute bench lab lint serve wheels constraints repository clean

help:  ## list the targets
	@echo "make book and make test are all you need to begin with."
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

book: $(INSTALLED)  ## build the site into _build/html; a warning is an error
	@# A failed build must not leave pages that the next build would take for good ones.
	@$(BIN)/jupyter-book build . -q -W --keep-going || { rm -rf _build/.doctrees; exit 1; }
	@$(BIN)/python scripts/check_site.py

test: $(INSTALLED)  ## run every notebook against its stored outputs, and the unit tests
	$(BIN)/python -m pytest $(PARALLEL) --nbval --nbval-current-env $(NOTEBOOKS) tests

execute: $(INSTALLED)  ## re-run the notebooks and store their outputs (NOTEBOOKS=... for some)
	$(BIN)/python scripts/execute_notebooks.py $(NOTEBOOKS)

bench: $(INSTALLED)  ## race the package against its peers (OPTIONS=--json for machines; some minutes)
	@$(PIP) install $(PIP_FLAGS) --quiet $(CONSTRAIN) --group bench
	@$(BIN)/python -m behavioural_benchmarks.race $(OPTIONS)

lint: $(INSTALLED)  ## look for mistakes in the code, check its layout and its types
	@$(PIP) install $(PIP_FLAGS) --quiet $(CONSTRAIN) --group types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(PYRIGHT) --warnings
	$(PYRIGHT) --verifytypes behavioural_modelling --ignoreexternal

lab: $(INSTALLED)  ## open the notebooks in the browser
	$(BIN)/jupyter lab --LabApp.news_url=None \
		--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate book

serve: book  ## show the built site at a local address until Ctrl-C
	$(BIN)/python -m http.server --bind 127.0.0.1 --directory _build/html 8000

wheels: $(INSTALLED)  ## fetch all that an installation needs into wheels/, to install offline
	$(PIP) wheel --quiet $(CONSTRAIN) --wheel-dir wheels \
		--requirement requirements.txt --group dev --group bench --group types pip hatchling editables
	@echo "Without a network: make book PIP_FLAGS='--no-index --find-links wheels'"

constraints:  ## write constraints.txt anew from the newest releases that work together
	@$(PYTHON) -c '$(ENOUGH)'
	rm -rf $(VENV)-newest && $(PYTHON) -m venv $(VENV)-newest
	$(VENV)-newest/bin/python -m pip install --quiet --upgrade pip setuptools
	$(VENV)-newest/bin/python -m pip install --quiet \
		--requirement requirements.txt --group dev --group bench --group types
	{ echo "# Exact versions of a working environment, written by 'make constraints'."; \
		$(VENV)-newest/bin/python -m pip list --format freeze --exclude-editable; } \
		> constraints.txt
	rm -rf $(VENV)-newest

repository:  ## set every address, and the links to Colab: make repository URL=https://github.com/you/fork
	@$(PYTHON) scripts/set_repository.py "$(URL)"

clean:  ## remove all that was built, the environment included; wheels/ stays
	rm -rf $(VENV) $(VENV)-newest _build build dist .pytest_cache .ruff_cache
	find . -name __pycache__ -prune -exec rm -rf {} +
	find . -name .ipynb_checkpoints -prune -exec rm -rf {} +

$(INSTALLED): requirements.txt pyproject.toml $(CONSTRAINTS)
	@$(PYTHON) -c '$(ENOUGH)'
	@test -x $(BIN)/pip || $(PYTHON) -m venv --clear $(VENV)
	@echo "Installing into $(VENV) (a few minutes the first time)"
	@$(PIP) install $(PIP_FLAGS) --quiet --upgrade $(CONSTRAIN) pip
	@$(PIP) install $(PIP_FLAGS) --quiet --upgrade $(CONSTRAIN) --requirement requirements.txt --group dev
	@rm -f $(VENV)/.installed* && touch $@
