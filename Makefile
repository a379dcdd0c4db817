# Everything a developer or CI does here. `make help` lists it.
# Needs python3 (3.11 or newer), make and git; the rest is installed into .venv and .venv-gen.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

PYTHON ?= python3
BIN := .venv/bin
GEN := .venv-gen/bin
PEERS := .venv-bench/bin
# A machine that sets this would have each server of each test compile itself anew.
unexport PYTHONDONTWRITEBYTECODE
# buf is installed as a program that finds itself by PATH.
export PATH := $(CURDIR)/$(BIN):$(PATH)
# The order of tests is spread over the cores; `make test PYTEST=-x` and the like add to it.
PYTEST ?=
# Tests mostly wait, for servers and their clocks: three times as many at once as there are cores take half of the time.
WORKERS ?= $(shell echo $$((3 * $$(nproc 2>/dev/null || echo 2))))

# Our distributions: those of them that this tree has.
PROJECTS := $(wildcard pyproject.toml clients/python/pyproject.toml server/*/pyproject.toml server/scripts/*/pyproject.toml)
DISTRIBUTIONS := $(patsubst %/,%,$(dir $(PROJECTS)))
PACKAGES := $(wildcard server/wharfinger_server clients/python/src/wharfinger server/*/src/* server/scripts/*/src/*)
TESTS := $(wildcard tests clients/python/tests server/libcloud/tests server/scripts/*/tests)
CODE := $(PACKAGES) $(TESTS) $(wildcard tools docs bench clients/conformance)
GENERATED := clients/python/src/wharfinger/v1 clients/python/src/wharfinger/blocking clients/go/wharfinger clients/typescript/src/gen clients/rust/src/gen clients/java/proto/src/main/java
BASELINE := protos/baseline.binpb

NOT_OURS := $(addprefix --no-emit-package ,wharfinger wharfinger-compute wharfinger-image wharfinger-libcloud wharfinger-outbound wharfinger-prices)
COMPILE = $(BIN)/uv pip compile --quiet --generate-hashes --universal --no-emit-index-url --no-header --python-version 3.11

.PHONY: help
help: ## list what can be made
	@grep -hE '^[a-z][a-z-]*:.*## ' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | while IFS=$$'\t' read -r name text; do printf '  %-12s %s\n' "$$name" "$$text"; done

# ---------------------------------------------------------------- environments

.PHONY: setup
setup: .venv/.ready .venv-gen/.ready ## install all that is needed into .venv and .venv-gen, from the pinned requirements
ifneq ($(filter setup,$(MAKECMDGOALS)),)
	@echo "All is set up. What comes next:"
	@echo "  . .venv/bin/activate   puts wharfinger on the path of this shell; \"Five minutes\" in README.md goes on from there"
	@echo "  make demo              see it work: one terminal, two minutes"
	@echo "  make verify test       see that it works: what CI runs"
	@echo "  make help              everything else; CONTRIBUTING.md says how to change it"
endif

# pip is slower than uv, and understands settings of this machine that uv may not.
.venv/.ready: requirements/build.txt requirements/dev.txt $(PROJECTS)
	@$(PYTHON) -c 'import sys; sys.exit(None if sys.version_info >= (3, 11) else "python3 is older than 3.11; name another with PYTHON=")'
	@test -x $(BIN)/python || { echo "making .venv with $$($(PYTHON) --version)"; $(PYTHON) -m venv .venv; }
	@echo "installing the server, its command line and what their tests need into .venv (a minute or two, about 500 MB)"
	@test -x $(BIN)/uv || $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/build.txt
	@VIRTUAL_ENV=.venv $(BIN)/uv pip install --quiet --require-hashes -r requirements/build.txt -r requirements/dev.txt \
		|| $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/build.txt -r requirements/dev.txt
	@VIRTUAL_ENV=.venv $(BIN)/uv pip install --quiet --no-deps --no-build-isolation --offline $(foreach folder,$(DISTRIBUTIONS),-e ./$(folder))
	@echo "compiling it, so that nothing is compiled at each start"
	@$(BIN)/python -m compileall -qq -j 0 .venv/lib $(PACKAGES) >/dev/null 2>&1 || true  # some ship files that are no Python
	@touch $@

