# One door to everything. `make story` runs the main job, `make test` the tests; both set up what they need.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
PYTHON ?= python3
VENV := .venv
export PATH := $(CURDIR)/$(VENV)/bin:$(CURDIR)/node_modules/.bin:$(PATH)
export JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION := 1
export CDK_DISABLE_CLI_TELEMETRY := true
export PYTHONDONTWRITEBYTECODE :=
CLI := node_modules/.ready
CHECKOV := build/checkov/.ready
CATALOGUE := build/catalogue/.ready

# An upgrade of the machine's Python leaves a .venv that holds nothing: its stamps go, and the set-up makes it anew.
ifneq ($(wildcard $(VENV)/.ready*),)
ifneq ($(shell $(VENV)/bin/python -c 'import os, sysconfig; os.listdir(sysconfig.get_path("purelib"))' 2>/dev/null && echo sound),sound)
$(shell rm -f $(VENV)/.ready*)
endif
endif

# A set-up has one step at a time, whatever -j says; what runs two lanes is a make of its own.
ifeq ($(MAKELEVEL),0)
.NOTPARALLEL:
endif

.DEFAULT_GOAL := help
.PHONY: help setup setup-check setup-tools setup-all lint check quick-models quick-others format test test-long ahead faults attacks native story score evaluate bench-etl bench-forecast bench-lambda bench-score bench-serving bench-setup bench-synth image-test images malformed fuzz story-down synth checks evidence catalogue limits checkov lambdas ledgers lock clean

help: ## what there is
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

setup: $(VENV)/.ready-story $(CLI) ## what the story and a deployment need: Python packages by hash, Node 24, the pinned CDK CLI
setup-check: $(VENV)/.ready-check $(CLI) $(CATALOGUE)
setup-tools: $(VENV)/.ready-tools $(CLI)
setup-all: $(VENV)/.ready $(CLI) $(CATALOGUE) ## what the tests need, too: PySpark (434 MB, built here), scanners, fuzzers, PostgreSQL

$(VENV)/.ready-story: LAYER := story
$(VENV)/.ready-check: LAYER := check
$(VENV)/.ready-tools: LAYER := tools
$(VENV)/.ready: LAYER := all
$(VENV)/.ready-story: requirements-story.txt
$(VENV)/.ready-check: requirements-check.txt
$(VENV)/.ready-tools: requirements-tools.txt
$(VENV)/.ready: requirements-dev.txt
$(VENV)/.ready-story $(VENV)/.ready-check $(VENV)/.ready-tools $(VENV)/.ready: provision/uv.txt provision/build.txt
	@$(PYTHON) -c 'import sys; v = sys.version_info; sys.exit(None if (3, 11) <= v < (3, 15) else "Python %d.%d was found; Atoll needs 3.11 to 3.14. Name one: make PYTHON=python3.11" % v[:2])'
	@$(PYTHON) -m provision $(LAYER)

$(CLI): package.json package-lock.json .npmrc | $(VENV)/.ready-story
	@$(PYTHON) -m provision cli

lint: setup-check ## format, lint, types, import contracts
	ruff format --check .
	ruff check .
	ty check
	lint-imports --no-cache

check: setup-check ## lint and quick tests, three lanes at once: before each commit (a minute; the long ones run in make test)
	@$(MAKE) --no-print-directory --jobs=3 quick-models lint quick-others

quick-models: QUICK := tests/unit/model_code
quick-others: QUICK := tests/unit tests/docs --ignore=tests/unit/model_code
quick-models quick-others: setup-check
	@pytest -q -m "not long" $(QUICK) 2>&1 | sed -u 's/^/$(@:quick-%=%) | /'

format: setup-check ## put the code in shape
	ruff format .
	ruff check --fix .

test: setup-all lint lambdas checkov ## everything: checks, infrastructure, contracts, faults, branch coverage, the story; of what is long a drawn share (JOBS=, default 3; SEED=, default the commit)
	@rm -f .coverage .coverage.*
	@$(MAKE) --no-print-directory --keep-going --jobs=$(JOBS) $(PARTS:%=test-%)
	coverage combine -q
	coverage report

test-long: export ATOLL_TEST_WHOLE := 1
test-long: test ## the same with all of what is long

ifdef SEED
export ATOLL_TEST_SEED := $(SEED)
endif

