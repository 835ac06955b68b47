# `make help` is the map. Recipes are one line each: what they do stands in scripts/.
.DEFAULT_GOAL := help
SHELL := /bin/bash
.ONESHELL:
.PHONY: help run run-in-testnode build test check lint types unit rust generated e2e critest soak test-long bench format clean

help: ## This list
	@sed -n 's/^\([a-z0-9-]*\):.*## \(.*\)/\1\t\2/p' Makefile | while IFS=$$'\t' read -r name text; do printf '  make %-16s %s\n' "$$name" "$$text"; done

run: ## (root) Install and build what is missing, then run the daemon in the foreground; ARGS="--log-level debug" are its flags
	@exec scripts/run.sh $(ARGS)

run-in-testnode: ## (root) The same in a throw-away node with a working KVM, with test images and a shell to try crictl in
	@exec scripts/run-in-testnode.sh $(CMD)

build: ## (root the first time) Everything the daemon needs: npm packages, kernel, libkrun, guest-init, dist/
	@scripts/install-apt.sh run && exec scripts/build.sh

test: ## (root) All tests: check, e2e. What CI runs
	@exec scripts/test.sh

check: lint types generated unit rust ## Everything that needs no VM

lint: ## oxlint (type-aware, import directions) and biome's format
	@exec scripts/check.sh lint

types: ## tsc, strict
	@exec scripts/check.sh types

generated: ## Generated types are those of the protocols; versions agree with versions.json
	@exec scripts/check.sh generated

unit: ## (root) Unit and integration tests beside the sources
	@exec scripts/check.sh unit

rust: ## rustfmt, clippy and tests of guest-init
	@exec scripts/check.sh rust

e2e: ## (root) End-to-end tests with real VMs; FILES="test/e2e/logs.test.ts" picks some
	@exec scripts/e2e.sh $(FILES)

critest: ## (root) The CRI's own tests, all of them, judged by test/critest/expected.tsv; FOCUS="OOM|Image" picks some by name
	@exec scripts/critest.sh

soak: ## (root) Pods by the hundred while daemon, VMMs and plugins are killed; SEED=n, CYCLES=n, PARALLEL=n
	@exec scripts/soak.sh

test-long: export LOAD_TEST_MIB := 1024
test-long: test ## (root) All tests, with a gibibyte through the streaming server, then ten minutes of soak
	@CYCLES=100000 SECONDS_AT_MOST=600 exec scripts/soak.sh

bench: ## (root) Measure and print the tables of test/perf; NAMES="lists critest" picks some
	@exec scripts/bench.sh $(NAMES)

format: ## Format TypeScript, JSON, Markdown and Rust
	@exec scripts/check.sh format

clean: ## Delete what was built in the checkout; the cache folder outside it stays
	@rm -rf dist build node_modules guest/target
