# The project in a few words: `make` lists them. Everything lives in .venv and .lakehouse.

# Only the command line counts: shells use a variable ENV of their own.
ifneq ($(origin ENV),command line)
ENV := local
endif
ifneq ($(origin DATE),command line)
DATE :=
endif
ifneq ($(origin PORT),command line)
PORT :=
endif
ifneq ($(origin ARGS),command line)
ARGS :=
endif

BIN := .venv/bin
# This environment's Spark, whatever Spark the shell knows.
export SPARK_HOME := $(CURDIR)/.venv/spark
export SPARK_CONF_DIR := $(CURDIR)/.venv/spark/conf
export PYSPARK_PYTHON := $(CURDIR)/.venv/bin/python
unexport PYSPARK_SUBMIT_ARGS PYSPARK_DRIVER_PYTHON PYTHONPATH PYTHONHOME PYTHONDONTWRITEBYTECODE

WORLD = $(BIN)/lakehouse simulate world $(if $(DATE),--date '$(DATE)') $(if $(PORT),--port '$(PORT)') --
# make itself ends with 2 whatever happened.
SAY_EXIT_CODE = || { code=$$?; echo "lakehouse ended with exit code $$code" >&2; exit $$code; }

AIRFLOW := 3.0 3.3

.DEFAULT_GOAL := help
.PHONY: help setup-local run-pipeline test bench torture torture-kills airflow test-airflow lint lab reset lock lock-airflow

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

setup-local: ## set up what is missing or changed (PYTHON=python3.12 chooses the Python)
	@for python in $(or $(PYTHON),$(BIN)/python python3.12 python3.11 python3); do \
	    "$$python" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 12))' 2>/dev/null && break; \
	done; \
	"$$python" -c 'import sys; sys.exit(sys.version_info < (3, 6))' 2>/dev/null || { \
	    echo "set-up: $$python is no Python 3 that runs: install 3.11 or 3.12, then: make setup-local PYTHON=python3.12" >&2; \
	    exit 1; }; \
	"$$python" lib/bundle_runner/bootstrap.py

run-pipeline: setup-local ## deliver the sample days and run the job (ENV=local DATE=2011-01-05 PORT=8765)
	@$(if $(filter local,$(ENV)),$(WORLD)) $(BIN)/lakehouse run sales_daily -t '$(ENV)' $(ARGS) $(SAY_EXIT_CODE)

test: setup-local ## all tests (ARGS='-k gate' chooses; PYTHON=python3.12 sets up anew with that Python)
	@$(BIN)/pytest --numprocesses 2 --dist loadscope --no-loadscope-reorder $(ARGS)

bench: setup-local ## all benchmarks in a short form, each says how long it took; ten minutes (ARGS='scan lint' chooses)
	@$(BIN)/python -m benchmarks $(ARGS)

torture: setup-local ## random tables, damaged files, altered tables, bad servers, runs at once, dying runs, twenty orders; hours
	@TORTURE=1 $(BIN)/pytest --timeout 7200 tests/unit/sales_lakehouse/test_scan_properties.py \
	    tests/unit/sales_lakehouse/test_ledger_chain.py tests/unit/sales_lakehouse/test_ledger_books.py \
	    tests/unit/sales_lakehouse/test_rest_faults.py tests/unit/sales_lakehouse/test_fail_points.py \
	    tests/bundle/test_leases.py tests/torture/test_guards.py tests/torture/test_any_order.py $(ARGS)

torture-kills: setup-local ## kill runner, Spark and kernels at random moments; hours, and goes on where it was left (KILLS=200)
	@$(BIN)/python -m tests.torture.kills --kills $(or $(KILLS),200) $(ARGS)

airflow: setup-local ## set up Airflow 3.0 and 3.3 beside the project, 900 MB in .airflow-env
	@for version in $(AIRFLOW); do \
	    home=.airflow-env/$$version lock=resources/airflow/airflow-$$version.lock; \
	    cmp -s $$lock $$home/lock && continue; \
	    echo "set-up: Airflow $$version" && rm -rf $$home && \
	    $(BIN)/uv venv --quiet --python $(BIN)/python $$home && \
	    $(BIN)/uv pip install --quiet --require-hashes --python $$home/bin/python -r $$lock && cp $$lock $$home/lock || exit 1; \
	done

test-airflow: airflow ## the jobs as DAGs in real Airflow, with the whole sample chain; half an hour
	@AIRFLOW_CHAIN=1 $(BIN)/pytest --timeout 3600 tests/airflow $(ARGS)

lint: setup-local ## style, types, who may import whom, and the bundle; pre-commit asks the same
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo
	@$(BIN)/lakehouse lint --strict

lab: setup-local ## start the shop's API and open the notebooks in JupyterLab
	@$(WORLD) $(BIN)/jupyter lab --LabApp.default_url=/lab/tree/notebooks $(ARGS) $(SAY_EXIT_CODE)

reset: ## empty the local lakehouse: deliveries, tables and runs; asks first
	@printf 'Remove .lakehouse with all deliveries, tables and runs? Type yes: '; \
	read answer && [ "$$answer" = yes ] || { echo 'nothing was removed'; exit 0; }; \
	rm -rf .lakehouse && echo '.lakehouse is empty'

lock: setup-local ## write requirements.lock anew from pyproject.toml (ARGS=--upgrade takes the newest)
	@$(BIN)/uv pip compile --quiet --universal --fork-strategy fewest --python-version 3.11 --generate-hashes \
	    --no-header --no-annotate --group dev pyproject.toml --output-file requirements.lock $(ARGS)

# Airflow resolved today runs with dependencies that its older versions do not know: 3.0 is frozen to its own time.
lock-airflow: setup-local ## write the locks of Airflow anew
	@cd resources/airflow && for version in $(AIRFLOW); do \
	    before=; [ $$version = 3.0 ] && before='--exclude-newer 2025-09-05'; \
	    ../../$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
	        --no-annotate $$before airflow-$$version.in --output-file airflow-$$version.lock $(ARGS) || exit 1; \
	done
