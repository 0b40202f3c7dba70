#!/usr/bin/env bash
# Runs the live experiments: three rounds on PostgreSQL 17, one on each other version, one server at a time, and tells what was
# met. A round that was broken off goes on where it stopped; remove its folder to begin anew. Takes more than an hour.
# Usage: scripts/live.sh TELLTAPE OUT
set -euo pipefail
cd "$(dirname "$0")/.."
telltape=$1 out=$2
fetched=$(scripts/fetch-postgres.sh)
debian=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null || true)

round() { # name bin
    for file in experiments/live/*.toml; do
        fault=$(basename "$file" .toml)
        [ -e "$out/$1/$fault/score.csv" ] || PG_BIN=$2 "$telltape" run "$file" --out "$out/$1" --quiet || true
    done
}

version() { "$1/postgres" --version | sed -E 's/.* ([0-9]+)\..*/\1/'; }

for bin in $fetched $debian; do
    major=$(version "$bin")
    round "$major-1" "$bin"
    if [ "$major" = 17 ]; then
        round "$major-2" "$bin"
        round "$major-3" "$bin"
    fi
done
python3 scripts/live-summary.py "$out"
