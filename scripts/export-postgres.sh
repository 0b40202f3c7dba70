#!/usr/bin/env bash
# Makes the exports in tests/exports/: starts a throw-away server of each version on a socket of its own, runs a small load, and
# writes what PostgreSQL's own programs write. Runs as a user who may start a server, so not as root.
# Usage: scripts/export-postgres.sh FOLDER BIN...   (the folders of the programs, such as /usr/lib/postgresql/15/bin)
set -euo pipefail
out=$(mkdir -p "$1" && cd "$1" && pwd)
shift

for bin in "$@"; do
    base=$(mktemp -d)
    trap '"$bin/pg_ctl" -D "$base/data" -m immediate stop >/dev/null 2>&1 || true; rm -rf "$base"' EXIT
    "$bin/initdb" -D "$base/data" -U postgres -A trust --no-sync -E UTF8 --locale=C >/dev/null
    cat >>"$base/data/postgresql.conf" <<CONF
listen_addresses = ''
unix_socket_directories = '$base'
port = 54999
fsync = off
timezone = 'Europe/Berlin'
shared_preload_libraries = 'pg_stat_statements,auto_explain'
compute_query_id = on
auto_explain.log_min_duration = 0
auto_explain.log_analyze = on
auto_explain.log_format = json
logging_collector = on
log_destination = 'jsonlog,csvlog,stderr'
log_directory = '$base'
log_filename = 'server.log'
CONF
    "$bin/pg_ctl" -D "$base/data" -l "$base/start.log" -w start >/dev/null
    export PGHOST=$base PGPORT=54999 PGUSER=postgres PGDATABASE=postgres PGOPTIONS=
    major=$("$bin/psql" -XAtc 'SHOW server_version_num')
    major=$((major / 10000))
    run() { "$bin/psql" -Xq "$@"; }
    # The set-up is no part of the log.
    export PGOPTIONS='-c auto_explain.log_min_duration=-1'
    run -c 'CREATE EXTENSION pg_stat_statements' \
        -c 'CREATE TABLE item AS SELECT i AS id, i % 7 AS kind, i % 100 AS price FROM generate_series(1, 2000) i' \
        -c 'CREATE TABLE kind AS SELECT i AS id, i::text AS name FROM generate_series(0, 6) i' \
        -c 'ANALYZE' -c 'SELECT pg_stat_statements_reset()' >/dev/null
    view="SELECT now(), * FROM pg_stat_statements WHERE query LIKE '%item%'"
    for poll in 1 2 3 4 5 6 7 8; do
        unset PGOPTIONS
        run -o /dev/null -c "SELECT count(*) FROM item JOIN kind ON kind.id = item.kind WHERE price < $((poll * 10))" \
            -c "SELECT id FROM item ORDER BY price LIMIT $poll" -c "UPDATE item SET price = price + 1 WHERE id = $poll"
        export PGOPTIONS='-c auto_explain.log_min_duration=-1'
        run -c "\\copy ($view) TO '$base/$poll.csv' CSV HEADER"
        sleep 0.2
    done
    { cat "$base/1.csv"; for poll in 2 3 4 5 6 7 8; do tail -n +2 "$base/$poll.csv"; done; } >"$out/pgss-$major.csv"
    mkdir -p "$out/plans-$major"
    for iteration in 1 2; do
        for query in 1a 2a; do
            [ $query = 1a ] && sql='SELECT count(*) FROM item JOIN kind ON kind.id = item.kind' || sql='SELECT id FROM item ORDER BY price LIMIT 3'
            run -At -c "EXPLAIN (ANALYZE, FORMAT JSON) $sql" >"$out/plans-$major/${query}_$iteration.json"
        done
    done
    "$bin/pg_ctl" -D "$base/data" -m fast stop >/dev/null
    for log in json csv log; do gzip -9nc "$base/server.$log" >"$out/auto-explain-$major.$log.gz"; done
    rm -rf "$base"
    trap - EXIT
done
