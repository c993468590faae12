# The course, its package and its tests. `make` alone lists what there is to make.

PYTHON ?= python3
# Exact versions; `make test CONSTRAINTS=` (nothing after the sign) takes the newest releases.
CONSTRAINTS ?= constraints.txt
# More options for pip, such as `--no-index --find-links wheels` where there is no network.
PIP_FLAGS ?=
# Options for the benchmarks: `make bench OPTIONS="--only gradient --rounds 1"`.
OPTIONS ?=
# The race of the samplers follows where nothing is picked of the first; it has options of its own:
# `make bench SAMPLING_OPTIONS="--only asymmetric"`.
SAMPLING_OPTIONS ?=
NOTEBOOKS ?= $(sort $(wildcard book/*.ipynb))
# For whose machines: `make workshop PLATFORM=windows PYTHON_VERSION=3.13`, or macos, or linux.
PLATFORM ?= windows
PYTHON_VERSION ?= 3.13

VENV := .venv
BIN := $(VENV)/bin
# What a reader needs is done by a file that Windows can run too.
COURSE := $(PYTHON) scripts/course.py --constraints="$(CONSTRAINTS)" --pip="$(PIP_FLAGS)"
CONSTRAIN := $(if $(CONSTRAINTS),--constraint $(CONSTRAINTS))
PIP := $(BIN)/python -m pip --disable-pip-version-check
# It asks the python that it finds first where packages lie; and is not to look for a newer release of itself.
PYRIGHT := PATH="$(CURDIR)/$(BIN):$$PATH" PYRIGHT_PYTHON_IGNORE_WARNINGS=1 $(BIN)/pyright

.DEFAULT_GOAL := help
.PHONY: help install book pdf test testslow testweekly testworkshop execute bench lab lint serve wheels workshop constraints repository clean

help:  ## list the targets
	@echo "make book and make test are all you need to begin with."
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

install:  ## make or renew the environment in .venv, which the other targets do by themselves
	@$(COURSE) install

book:  ## build the site into _build/html; a warning is an error
	@$(COURSE) book

test:  ## run every notebook against its stored outputs, and the unit tests
	@$(COURSE) test $(NOTEBOOKS) tests

testslow:  ## run the tests that make test leaves out, since they take some minutes more
	@$(COURSE) testslow

testweekly:  ## run the tests of every model of the catalogue, which take many minutes
	@$(COURSE) testweekly

testworkshop: book  ## make, install and use the zip of a workshop for this machine, without a network
	@$(PIP) install $(PIP_FLAGS) --quiet $(CONSTRAIN) --group workshop
	$(BIN)/python -m pytest tests/test_running.py -m workshop

execute:  ## re-run the notebooks and store their outputs (NOTEBOOKS=... for some)
	@$(COURSE) execute $(NOTEBOOKS)

bench: install  ## race the package against its peers (OPTIONS=--json for machines; some minutes)
	@$(PIP) install $(PIP_FLAGS) --quiet $(CONSTRAIN) --group bench
	@$(BIN)/python -m behavioural_benchmarks.race $(OPTIONS)
	$(if $(OPTIONS),,@$(BIN)/python -m behavioural_benchmarks.sampling_race $(SAMPLING_OPTIONS))

lint: install  ## look for mistakes in the code, check its layout and its types
	@$(PIP) install $(PIP_FLAGS) --quiet $(CONSTRAIN) --group types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(PYRIGHT) --warnings
	$(PYRIGHT) --verifytypes behavioural_modelling --ignoreexternal

lab:  ## open the notebooks in the browser
	@$(COURSE) lab

pdf:  ## print the whole course into one PDF beside the site
	@$(COURSE) pdf

serve:  ## show the built site at a local address until Ctrl-C
	@$(COURSE) serve

wheels:  ## fetch all that an installation needs into wheels/, to install offline
	@$(COURSE) wheels

workshop:  ## one zip for a room without a network (PLATFORM=windows|macos|linux PYTHON_VERSION=3.13)
	@$(COURSE) workshop --platform $(PLATFORM) --python $(PYTHON_VERSION)

constraints: install  ## write constraints.txt anew from the newest releases that work together
	@$(PIP) install $(PIP_FLAGS) --quiet --group workshop
	@$(BIN)/python scripts/locking.py

repository:  ## set every address, and the links to Colab: make repository URL=https://github.com/you/fork
	@$(PYTHON) scripts/set_repository.py "$(URL)"

clean:  ## remove all that was built, the environment included; wheels/ stays
	rm -rf $(VENV) _build build dist .pytest_cache .ruff_cache
	find . -name __pycache__ -prune -exec rm -rf {} +
	find . -name .ipynb_checkpoints -prune -exec rm -rf {} +
