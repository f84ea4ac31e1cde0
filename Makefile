# `make demo` and `make test` do everything they need, set-up included. `make help` lists the rest.

python := .venv/bin/python

.DEFAULT_GOAL := help
.PHONY: help demo test model spin simulate fuzz mutants coverage bench fmt package clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: ## the booking stories in both call modes, on a simulated clock and switch
	@sh scripts/setup.sh
	@sh scripts/package.sh
	@.venv/bin/ringfence demo

test: ## every check, one stage after the other, with times
	@sh scripts/setup.sh
	@$(python) scripts/stages.py

spin: ## SPIN: small worlds around the C library, all of them, and what must happen at last
	@sh scripts/setup.sh
	@$(python) scripts/spin.py

model: ## every interleaving of every small world, large ones too, with a closing table
	@sh scripts/setup.sh
	@RINGFENCE_MODEL=all cargo test --locked --profile model --package ringfence-testing --test stateright -- --nocapture \
		--test-threads 1 when_they_are_asked_for
	@$(python) scripts/spin.py

coverage: ## what no test reaches of the core, against tests/COVERAGE.md
	@sh scripts/setup.sh coverage
	@$(python) scripts/coverage.py

SEED ?= 1
DAYS ?= 30

simulate: ## a seeded world with every fault, judged by the promises: SEED=1 DAYS=30
	@sh scripts/setup.sh
	@cargo run --locked --release --package ringfence-testing --bin simulate -- --seed $(SEED) --days $(DAYS)

bench: ## the benchmarks
	@sh scripts/setup.sh
	@cargo bench --locked --package ringfence-benches

fuzz: ## fuzz each target for SECONDS (60)
	@sh scripts/setup.sh
	@$(python) scripts/fuzz.py $(SECONDS)

mutants: ## code made wrong in every way that cargo-mutants knows: does a test fail? DIFF=commit: what changed since; goes on where it stopped
	@sh scripts/setup.sh
	@$(python) scripts/mutants.py $(if $(DIFF),--diff $(DIFF)) $(if $(JOBS),--jobs $(JOBS))

fmt: ## format the Rust code
	@cargo fmt --all

package: ## build the Python package and install it into .venv
	@sh scripts/setup.sh
	@sh scripts/package.sh

clean: ## remove what the other targets made
	rm -rf target .venv
