# Two commands set everything up: `make demo` runs the main job, `make test` runs the tests.
PYTHON ?= python3
VENV ?= .venv
DEMO_FLAGS ?=
TEST_FLAGS ?=
# One process a core; whoever is done takes tests from another one's list.
IN_PARALLEL := --numprocesses auto --maxprocesses 4 --dist worksteal

BIN := $(VENV)/bin
# A stamp per set of dependencies: the second run installs nothing and needs no network.
RUN_STAMP := $(VENV)/.installed-run
DEV_STAMP := $(VENV)/.installed-dev

# forge, halmos and slither read contracts/foundry.toml; the profile is quick (default), ci or later (cancun).
FORGE_PROFILE ?= default
FORGE := FOUNDRY_CONFIG=contracts/foundry.toml FOUNDRY_PROFILE=$(FORGE_PROFILE)

# The real network of the tests: the last release of geth that seals Clique blocks, built from its public Go module.
GETH_VERSION := 1.13.15
GETH := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/countermark/geth-$(GETH_VERSION)/geth
# Linkers of Go 1.23 and later refuse what one of its dependencies does, unless told not to look.
GO_LINK_FLAGS = $$(go tool link -h 2>&1 | grep -q checklinkname && echo -checklinkname=0)

.PHONY: demo test test-postgresql test-network reliability geth lint format contracts check-contracts test-forge test-halmos slither test-cancun \
	bench bench-peers \
	bench-gas bench-credentials bench-gs1 bench-codes bench-labels bench-decode bench-offline bench-http bench-growth \
	bench-gates bench-load bench-soak bench-projection bench-chain clean help

help:
	@echo "make demo             set up, then play the main job (DEMO_FLAGS=\"--exit --json FILE\")"
	@echo "make test             set up, then run the tests (TEST_FLAGS=\"-m 'not slow'\")"
	@echo "make test-network     tests on a real network of several validators (the first time it builds geth; needs Go)"
	@echo "make test-postgresql  the node's tests again, over a PostgreSQL that they start"
	@echo "make reliability      the faults of test-network, and their table in docs/reliability.md"
	@echo "make lint             ruff and mypy"
	@echo "make contracts        compile the contracts again (needs Node; see CONTRIBUTING.md)"
	@echo "make test-forge       fuzz and invariant tests of the contracts (FORGE_PROFILE=ci: a million steps)"
	@echo "make test-halmos      what is proved about run maps, flags and balances, for all holders and parties"
	@echo "make slither          static analysis; every finding is explained in contracts/slither-triage.json"
	@echo "make bench            every measurement beside its peers, into docs/benchmarks.md (PHOTOS=FOLDER: photographs of the public set)"
	@echo "                      one alone: bench-gas, -credentials, -gs1, -codes, -labels, -decode, -offline, -http, -growth, -gates, -load, -projection, -chain"
	@echo "make bench-soak       a node under load for ten minutes: memory and handles stay flat (LOAD_FLAGS=\"--seconds 60\")"

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "FAIL: got $$($(PYTHON) --version), expected Python 3.11 or newer. Next: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	@$(PYTHON) -m venv $(VENV) || \
		{ rm -rf $(VENV); echo "FAIL: got no venv module, expected python3-venv. Next: apt-get install python3-venv"; exit 1; }

$(RUN_STAMP): pyproject.toml constraints.txt | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable .
	@touch $@

$(DEV_STAMP): pyproject.toml constraints.txt | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	@touch $(RUN_STAMP) $@

demo: $(RUN_STAMP)
	$(BIN)/countermark demo $(DEMO_FLAGS)

test: $(DEV_STAMP)
	$(BIN)/python -m pytest $(IN_PARALLEL) $(TEST_FLAGS)

$(GETH):
	@command -v go >/dev/null || { echo "FAIL: got no Go, expected Go 1.21 or newer. Next: install Go"; exit 1; }
	GOBIN=$(@D) nice go install -trimpath -ldflags="-s -w $(GO_LINK_FLAGS)" \
		github.com/ethereum/go-ethereum/cmd/geth@v$(GETH_VERSION)

geth: $(GETH)

test-network: $(DEV_STAMP) $(GETH)
	COUNTERMARK_GETH=$(GETH) $(BIN)/python -m pytest -m network $(TEST_FLAGS)

# The server is Debian's package `postgresql`; the tests start one of their own and stop it.
test-postgresql: $(DEV_STAMP)
	COUNTERMARK_TEST_DATABASE=postgresql $(BIN)/python -m pytest $(IN_PARALLEL) tests/node tests/browser tests/organisations $(TEST_FLAGS)

