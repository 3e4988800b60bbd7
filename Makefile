# `make` lists the targets. Everything lives in .venv; nothing outside this folder is touched.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
ifeq ($(OS),Windows_NT)
BIN := $(VENV)/Scripts
endif
RUN_PINS := requirements/run.txt
TEST_PINS := requirements/test.txt

# Two processes; one that is done takes over half of what the other has left, so that a module's tests, and what they
# share, stay together.
PYTEST := $(BIN)/python -m pytest -n 2 --dist worksteal

.DEFAULT_GOAL := help
export REPOSITORY
# The tests start hundreds of processes: each would compile the package for itself.
unexport PYTHONDONTWRITEBYTECODE
# Names that are no files.
.PHONY: audit sbom crash mutants torture help demo desk run test quick update lint types bench faults pictures gate build pins clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## /{printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# The stamps let a second run start at once, and without a network.
$(VENV)/run.stamp: $(RUN_PINS) pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $(RUN_PINS) -r requirements/build.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@

$(VENV)/test.stamp: $(VENV)/run.stamp $(TEST_PINS)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $(TEST_PINS)
	touch $@

demo: $(VENV)/run.stamp ## a whole morning on a simulated market: collect, match, rank, report
	$(BIN)/trendscout demo --out demo-out

desk: $(VENV)/run.stamp ## the desk on the simulated market: prints the address to open
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/desk.txt
	$(BIN)/trendscout serve --demo --out demo-out

run: $(VENV)/run.stamp ## the daily job on live lists (jobs/daily.toml)
	$(BIN)/trendscout run jobs/daily.toml

test: $(VENV)/test.stamp ## all tests
	$(PYTEST)

quick: $(VENV)/test.stamp ## the tests that take a second at most each: while you work
	$(PYTEST) -m "not slow and not shared and not browser"

update: $(VENV)/test.stamp ## goldens, fixtures, schemas and made documents anew: look at the diff
	$(BIN)/python docs/house.py
	$(BIN)/python docs/traditional.py
	$(BIN)/python -m trendscout.report.fields
	$(BIN)/python -m trendscout.sources._ledger > docs/sources.md
	TRENDSCOUT_UPDATE=1 $(BIN)/python -m pytest -n 2 tests/report tests/sources/test_fixtures.py

test-duckdb2: ## the store's tests on DuckDB 2.0, in a venv of its own
	test -x .venv-duckdb2/bin/python || $(PYTHON) -m venv .venv-duckdb2
	sed -e '/^ *--hash/d' -e 's/ \\$$//' -e '/^duckdb/d' $(RUN_PINS) > .venv-duckdb2/pins.txt
	.venv-duckdb2/bin/python -m pip install --quiet --disable-pip-version-check -r .venv-duckdb2/pins.txt duckdb==2.0.0 hypothesis pyarrow pytest pytest-timeout
	.venv-duckdb2/bin/python -m pytest tests/store tests/pipeline

crash: $(VENV)/test.stamp ## 200 real processes killed at random moments
	TRENDSCOUT_CYCLES=200 $(BIN)/python -m pytest tests/crash

gate: $(VENV)/test.stamp ## pinned floors of quality (needs TRENDSCOUT_SHARED), and the tests that take minutes
	TRENDSCOUT_GATE=1 $(PYTEST) tests/ranking/test_agreement.py tests/matching/test_shared.py
	TRENDSCOUT_GATE=1 $(PYTEST) -m long tests/crash tests/demo tests/desk tests/jobs tests/secrets tests/team

torture: $(VENV)/test.stamp ## all that is tested for reliability, in full: hours
	TRENDSCOUT_CYCLES=200 $(BIN)/python -m pytest tests/crash
	TRENDSCOUT_CYCLES=20 $(BIN)/python -m pytest tests/team/test_stopping.py
	TRENDSCOUT_CONTAINER=1 $(BIN)/python -m pytest tests/container
	$(BIN)/python benchmarks/mutations.py --each 120
	$(BIN)/python tests/net/fault_matrix.py
	$(MAKE) mutants
	$(BIN)/python benchmarks/input_cost.py
	$(BIN)/python benchmarks/soak.py --minutes 120
	TRENDSCOUT_FUZZ=long $(BIN)/python -m pytest -n 2 tests/intake tests/net tests/sources tests/text tests/trouble

sbom: $(VENV)/run.stamp ## what the program is made of, as CycloneDX: dist/trendscout.cdx.json
	$(BIN)/python -m pip install --quiet --disable-pip-version-check "cyclonedx-bom>=7,<8"
	mkdir -p dist
	$(BIN)/cyclonedx-py requirements $(RUN_PINS) --pyproject pyproject.toml --output-reproducible -o dist/trendscout.cdx.json

audit: $(VENV)/test.stamp ## known holes in what we use, and its licences (needs the network)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check pip-audit pip-licenses
	$(BIN)/pip-audit --requirement $(RUN_PINS) --no-deps --disable-pip
	$(BIN)/pip-licenses --with-system --order=license

lint: $(VENV)/test.stamp ## ruff: style and format
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/test.stamp ## mypy, strict
	$(BIN)/mypy

pictures: demo $(VENV)/test.stamp ## the pictures of the READMEs, from the demo (needs Chromium)
	$(BIN)/python docs/pictures.py demo-out

bench: $(VENV)/test.stamp ## every benchmark; the figures go to benchmarks/RESULTS.md
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements/bench.in
	$(BIN)/python benchmarks/run_all.py

faults: $(VENV)/test.stamp ## the net at its worst: what each fault comes to, and what it costs
	$(BIN)/python tests/net/fault_matrix.py

mutants: $(VENV)/test.stamp ## a seeded sample of changes of our own code that the tests must see, at a pinned floor: under an hour
	test -x .venv-mutants/bin/python || $(PYTHON) -m venv .venv-mutants
	.venv-mutants/bin/python -m pip install --quiet --disable-pip-version-check "cosmic-ray>=8.7,<9"
	.venv-mutants/bin/python benchmarks/code_mutants.py

build: $(VENV)/run.stamp ## the wheel, in dist/; to publish it: make build REPOSITORY=https://…
	$(BIN)/python -m pip wheel --quiet --disable-pip-version-check --no-deps --no-build-isolation -w dist .

pins: ## compile requirements/*.in to pinned files, with the hash of every wheel (needs uv)
	uv pip compile --quiet --universal --python-version 3.11 --no-header --no-annotate --no-emit-index-url --generate-hashes -o $(RUN_PINS) pyproject.toml -c requirements/choices.txt
	uv pip compile --quiet --universal --python-version 3.11 --no-header --no-annotate --no-emit-index-url --generate-hashes -o $(TEST_PINS) requirements/test.in -c $(RUN_PINS)
	uv pip compile --quiet --universal --python-version 3.11 --no-header --no-annotate --no-emit-index-url --generate-hashes -o requirements/desk.txt requirements/desk.in -c $(TEST_PINS)
	uv pip compile --quiet --universal --python-version 3.11 --no-header --no-annotate --no-emit-index-url --generate-hashes -o requirements/build.txt requirements/build.in

clean: ## remove what the targets made
	rm -rf $(VENV) .venv-mutants dist build demo-out .hypothesis .mypy_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