.venv-gen/.ready: requirements/generate.txt .venv/.ready
	@test -x $(GEN)/python || { echo "making .venv-gen, for the code that is generated from protos/"; $(PYTHON) -m venv --without-pip .venv-gen; }
	@VIRTUAL_ENV=.venv-gen $(BIN)/uv pip sync --quiet --require-hashes requirements/generate.txt \
		|| $(BIN)/python -m pip --python $(GEN)/python install --quiet --disable-pip-version-check --require-hashes -r requirements/generate.txt
	@$(GEN)/python tools/generate.py --include-only
	@touch $@

.PHONY: lock
lock: .venv/.ready ## compile requirements/*.txt anew; UPGRADE=1 takes the newest releases
	@$(COMPILE) $(if $(UPGRADE),--upgrade) -o requirements/build.txt requirements/build.in >/dev/null
	@$(COMPILE) $(if $(UPGRADE),--upgrade) -o requirements/generate.txt requirements/generate.in >/dev/null
	@$(COMPILE) $(if $(UPGRADE),--upgrade) -o requirements/bench.txt requirements/bench.in >/dev/null
	@$(COMPILE) $(if $(UPGRADE),--upgrade) -o requirements/glance.txt requirements/glance.in >/dev/null
	@$(COMPILE) --upgrade --resolution lowest-direct $(NOT_OURS) -o requirements/lowest.txt $(PROJECTS) requirements/tests.in >/dev/null
	@$(COMPILE) $(if $(UPGRADE),--upgrade) -c requirements/build.txt $(NOT_OURS) -o requirements/dev.txt $(PROJECTS) requirements/dev.in >/dev/null

# ---------------------------------------------------------------- using it

.PHONY: serve
serve: .venv/.ready ## run a server of this tree
	@$(BIN)/wharfinger serve

.PHONY: cloud
cloud: .venv/.ready ## play EC2 on this machine, to try compute.deploy without a cloud; Ctrl-C ends it
	@$(BIN)/python tools/cloud.py

.PHONY: demo
demo: .venv/.ready ## see it work: a server, a task, a failure and what is left of it
	@$(BIN)/python tools/demo.py

.PHONY: demo-page
demo-page: .venv/.ready ## see the page at work in a browser: prints one URL; Ctrl-C ends it
	@$(BIN)/python tools/demo_page.py

# ---------------------------------------------------------------- the API

.PHONY: generate
generate: .venv-gen/.ready ## write the code of protos/ (Go, TypeScript, Rust and Java where go, npm, cargo and mvn are there), and the blocking client
	@$(GEN)/python tools/generate.py
	@$(BIN)/python tools/generate_blocking.py
	@$(GEN)/python tools/generate_clients.py
	@$(GEN)/python tools/generate_page.py

.PHONY: page
page: .venv-gen/.ready ## build the page that the gateway shows; npm must be there
	@$(GEN)/python tools/generate_page.py

# Look at them before they are committed.
.PHONY: pictures
pictures: .venv/.ready chromium ## take the guide's pictures of the page anew
	@PAGE_PICTURES=$(CURDIR)/docs/guides/page $(BIN)/python -m pytest -q tests/gateway/test_page_looks.py

.PHONY: baseline
baseline: setup ## take the API as it is for the one that changes must not break; at a release
	@buf build -o $(BASELINE)

# ---------------------------------------------------------------- checks

.PHONY: verify
verify: lint format-check types layers docstrings proto-lint proto-format-check breaking generated docs ## run every small check

# $(call installed,THERE,PACKAGES,WITHOUT): install Debian's PACKAGES unless the command THERE says that they are there; and
# say what goes WITHOUT them where they can't be had. No service of theirs is started.
define installed
	@$(1) >/dev/null 2>&1 || ! command -v apt-get >/dev/null || test "$$(id -u)" != 0 \
		|| RUNLEVEL=1 apt-get install -y -qq --no-install-recommends $(2) >/dev/null 2>&1 \
		|| { apt-get update -qq && RUNLEVEL=1 apt-get install -y -qq --no-install-recommends $(2); } >/dev/null || true
	@$(1) >/dev/null 2>&1 || echo "$(2) can't be installed here: $(3)" >&2
endef

