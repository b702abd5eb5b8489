# The one front door: every task of a developer, a packager and the CI goes through here.
# `make help` lists them. Settings of the build itself live in CMakePresets.json.

PREFIX      ?= /usr/local
JOBS        ?= $(shell nproc)
PYTHON      ?= /usr/bin/python3
FUZZ_TIME   ?= 600
KILLS       ?= 1000
export JOBS PYTHON

.DEFAULT_GOAL := help
.PHONY: help deps build web screenshots demo test asan tsan fuzz bench tidy fmt install deb tarball deploy-check torture clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

deps: ## install what building and testing need (Debian 12; uses sudo where not root)
	@scripts/deps.sh test

build: ## the program, optimised: build/release/millrace
	@scripts/deps.sh build
	@scripts/build.sh release

web: ## the web app alone: build/web/dist, which the next build embeds
	@scripts/deps.sh build
	@scripts/web.sh

screenshots: ## every page of the web app, light and dark, phone and desktop: build/web/screenshots, docs/screenshots
	@scripts/deps.sh test
	@scripts/build.sh test
	@scripts/web.sh tools
	@TEST_PROGRAM=build/test/millrace node tests/browser/run.mjs --screenshots

demo: ## install what is missing, build, start the platform, stream a shop's data in (CSV=path for your own)
	@scripts/deps.sh build
	@scripts/build.sh release
	@scripts/demo.sh $(if $(CSV),"$(CSV)")

test: ## all tests: unit, contract, end to end, 100 kills
	@scripts/deps.sh test
	@scripts/build.sh test
	@scripts/test.sh build/test

asan: ## the tests under AddressSanitizer and UndefinedBehaviorSanitizer
	@scripts/deps.sh test
	@scripts/build.sh asan
	@KILLS=10 scripts/test.sh build/asan

tsan: ## the tests under ThreadSanitizer
	@scripts/deps.sh test
	@scripts/build.sh tsan
	@KILLS=10 scripts/test.sh build/tsan

torture: ## kill -9 of random roles under load, KILLS times (default 1000)
	@scripts/deps.sh test
	@scripts/build.sh test
	@KILLS=$(KILLS) $(PYTHON) -m pytest -q -p no:cacheprovider tests/integration/test_kill.py

fuzz: ## each fuzz target for FUZZ_TIME seconds (default 600), JOBS at a time
	@scripts/deps.sh test
	@scripts/build.sh fuzz
	@scripts/fuzz.sh $(FUZZ_TIME)

bench: ## measure against limits and peers; rewrites docs/performance.md
	@scripts/deps.sh bench
	@scripts/build.sh bench
	@bench/run.sh build/bench

tidy: ## formatting, clang-tidy, floors of the rooms, lengths, banned functions
	@scripts/deps.sh test
	@scripts/tidy.sh

fmt: ## apply the formatting
	@git ls-files -co --exclude-standard '*.c' '*.h' | xargs clang-format -i
	@scripts/web.sh format

install: build ## copy the program to PREFIX (default /usr/local)
	@cmake --install build/release --prefix "$(PREFIX)" --strip

deb: build ## build/packages/millrace_*.deb
	@scripts/package.sh deb build/release build/packages

tarball: build ## build/packages/millrace-*.tar.gz: the program with all its libraries
	@scripts/package.sh tarball build/release build/packages

deploy-check: ## what deploys millrace (deploy/, .github/), by its own tools; what is missing here is named as skipped
	@scripts/deploy_check.sh

clean: ## remove everything built
	@rm -rf build