# The parts of `make test`, each a target of its own (`make test-mlflow`). Long ones come first, and a third of their time is
# waiting: three at once keep two cores busy to the end. Every test belongs to one part; each line says whose it is.
JOBS ?= 3
PARTS := story models infrastructure contracts sagemaker mlflow unit faults hosts release
story := tests/story
models := tests/unit/model_code
unit := tests/unit tests/docs --ignore=$(models)
sagemaker := tests/contract/sagemaker
infrastructure := tests/infrastructure
hosts := tests/contract/etl tests/contract/training
release := tests/contract/release
mlflow := tests/contract/mlflow
faults := tests/faults
contracts := tests/contract $(addprefix --ignore=,$(sagemaker) $(hosts) $(release) $(mlflow))

# Coverage is counted where functions run in pytest itself and no other part runs them more: it doubles their time.
COUNTED := unit infrastructure release contracts

$(PARTS:%=test-%): export COVERAGE_FILE = .coverage.$(@:test-%=%)
$(filter-out test-story,$(PARTS:%=test-%)): export OMP_NUM_THREADS := 1
$(PARTS:%=test-%): test-%: setup-all
	@$(if $(filter $*,$(COUNTED)),coverage run,python) -m pytest -q $($*) 2>&1 | sed -u 's/^/$* | /'

ahead: setup-check ## the unit tests with the clock a year ahead, so that what rots is seen before it does (DAYS=; needs a C compiler)
	@OMP_NUM_THREADS=1 python -m tests.ahead $(if $(DAYS),--days $(DAYS))

faults: setup-check lambdas ## 20,000 random lives of the release path among adversaries, every crash point, every attack, every mutant, into build/faults.json
	@OMP_NUM_THREADS=1 python -m tests.faults

attacks: setup-all native lambdas ## the attackers' 27 findings on 5b55bc2 and on this code, into build/attacks.json (about ten minutes; needs the whole history)
	@OMP_NUM_THREADS=1 python -m tests.faults.red_team

native: setup ## the C kernel and CSV parser for this machine (optional, needs a C compiler): faster serving
	@python -m model_code.native

malformed: native ## 100,000 malformed requests against the real server, into build/malformed.json (about two minutes)
	@python -m tests.malformed

ledgers: setup-check ## ledgers in the forms that agencies publish, spoilt ones too, into build/ledgers.json (SEEDS=, default 1000; about forty minutes)
	@python -m tests.ledgers --seeds $(or $(SEEDS),1000)

fuzz: setup-all native ## fuzz what strangers send, 30 seconds a target, into build/fuzz.json (SECONDS=)
	@python -m tests.fuzz $(SECONDS)

lambdas: setup ## bundle the Lambda code into build/lambdas, for this machine and for AWS's
	@python -m lambdas.bundle

synth: lambdas ## one assembly per environment below build/synth
	@python -m compliance.synth

checks: setup-tools synth checkov ## what the rules and scanners find before acceptance, reviews that are due, roles, endpoints, resources, into build/checks.json
	@python -m compliance.checks

evidence: setup-check lambdas ## each determination statement of FedRAMP Moderate in its state, with what shows it and what would break it, into build/evidence/ENV (ENV=, default govcloud-west)
	@python -m compliance.synth $(or $(ENV),govcloud-west)
	@python -m evidence build build/synth/$(or $(ENV),govcloud-west) --out build/evidence/$(or $(ENV),govcloud-west)

catalogue: $(CATALOGUE) ## FedRAMP's catalogue of the Moderate baseline, as data, below build (18 MB)

$(CATALOGUE): evidence/requirements-catalogue.txt | setup
	@$(PYTHON) -m provision build/catalogue $<
	@touch $@

limits: setup-check setup-tools synth ## what AWS limits, over every environment, settings at their bounds and 40 drawn ones, into build/limits.json (about four minutes)
	@python -m tests.limits

checkov: $(CHECKOV) ## the scanner checkov, whose pins clash with ours, in a venv of its own below build (220 MB)

$(CHECKOV): compliance/requirements-checkov.txt | setup
	@$(PYTHON) -m provision build/checkov $<
	@touch $@

story: setup ## the main job on a local AWS: from a ledger to a monitored endpoint (LEDGER=, MAPPING=, KEEP=1; FULL=1 with the attacks)
	@python -m local.story $(if $(LEDGER),--ledger "$(LEDGER)") $(if $(MAPPING),--mapping "$(MAPPING)") $(if $(filter-out 0,$(KEEP)),--keep) $(if $(filter-out 0,$(FULL)),--full)

