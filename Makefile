# `make demo` and `make test` do everything they need, set-up included. `make help` lists the rest.

python := .venv/bin/python

.DEFAULT_GOAL := help
.PHONY: help demo test model bench fmt package clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: ## the booking stories in both call modes, on a simulated clock and switch
	@sh scripts/setup.sh
	@sh scripts/package.sh
	@.venv/bin/ringfence demo

test: ## every check, one stage after the other, with times
	@sh scripts/setup.sh
	@$(python) scripts/stages.py

model: ## every interleaving of every small world, large ones too, with a closing table
	@sh scripts/setup.sh
	@RINGFENCE_MODEL=all cargo test --locked --profile model --package ringfence-testing --test stateright -- --nocapture --exact \
		the_large_scopes_keep_every_promise_when_they_are_asked_for
# Then the same library under SPIN: @$(MAKE) --no-print-directory spin

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