reliability: $(DEV_STAMP) $(GETH)
	COUNTERMARK_WRITE_RELIABILITY=1 COUNTERMARK_GETH=$(GETH) $(BIN)/python -m pytest tests/network/test_faults.py -q

lint: $(DEV_STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(DEV_STAMP)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

contracts: $(DEV_STAMP)
	npm install --no-audit --no-fund
	$(BIN)/python contracts/build.py

test-cancun: $(DEV_STAMP)
	npm install --no-audit --no-fund
	$(BIN)/python contracts/build.py --evm cancun --into $(VENV)/cancun
	COUNTERMARK_ARTIFACTS=$(VENV)/cancun $(BIN)/python -m pytest $(IN_PARALLEL) tests/contracts -q -m "not slow and not compiler" \
		--ignore tests/contracts/test_gas.py --ignore tests/contracts/test_artifacts.py

check-contracts: $(DEV_STAMP)
	npm install --no-audit --no-fund
	$(BIN)/python contracts/build.py --check

node_modules/.bin/forge: package.json
	npm install --no-audit --no-fund
	@touch $@

# The program itself and not npm's wrapper around it: the wrapper ends with 0 also when tests fail.
test-forge: node_modules/.bin/forge
	$(FORGE) $$(ls node_modules/@foundry-rs/forge-*/bin/forge) test

# halmos and slither have environments of their own: what they pin is not what we pin.
$(VENV)/halmos/bin/halmos: | $(BIN)/python
	$(PYTHON) -m venv $(VENV)/halmos
	$(VENV)/halmos/bin/python -m pip install --quiet --disable-pip-version-check halmos==0.3.3

$(VENV)/slither/bin/slither: | $(BIN)/python
	$(PYTHON) -m venv $(VENV)/slither
	$(VENV)/slither/bin/python -m pip install --quiet --disable-pip-version-check slither-analyzer==0.11.6

test-halmos: node_modules/.bin/forge $(VENV)/halmos/bin/halmos
	PATH="$(CURDIR)/node_modules/.bin:$$PATH" $(FORGE) FOUNDRY_SRC=contracts/test/forge \
		FOUNDRY_OUT=node_modules/.cache/halmos/out FOUNDRY_CACHE_PATH=node_modules/.cache/halmos/cache \
		$(VENV)/halmos/bin/halmos --root . --forge-build-out node_modules/.cache/halmos/out \
		--match-contract Symbolic --loop 24 --solver-timeout-assertion 60000

slither: node_modules/.bin/forge $(VENV)/slither/bin/slither
	$(BIN)/python contracts/slither_check.py $(VENV)/slither/bin/slither

bench-gas: $(DEV_STAMP) node_modules/.bin/forge
	$(BIN)/python bench/gas_table.py

# What measurements are compared with, beyond what the tests need.
bench-peers: $(DEV_STAMP)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[bench]'

bench-gs1: bench-peers
	$(BIN)/python bench/gs1_links.py

bench-codes: bench-peers
	$(BIN)/python bench/print_codes.py

bench-labels: $(DEV_STAMP)
	$(BIN)/python bench/label_codes.py
	$(BIN)/python bench/label_making.py

# PHOTOS=FOLDER measures photographs: the folder test/samples of zxing-cpp's source.
bench-decode: bench-peers
	$(BIN)/python bench/decode_pictures.py
	$(BIN)/python bench/decode_peers.py $(PHOTOS)

bench-credentials: $(DEV_STAMP)
	$(BIN)/python bench/credentials.py

bench-offline: $(DEV_STAMP)
	$(BIN)/python bench/offline_check.py

bench-http: $(DEV_STAMP)
	$(BIN)/python bench/http_verify.py

bench-growth: $(DEV_STAMP)
	$(BIN)/python bench/growth.py

bench-gates: $(DEV_STAMP)
	$(BIN)/python bench/scan_gate.py

bench-load: $(DEV_STAMP)
	$(BIN)/python bench/load.py $(LOAD_FLAGS)

# Ten minutes (LOAD_FLAGS="--seconds 60": a short one), so it is no part of `make bench`.
bench-soak: $(DEV_STAMP)
	$(BIN)/python bench/soak.py $(LOAD_FLAGS)

bench-projection: $(DEV_STAMP)
	$(BIN)/python bench/projection.py

bench-chain: $(DEV_STAMP)
	$(BIN)/python bench/embedded_chain.py

# All of them in one run of at most 15 minutes; writes docs/benchmarks.md and bench/results.json.
bench: bench-peers node_modules/.bin/forge
	$(BIN)/python bench/run.py $(if $(PHOTOS),--photos $(PHOTOS))

clean:
	rm -rf $(VENV) demo-run .mypy_cache .ruff_cache .pytest_cache .hypothesis node_modules
