# The front door. Everything is built in one profile (release) and one target folder.
CARGO ?= cargo
TARGET = $(or $(CARGO_TARGET_DIR),target)
TELLTAPE = $(TARGET)/release/telltape
# nextest if it is there, else cargo's own runner; both print their totals.
RUNNER := $(shell $(CARGO) nextest --version >/dev/null 2>&1 && echo "nextest run" || echo test)

RUN_IGNORED = -- --ignored
# The server that captures are tested on. Some builds of PostgreSQL know no TLS.
POSTGRES := $(shell for at in "$(PG_BIN)/postgres" "$$(command -v postgres)" $$(ls -r /usr/lib/postgresql/*/bin/postgres 2>/dev/null); do \
    if [ -x "$$at" ]; then echo "$$at"; break; fi; done)
HAS_TLS := $(shell [ -z "$(POSTGRES)" ] || grep -q SSL_accept "$(POSTGRES)" && echo yes)

.PHONY: reproduce build data test test-unit test-conformance test-browser test-live test-torture test-dask test-sql torture fuzz mutants check features \
    check-detectors deny msrv sbom live external cluster bench clean

## Convert, replay, score and compare all experiments; exit code 0 when every digest is the committed one, 10 when not. The
## report is written either way.
reproduce: build data
	$(TELLTAPE) run --no-cache; code=$$?; $(TELLTAPE) report || exit; exit $$code

build:
	$(CARGO) build --release --locked

## The samples: out of the package that Cargo.lock pins, checked by SHA-256, into data/cache/ (not committed).
data: build
	$(TELLTAPE) data fetch --quiet

test: test-unit test-conformance test-browser test-live test-torture

test-unit: data
	$(CARGO) $(RUNNER) --release --locked
	$(CARGO) test --doc --release --locked

## Against the published implementation, bit for bit. A cargo call of its own, so that features which only the oracle
## switches on are not in what we ship. Needs pkg-config, libfontconfig1-dev and libfreetype-dev.
test-conformance: build
	TELLTAPE_BIN=$(abspath $(TELLTAPE)) $(CARGO) $(RUNNER) --release --locked -p telltape-conformance

## The report in a headless Chromium. Needs chromium and chromium-driver; without them it is skipped, loudly.
test-browser: build
	@if command -v chromedriver >/dev/null; then \
	    $(CARGO) $(RUNNER) --release --locked --test browser $(RUN_IGNORED); \
	elif [ -n "$(CI)" ]; then echo "CI needs chromedriver"; exit 1; \
	else echo "SKIPPED: the report was NOT tested in a browser; install chromium and chromium-driver"; fi

## Captures of real PostgreSQL servers, which the tests start and remove: that of PG_BIN, of PATH, or Debian's. Without one they
## are skipped, loudly.
test-live: build
	@if [ -n "$(POSTGRES)" ]; then \
	    $(CARGO) $(RUNNER) --release --locked --test live $(RUN_IGNORED) $(if $(HAS_TLS),,--skip tls::) || exit; \
	    $(if $(HAS_TLS),,echo "SKIPPED: TLS was NOT tested; $(POSTGRES) is built without it";) \
	elif [ -n "$(CI)" ]; then echo "CI needs a PostgreSQL server"; exit 1; \
	else echo "SKIPPED: captures were NOT tested on a real server; install postgresql"; fi

## A sample of `make torture`. Needs a C compiler.
test-torture: build
	$(CARGO) $(RUNNER) --release --locked --test torture $(RUN_IGNORED) --skip full_
	@echo "SKIPPED: a full and a read-only file system were NOT tested; they need user namespaces: make torture"

## The definition of `excursion` as SQL, on DuckDB. Needs python3 with venv, and gets the package.
test-sql: build
	test -d $(TARGET)/venv-duckdb || python3 -m venv $(TARGET)/venv-duckdb
	$(TARGET)/venv-duckdb/bin/pip install --quiet --requirement contrib/duckdb/requirements.txt
	DUCKDB_PYTHON=$(abspath $(TARGET))/venv-duckdb/bin/python $(CARGO) $(RUNNER) --release --locked --test sql $(RUN_IGNORED)

## Shards on a Dask cluster of this machine, with a worker killed. Needs python3 with venv, a C compiler, and gets the packages.
test-dask: build
	test -d $(TARGET)/venv-dask || python3 -m venv $(TARGET)/venv-dask
	$(TARGET)/venv-dask/bin/pip install --quiet --requirement contrib/dask/requirements.txt
	$(TARGET)/venv-dask/bin/python scripts/cluster.py $(TELLTAPE) dask $(TARGET)/cluster/dask

## The same on Spark and Slurm, and on Dask with a network that is cut. Needs Java 17 for Spark; slurmctld, slurmd and munge as root
## for Slurm; root for network namespaces. What is not there is skipped, loudly. CLUSTER_ARGUMENTS="--tapes DIR --shards N" times a fleet.
cluster: test-dask
	@if java -version >/dev/null 2>&1; then \
	    $(TARGET)/venv-dask/bin/pip install --quiet --requirement contrib/spark/requirements.txt; \
	    $(TARGET)/venv-dask/bin/python scripts/cluster.py $(TELLTAPE) spark $(TARGET)/cluster/spark $(CLUSTER_ARGUMENTS) || exit; \
	else echo "SKIPPED: Spark was NOT tested; install a Java runtime of version 17 or newer"; fi
	@if [ "$$(id -u)" -eq 0 ] && command -v slurmctld >/dev/null && command -v slurmd >/dev/null && command -v munged >/dev/null; then \
	    $(TARGET)/venv-dask/bin/python scripts/cluster.py $(TELLTAPE) slurm $(TARGET)/cluster/slurm $(CLUSTER_ARGUMENTS) || exit; \
	else echo "SKIPPED: Slurm was NOT tested; install slurmctld, slurmd and munge, and be root"; fi
	@if [ "$$(id -u)" -eq 0 ] && ip netns list >/dev/null 2>&1; then \
	    $(TARGET)/venv-dask/bin/python scripts/cluster.py $(TELLTAPE) dask-cut $(TARGET)/cluster/dask-cut || exit; \
	else echo "SKIPPED: a cut network was NOT tested; it needs root and network namespaces"; fi

## Kills, failing disks, corrupt and hostile files: all of it, with its figures (docs/trust.md). Needs a C compiler, and user
## namespaces for the one test of a full file system.
torture: build
	TORTURE_SHARE=1 $(CARGO) test --release --locked --test torture -- --ignored --nocapture --test-threads 2
	TORTURE_SHARE=1 $(CARGO) test --release --locked --test live -- --ignored --nocapture kills_at_random

## Each fuzz target for FUZZ_SECONDS, from the committed corpus. Needs a nightly toolchain (rustup toolchain install nightly) and
## cargo-fuzz (cargo install cargo-fuzz); not for CI.
FUZZ_SECONDS ?= 1200
FUZZ_TARGETS ?= tape_line tape_file manifest recording trace grammar experiment jsonlog
fuzz:
	@$(CARGO) +nightly fuzz --version >/dev/null || { \
	    echo "make fuzz needs: rustup toolchain install nightly; cargo install cargo-fuzz"; exit 1; }
	for target in $(FUZZ_TARGETS); do \
	    mkdir -p out/fuzz/$$target; \
	    $(CARGO) +nightly fuzz run --fuzz-dir fuzz $$target out/fuzz/$$target fuzz/corpus/$$target -- \
	        -max_total_time=$(FUZZ_SECONDS) -timeout=20 -rss_limit_mb=3000 -max_len=16384 || exit; \
	done

## Changes of the code that no test notices, in what decides results. Needs cargo-mutants (cargo install cargo-mutants), and many
## hours for all of them: MUTANTS_SHARD=3/100 tests a hundredth.
MUTANTS_SHARD ?= 0/1
mutants: data
	$(CARGO) mutants --shard $(MUTANTS_SHARD) --test-tool nextest -f 'src/tape/**' -f 'src/motif/**' -f 'src/experiment/**' \
	    -f 'src/trace/distil/**' --output out --copy-target true --profile release -- --lib --test vectors --test cli

## Licences, sources and known advisories of all dependencies. Needs cargo-deny (cargo install cargo-deny), and for the advisories
## their database.
deny:
	$(CARGO) deny check licenses bans sources
	$(CARGO) deny check advisories || echo "NOT CHECKED or not passed: advisories (see above)"

## Each feature alone, and the core without any; what the other builds have made of dependencies is used again.
FEATURES = cli capture report fetch parquet protobuf experiment catalogue compression signatures schemas
# Other flags would be other builds.
features: export RUSTFLAGS := $(if $(findstring -D warnings,$(RUSTFLAGS)),$(RUSTFLAGS),$(RUSTFLAGS) -D warnings)
features:
	$(CARGO) check --release --locked --no-default-features
	for feature in $(FEATURES); do \
	    $(CARGO) check --release --locked --no-default-features --features $$feature || exit; \
	done

## The oldest Rust that Cargo.toml promises, without polars.
msrv:
	$(CARGO) +1.89 check --locked --no-default-features

## What is in the program, as CycloneDX: out/telltape.cdx.json. Needs cargo-cyclonedx (cargo install cargo-cyclonedx).
sbom:
	$(CARGO) cyclonedx --format json --override-filename telltape.cdx
	mkdir -p out; mv telltape.cdx.json out/; rm -f benches/telltape.cdx.json conformance/telltape.cdx.json

## Other people's labelled series, at defaults, against the committed scores (docs/external.md). Each set is fetched, some 20 MB,
## or comes from EXTERNAL_FROM=FOLDER (with nab/, microsoft/ and dbpa/ in it); what is not to be had is skipped, loudly.
## No part of `make reproduce`. Needs python3.
EXTERNAL ?= nab microsoft dbpa
external: build
	@code=0; for name in $(EXTERNAL); do \
	    if $(TELLTAPE) data fetch $$name --quiet $(if $(EXTERNAL_FROM),--from "$(EXTERNAL_FROM)/$$name") \
	        && python3 scripts/external.py $$name; then \
	        $(TELLTAPE) run experiments/external/$$name.toml || code=$$?; \
	    else echo "SKIPPED: $$name was NOT scored, for its files are not here (docs/external.md)"; fi; \
	done; exit $$code

## Every fault on every version of PostgreSQL that there is, three times on 17: more than an hour. Gets 17 and 18 out of Python
## packages, and takes Debian's. Needs python3 with pip.
live: build
	scripts/live.sh $(TELLTAPE) out/live

## Format and lints; warnings are errors.
check: features
	$(CARGO) fmt --all --check
	$(CARGO) clippy --release --locked --all-targets -- -D warnings
	$(CARGO) clippy --release --locked --all-targets -p telltape-conformance -- -D warnings
	$(CARGO) clippy --release --locked -p telltape-fuzz -- -D warnings
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --release --locked --no-deps

## Our detectors against ruptures, river and numpy, on the same series. Needs python3 with venv, and gets the packages.
check-detectors: build
	test -d $(TARGET)/venv || python3 -m venv $(TARGET)/venv
	$(TARGET)/venv/bin/pip install --quiet --requirement scripts/requirements.txt
	$(TARGET)/venv/bin/python scripts/check-detectors.py $(TELLTAPE)

## Ours, the reference and the limits side by side, in one run: out/bench.md. Builds a polars that reads CSV first, which
## takes a while. Needs openssl.
bench: build data
	$(CARGO) build --release --locked -p telltape-conformance
	$(CARGO) build --release --locked -p telltape-bench
	$(TARGET)/release/telltape-bench

clean:
	rm -rf out
