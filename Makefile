# Every target installs what it needs first; `make` alone names the targets.

export UV_PYTHON_DOWNLOADS := never
export DO_NOT_TRACK := 1
# Else each start of dbt compiles all of it again: 4 to 6 s in place of 2.
unexport PYTHONDONTWRITEBYTECODE

UV := $(shell command -v uv 2>/dev/null || echo .uv/bin/uv)
RUN := $(UV) run --frozen --no-sync

# What `make spark` reads, with which settings, and where its tables go.
LANDING ?= demo/warehouse/landing
FISCAL_YEAR_START ?= 1
TIMEZONE ?= UTC
TABLES ?= demo/warehouse/spark

.PHONY: help install demo test prove calibrate bench check spark faults quarter soak fuzz format picture docs up
help:
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 10

.uv/bin/uv:
	python3 -m venv .uv && .uv/bin/pip install --quiet uv

install: $(filter .uv/bin/uv,$(UV))  ## install everything into .venv
	@$(UV) sync --frozen --quiet

demo: install  ## the main job without credentials: ten weeks of a fictional network, to Monday's pack
	@$(RUN) socialmetrics demo

test: install  ## the tests
	$(RUN) pytest -n 2 -m "not prove" -q

prove: install  ## the long tests, and those that need a live scheduler, Chromium, kills or Spark
	$(RUN) pytest -n 2 -m prove -q

calibrate: install  ## over 200 seeded worlds: do the intervals of initiative_effects hold what was planted?
	$(RUN) python -m tests.oracle.calibrate

bench: install  ## what the work costs at the size of a nation; two hours, and 60 GB of disk
	@$(RUN) python -m tests.bench --document docs/performance.md

check: install  ## format, lint, types, SQL
	$(RUN) ruff format --check .
	$(RUN) ruff check .
	$(RUN) mypy
	$(RUN) sqlfluff lint --processes 2 --config sql/.sqlfluff sql/models sql/macros sql/tests

# An environment of its own: Spark is large, and no run needs it.
spark: export UV_PROJECT_ENVIRONMENT := .spark
spark: export SPARK_LOCAL_IP := 127.0.0.1
spark: export SOCIALMETRICS_LANDING := $(abspath $(LANDING))
spark: export SOCIALMETRICS_BUILD := $(abspath $(TABLES))
spark: $(filter .uv/bin/uv,$(UV))  ## the same models on Apache Spark, from what `make demo` landed; needs Java 17
	@test -d $(LANDING) || { echo "There is no $(LANDING). Run make demo first."; exit 1; }
	@command -v java >/dev/null || { echo "Spark needs Java: apt-get install openjdk-17-jre-headless"; exit 1; }
	@$(UV) sync --frozen --quiet --only-group spark
	@rm -rf $(TABLES) && mkdir -p $(TABLES)
	@.spark/bin/dbt build --target spark --exclude-resource-type test unit_test \
	  --vars '{timezone: $(TIMEZONE), fiscal_year_starts_in: $(FISCAL_YEAR_START)}' --project-dir sql --profiles-dir sql \
	  --target-path $(SOCIALMETRICS_BUILD)/target --log-path $(SOCIALMETRICS_BUILD)/logs 2>$(TABLES)/spark.log

faults: install  ## docs/faults.md, from what happens on the days of the fault book
	@cd tests && $(RUN) python -W ignore -m faults.book

quarter: install  ## 91 days of which faults meet over 30 % of all calls: was all had that could be had?
	@cd tests && $(RUN) python -W ignore -m quarter

MINUTES ?= 60
SEED ?= 1
soak: install  ## MINUTES (60) of days with random faults and kills: is everything as if there had been none?
	@cd tests && $(RUN) python -W ignore -m soak --minutes $(MINUTES) --seed $(SEED)

fuzz: install  ## ten minutes of mutated answers against every parse, driven by coverage
	@$(UV) sync --frozen --quiet --group fuzz
	@cd tests && $(RUN) python -W ignore -m fuzz 600 && $(RUN) python -W ignore -m fuzz merge

format: install  ## put Python and imports into shape
	$(RUN) ruff check --fix-only --quiet .
	$(RUN) ruff format .

picture: demo  ## docs/pack.png, a screenshot of the demo's pack
	@chromium --headless --no-sandbox --disable-gpu --hide-scrollbars --disable-background-networking --no-first-run \
	  --window-size=1280,1400 --screenshot=docs/pack.png file://$(CURDIR)/demo/warehouse/exports/2026-W47/report.html

docs: demo  ## every model, column and rule with its lineage as one page, demo/docs/index.html
	@SOCIALMETRICS_BUILD=$(CURDIR)/demo/warehouse/build SOCIALMETRICS_LANDING=$(CURDIR)/demo/warehouse/landing \
	  $(RUN) dbt --quiet docs generate --static --project-dir sql --profiles-dir sql \
	  --target-path $(CURDIR)/demo/docs --log-path $(CURDIR)/demo/docs
	@mv demo/docs/static_index.html demo/docs/index.html && echo demo/docs/index.html

up: export PATH := $(CURDIR)/.venv/bin:$(PATH)
up: export AIRFLOW_HOME := $(CURDIR)/demo/airflow
up: export AIRFLOW__CORE__DAGS_FOLDER := $(CURDIR)/dags
up: export AIRFLOW__CORE__LOAD_EXAMPLES := False
up: export AIRFLOW__CORE__PARALLELISM := 4
up: export AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS := True
up: export AIRFLOW__API__HOST := 127.0.0.1
up: export SOCIALMETRICS_HOME := $(CURDIR)/demo
up: export SOCIALMETRICS_YOUTUBE_URL := http://127.0.0.1:8800/youtube
up: export SOCIALMETRICS_X_URL := http://127.0.0.1:8800/x
up: export SOCIALMETRICS_FACEBOOK_URL := http://127.0.0.1:8800/facebook
up: export SOCIALMETRICS_YOUTUBE_TOKEN := demo
up: export SOCIALMETRICS_X_TOKEN := demo
up: export SOCIALMETRICS_FACEBOOK_TOKEN := demo
up: export SOCIALMETRICS_FACEBOOK_CHILDRENS_TOKEN := demo
up: install  ## Airflow with the sandbox at localhost:8080, until Ctrl-C; after `make demo`
	@test -d demo/directory || { echo "There is no demo/ yet. Run make demo first."; exit 1; }
	@airflow db migrate >/dev/null 2>&1 && airflow pools set warehouse 1 "one writer" >/dev/null 2>&1
	@trap 'kill 0' EXIT; socialmetrics sandbox & airflow scheduler --skip-serve-logs & airflow dag-processor & \
	  airflow triggerer --skip-serve-logs & airflow api-server