# What no package registry has. Tests that miss one of them skip, and fail where CI=true.
.PHONY: faketime chromium rabbitmq other-languages
faketime:
	$(call installed,ls /usr/lib/*/faketime/libfaketimeMT.so.1,libfaketime,the tests that move the wall clock are left out)
chromium:
	$(call installed,command -v chromium,chromium,the tests with a real browser are left out)
rabbitmq:
	$(call installed,command -v rabbitmq-server,rabbitmq-server,what needs RabbitMQ is left out)
# gRPC for C++ and Ruby, as Debian has it: the recipes in clients/recipes are built with it.
other-languages:
	$(call installed,command -v grpc_ruby_plugin,$(OTHER_LANGUAGES),the recipes for C++ and Ruby are not tried)

# Connect's conformance runner, built before the tests' time. It needs Go; without it that test skips, as above.
.PHONY: connect-runner
connect-runner: .venv/.ready
	@! command -v go >/dev/null || $(BIN)/python -m tests.gateway.connect_runner

# The S3 server of some tests is built here, not while they run. It needs Go; without it they say why they fail.
.PHONY: s3-server
s3-server: .venv/.ready
	@! command -v go >/dev/null || $(BIN)/python -m tests.servers.s3

# The programs of the other languages that tests run. A language without its toolchain is left out, with a word.
.PHONY: examples
examples: .venv/.ready other-languages
	@$(BIN)/python -m tests.languages.building

# The image service of some tests is installed here, in an environment of its own, not while they run.
.PHONY: image-service
image-service: .venv/.ready
	@$(BIN)/python -m tests.servers.image_service

# Which tests are quick: tests/gears.py.
.PHONY: quick
quick: .venv/.ready ## run the tests that start no process and are soon over
	@$(BIN)/python -m pytest -m quick -n $(WORKERS) --dist worksteal $(PYTEST) $(TESTS)

PYTHONS ?= 3.12 3.13 lowest
.PHONY: versions
versions: .venv/.ready ## run the quick tests on the other Pythons, and with the lowest dependencies; PYTHONS=
	@$(BIN)/python tools/versions.py $(PYTHONS)

.PHONY: test
test: .venv/.ready examples faketime chromium rabbitmq s3-server image-service connect-runner ## run all tests
ifneq ($(strip $(TESTS)),)
	@$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal $(PYTEST) $(TESTS)
else
	@echo "there are no tests yet"
endif

GO_MODULES := clients/go clients/conformance/drivers/go
OTHER_LANGUAGES := g++ pkg-config libgrpc++-dev libprotobuf-dev protobuf-compiler protobuf-compiler-grpc ruby ruby-grpc ruby-grpc-tools
.PHONY: clients
clients: .venv/.ready other-languages ## build and test the Go, TypeScript, Rust and Java clients, where their toolchains are
	@! command -v go >/dev/null || for module in $(GO_MODULES); do \
		(cd $$module && go vet ./... && test -z "$$(gofmt -l . | tee /dev/stderr)" && go test ./...) || exit 1; done
	@if command -v cargo >/dev/null; then cd clients/rust && cargo fmt --check && cargo check --quiet --no-default-features \
		&& cargo clippy --quiet --all-targets --all-features -- -D warnings && cargo test --quiet \
		&& cd ../conformance/drivers/rust && cargo fmt --check && cargo clippy --quiet --target-dir ../../../rust/target -- -D warnings; \
		else echo "clients/rust is neither built nor tested: cargo is not installed" >&2; test -z "$${CI:-}"; fi
	@if command -v mvn >/dev/null; then mvn -q -B -f clients/java/pom.xml package; \
		else echo "clients/java is neither built nor tested: mvn is not installed" >&2; test -z "$${CI:-}"; fi
	@$(BIN)/python -m pytest -rs tests/languages
	@$(BIN)/python -m clients.conformance --patience 3

# CONFORMANCE='--languages go --only batch' and the like choose; without it all is run, and the table written.
.PHONY: conformance
conformance: .venv/.ready ## run the conformance scenarios over every language that this machine has the toolchain of; CONFORMANCE=
	@$(BIN)/python -m clients.conformance $(or $(CONFORMANCE),--write docs/reference/conformance.md)

.PHONY: lint
lint: .venv/.ready ## ruff's rules
	@$(BIN)/ruff check $(CODE)

.PHONY: format
format: setup ## write Python and protos as the formatters want them
	@$(BIN)/ruff format $(CODE)
	@$(BIN)/ruff check --fix-only --quiet $(CODE)
	@buf format -w protos

.PHONY: format-check
format-check: .venv/.ready
	@$(BIN)/ruff format --check $(CODE)

.PHONY: types
types: .venv/.ready ## mypy --strict
	@$(BIN)/mypy $(PACKAGES) $(wildcard tools) $(wildcard clients/conformance/runner clients/conformance/__main__.py)

.PHONY: layers
layers: .venv/.ready ## who imports whom
	@$(BIN)/lint-imports

.PHONY: docstrings
docstrings: .venv/.ready ## every public symbol is documented
	@$(BIN)/interrogate --config pyproject.toml $(PACKAGES)

.PHONY: proto-lint
proto-lint: setup ## buf's rules, comments included
	@buf lint

.PHONY: proto-format-check
proto-format-check: setup
	@buf format -d --exit-code protos

# An image against an image: a workspace against an image reports what the other module no longer has as deleted, and a
# comparison with one's own clone can never fail.
.PHONY: breaking
breaking: setup ## the API breaks nothing that the baseline promised
	@image=$$(mktemp --suffix=.binpb); trap 'rm -f "$$image"' EXIT; \
		buf build -o "$$image" && buf breaking "$$image" --against $(BASELINE)

.PHONY: generated
generated: generate ## the generated code is what protos/ and the asyncio client say
	@git diff --exit-code -- $(GENERATED)
	@new=$$(git ls-files --others --exclude-standard -- $(GENERATED)); \
		test -z "$$new" || { echo "generated and not added to git:"; echo "$$new"; exit 1; }

# ---------------------------------------------------------------- the rest

.PHONY: version
version: .venv/.ready ## say which places differ from VERSION, or write NEW= everywhere
	@$(BIN)/python tools/version.py $(or $(NEW),--check)

.PHONY: dist
dist: setup ## build the wheels and sources of all distributions into dist/, and the API for other languages
	@rm -rf dist
	@for folder in $(DISTRIBUTIONS); do \
		said=$$(cd "$$folder" && "$(CURDIR)/$(BIN)/python" -m hatchling build -t sdist -t wheel -d "$(CURDIR)/dist" 2>&1) \
			|| { echo "$$folder does not build: $$said" >&2; exit 1; }; \
	done
	@buf build -o dist/wharfinger-api-$$(cat VERSION).binpb
	@$(BIN)/python tools/protos_zip.py dist
	@ls dist/*.whl dist/wharfinger-api-* dist/wharfinger-protos-*

.PHONY: dist-check
dist-check: dist ## install the wheels into empty environments, and run the README's five minutes with them
	@$(BIN)/python -m pytest -q tests/wheels/check_wheels.py

.PHONY: docs
docs: .venv/.ready ## build the documentation into build/docs
	@$(BIN)/sphinx-build -q -W --keep-going -b html docs build/docs
	@echo "the documentation is in build/docs/index.html"

.PHONY: recording
recording: .venv/.ready ## run the demo and write what it showed to docs/demo.svg and docs/demo.txt
	@$(BIN)/python tools/record.py docs/demo $(BIN)/python tools/demo.py

.venv-bench/.ready: requirements/bench.txt .venv/.ready
	@test -x $(PEERS)/python || $(PYTHON) -m venv --without-pip .venv-bench
	@VIRTUAL_ENV=.venv-bench $(BIN)/uv pip sync --quiet --require-hashes requirements/bench.txt \
		|| $(BIN)/python -m pip --python $(PEERS)/python install --quiet --disable-pip-version-check --require-hashes -r requirements/bench.txt
	@touch $@

# BENCH='--only 1,4 --short' and the like choose.
.PHONY: bench
bench: .venv/.ready .venv-bench/.ready rabbitmq ## measure, against ceilings and peers in the same run; BENCH='--only 1,4'
	@$(BIN)/python -m bench $(BENCH)

# The long ones, in the sizes that a release needs. Hours.
CAMPAIGNS := sim_SEEDS=5000 seeded powerloss_N=1000 page-soak long-queue prices-crash s3-kills s3-large crash_N=200 crashpoints chaos_TASKS=5000 libcloud-suite libcloud-faults prices-large
.PHONY: campaigns
campaigns: .venv/.ready ## run all the long campaigns, one after another: hours
	@failed=; \
		for campaign in $(CAMPAIGNS); do \
			echo "=== make $${campaign//_/ }"; \
			$(MAKE) $${campaign//_/ } || failed="$$failed $${campaign%%_*}"; \
		done; \
		test -z "$$failed" || { echo "=== these found something:$$failed"; exit 1; }; \
		echo "=== all campaigns found nothing"

SEEDS ?= 100
JOBS ?= $(shell nproc 2>/dev/null || echo 2)
.PHONY: sim
sim: .venv/.ready ## simulate SEEDS= histories, JOBS= at a time, or tell the one of SEED=
	@$(BIN)/python -m tests.campaigns.sim --seeds $(SEEDS) --seed $(or $(SEED),0) --jobs $(JOBS)

.PHONY: seeded
seeded: .venv/.ready ## plant bugs, one at a time, each of which the simulation must find; MOST= histories for each
	@$(BIN)/python -m tests.campaigns.seeded --jobs $(JOBS) --most $(or $(MOST),2000)

KILLS ?= 100
.PHONY: prices-crash
prices-crash: .venv/.ready ## kill imports of prices KILLS= times at random moments, look for what is torn
	@$(BIN)/python -m tests.campaigns.price_kills --kills $(KILLS)

.PHONY: long-queue
long-queue: .venv/.ready ## 100,000 waiting tasks of one concurrency key: what they cost the others, and a server that does nothing; TASKS=
	@$(BIN)/python -m tests.campaigns.long_queue --tasks $(or $(TASKS),100000)

.PHONY: page-soak
page-soak: .venv/.ready chromium ## the page beside 1,000 running tasks for MINUTES=: long tasks, rows, heap, first paint
	@$(BIN)/python -m tests.campaigns.page_soak --minutes $(or $(MINUTES),60)

.PHONY: powerloss
powerloss: .venv/.ready ## cut the power N= times, with and without waiting for the disk
	@$(BIN)/python -m tests.campaigns.powerloss --cuts $(or $(N),1000)

N ?= 100
.PHONY: crash
crash: .venv/.ready ## kill the server N= times while clouds fail; SEED= chooses how. Findings in build/crash.txt and .json
	@$(BIN)/python -m tests.campaigns.crash --kills $(N) --seed $(or $(SEED),1) --out build/crash

.PHONY: s3-kills
s3-kills: .venv/.ready s3-server ## kill the server N= times while it uploads to a real S3 server, look for what is left; SEED= chooses how
	@$(BIN)/python -m tests.campaigns.s3_kills --kills $(N) --seed $(or $(SEED),1)

.PHONY: s3-large
s3-large: .venv/.ready s3-server ## move a sparse image of 6 GiB through a real S3 server, in and out again
	@$(BIN)/python -m tests.campaigns.s3_large --gibibytes 6

# TASKS= stories, two thirds of them on SQLite; WITHOUT=all takes out one mend after the other, each of which must be missed.
.PHONY: chaos
chaos: .venv/.ready ## everything at once: disks, databases, clocks, processes and scripts that fail; TASKS=, SEED=, WITHOUT=
	@$(BIN)/python -m tests.campaigns.chaos --tasks $(or $(TASKS),5000) --seed $(or $(SEED),1) $(if $(WITHOUT),--without $(WITHOUT)) --out build/chaos

EVERY ?= 1
.PHONY: crashpoints
crashpoints: .venv/.ready ## kill the server at each point of a deployment, or at each EVERY=th. Findings in build/crashpoints.txt
	@$(BIN)/python -m tests.campaigns.crashpoints --every $(EVERY) --out build/crashpoints

.PHONY: libcloud-suite
libcloud-suite: .venv/.ready ## libcloud's own tests, plainly, in blocks, wrapped and awaited: what passes plainly must pass through
	@$(BIN)/python -m tests.campaigns.libcloud.suite --out build/libcloud-suite

.PHONY: libcloud-faults
libcloud-faults: .venv/.ready ## a fault in each request of each making method that libcloud's tests call. Table in build/libcloud-faults.md
	@$(BIN)/python -m tests.campaigns.libcloud.faults --out build/libcloud-faults

.PHONY: prices-large
prices-large: .venv/.ready ## read a generated price file of 510 MB in each format, and tell time and memory
	@$(BIN)/python -m tests.sources.large --megabytes 510

.PHONY: clean
clean: ## remove all that was built, the environments included
	@rm -rf .venv .venv-gen .venv-bench .venv-versions bench/results.json .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache .cache .tools build dist
	@rm -rf clients/typescript/node_modules clients/typescript/dist clients/rust/target tools/rust/target
	@find . -name __pycache__ -prune -not -path './.git/*' -exec rm -rf {} +