score: setup ## new purchases scored on this machine, without AWS, into build/score (LEDGER=, NEW=; MAPPING=, CASES=, MODEL=, VIEW=, EARLIER=, STATE=, BUDGET=)
	@OMP_NUM_THREADS=1 python -m model_code.scoring $(if $(LEDGER),--ledger "$(LEDGER)") --new "$(NEW)" $(if $(MAPPING),--mapping "$(MAPPING)") $(if $(CASES),--cases "$(CASES)") $(if $(MODEL),--model "$(MODEL)") $(if $(VIEW),--view "$(VIEW)") $(if $(EARLIER),--earlier "$(EARLIER)") $(if $(STATE),--state "$(STATE)") $(if $(BUDGET),--budget "$(BUDGET)")

evaluate: setup ## the models against baselines, with intervals and plots, into build/evaluation (about five minutes)
	@OMP_NUM_THREADS=1 python -m model_code.evaluation
	@echo "to log it to MLflow: MLFLOW_TRACKING_URI=https://... python -m benchmarks.log_evaluation"

bench-forecast: setup ## weekly forecasts: statsmodels against statsforecast (where installed), into build/bench
	@OMP_NUM_THREADS=1 python -m benchmarks.forecast

bench-etl: setup ## ETL at size, and its features against plain pandas, into build/bench (ROWS=, default 10000000; DAY=1: a new day alone; long)
	@OMP_NUM_THREADS=1 python -W ignore -m benchmarks.etl $(if $(ROWS),--rows $(ROWS)) $(if $(filter-out 0,$(DAY)),--day)

bench-serving: setup native ## our server beside MLflow's, MLServer, BentoML and FastAPI, into build/bench (ROUNDS=, SECONDS_A_CELL=; about ten minutes)
	@python -m benchmarks.serving $(if $(ROUNDS),--rounds $(ROUNDS)) $(if $(SECONDS_A_CELL),--seconds $(SECONDS_A_CELL))

bench-score: setup ## what a review by make score finds of Toronto's disputed purchases, where that ledger lies beside the project, into build/bench/score.json (about a minute)
	@OMP_NUM_THREADS=1 python -W ignore -m model_code.evaluation.lift

bench-setup: ## a fresh clone with an empty home: set-up, bundles, first and second story, into build/bench/setup.json (about twelve minutes)
	@$(PYTHON) -m benchmarks.setup

bench-synth: lambdas ## a synth with all checks, and with ten more models, into build/bench (about two minutes)
	@python -m benchmarks.synth

image-test: setup-tools ## build the images, the model's twice, and run them confined, from stand-in bases (root on Debian 12; no daemon)
	@python -m images test

images: setup-tools ## build, sign, push to ECR, wait for the scan, write the digests into ENV's file (BASE_IMAGE=, COMPILER_IMAGE=, SIGNING_KEY=)
	@python -m images publish "$(ENV)"

bench-lambda: lambdas ## cold starts and package sizes of the functions against boto3 alone, into build/bench
	@python -m benchmarks.lambda_cold

story-down: setup ## end what `make story KEEP=1` left running
	@python -m local.story --down

COMPILE := uv pip compile -q --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-header
lock: setup ## write all locks anew
	$(COMPILE) --universal requirements-dev.in -o requirements-dev.txt
	for list in requirements requirements-story requirements-check requirements-tools model_code/requirements model_code/requirements-serving lambdas/requirements lambdas/requirements-monitoring mlflow_server/requirements releases/requirements; do \
	  $(COMPILE) --universal -c requirements-dev.txt $$list.in -o $$list.txt; done
	for list in provision/uv provision/build compliance/requirements-checkov; do $(COMPILE) --universal $$list.in -o $$list.txt; done
	$(COMPILE) --universal --no-deps evidence/requirements-catalogue.in -o evidence/requirements-catalogue.txt
	for peer in mlflow mlserver bentoml fastapi; do \
	  $(COMPILE) --overrides benchmarks/serving/peers/overrides.txt benchmarks/serving/peers/$$peer.in -o benchmarks/serving/peers/$$peer.txt; done
	npm install --package-lock-only --silent

clean: ## remove what was built (not the venv), after ending what a kept story left running
	@test ! -e build/story.lock || test ! -e $(VENV)/.ready-story || python -m local.story --down
	rm -rf build .pytest_cache .ruff_cache .hypothesis
