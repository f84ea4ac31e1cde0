# `make demo` and `make test` do everything they need, set-up included. `make help` lists the rest.

python := .venv/bin/python

.DEFAULT_GOAL := help
.PHONY: help demo test simulate bench fmt package clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: ## the booking stories in both call modes, on a simulated clock and switch
	@sh scripts/setup.sh
	@sh scripts/package.sh
	@.venv/bin/ringfence demo

test: ## every check, one stage after the other, with times
	@sh scripts/setup.sh
	@$(python) scripts/stages.py

SEED ?= 1
DAYS ?= 30

simulate: ## a seeded world with every fault, judged by the promises: SEED=1 DAYS=30
	@sh scripts/setup.sh
	@cargo run --locked --release --package ringfence-testing --bin simulate -- --seed $(SEED) --days $(DAYS)

bench: ## the benchmarks
	@sh scripts/setup.sh
	@cargo bench --locked --package ringfence-benches

fmt: ## format the Rust code
	@cargo fmt --all

package: ## build the Python package and install it into .venv
	@sh scripts/setup.sh
	@sh scripts/package.sh

clean: ## remove what the other targets made
	rm -rf target .venv
