# Every target installs what it needs first; `make` alone names the targets.

export UV_PYTHON_DOWNLOADS := never
export DO_NOT_TRACK := 1

UV := $(shell command -v uv 2>/dev/null || echo .uv/bin/uv)
RUN := $(UV) run --frozen --no-sync

.PHONY: help install demo test prove check format up
help:
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 10

.uv/bin/uv:
	python3 -m venv .uv && .uv/bin/pip install --quiet uv

install: $(filter .uv/bin/uv,$(UV))  ## install everything into .venv
	@$(UV) sync --frozen --quiet

demo: install  ## the main job without credentials: ten weeks of a fictional network, to Monday's pack
	@$(RUN) socialmetrics demo

test: install  ## the tests
	$(RUN) pytest -n 2 --dist loadgroup -m "not prove" -q

prove: install  ## the tests that need a live scheduler, Chromium or kills
	$(RUN) pytest -m prove -q

check: install  ## format, lint, types, SQL
	$(RUN) ruff format --check .
	$(RUN) ruff check .
	$(RUN) mypy
	$(RUN) sqlfluff lint --processes 2 --config sql/.sqlfluff sql/models sql/macros sql/tests

format: install  ## put Python and imports into shape
	$(RUN) ruff check --fix-only --quiet .
	$(RUN) ruff format .

up: install  ## Airflow with the sandbox at localhost:8080, until Ctrl-C
	@$(RUN) socialmetrics demo --serve
