"""Makes the exports of DuckDB in tests/exports/: COPY TO of a table in CSV and Parquet, and plans. Usage: FOLDER, with the package
duckdb."""

import pathlib
import sys

import duckdb

folder = pathlib.Path(sys.argv[1])
folder.mkdir(parents=True, exist_ok=True)
db = duckdb.connect()
db.execute("SET TimeZone = 'UTC'")
db.execute("""
    CREATE TABLE runs AS SELECT
        TIMESTAMP '2024-05-01 10:00:00' + to_seconds(i) AS ts,
        CASE WHEN i BETWEEN 40 AND 59 THEN 30.0 ELSE 10.0 END::DECIMAL(10, 3) AS latency_ms,
        'db-' || (i % 2 + 1) AS channel
    FROM range(80) r(i)
""")
db.execute("CREATE TABLE zoned AS SELECT ts::TIMESTAMPTZ AS ts, latency_ms::DOUBLE AS latency_ms, channel FROM runs")
db.execute("""
    CREATE TABLE queries AS SELECT
        1 AS instance_id, 8 AS cluster_size, 0 AS user_id, 0 AS database_id, i AS query_id,
        TIMESTAMP '2024-03-01 00:00:00.5' + to_seconds(i) AS arrival_timestamp,
        CASE WHEN i % 10 = 9 THEN NULL ELSE 5.0 END AS compile_duration_ms, 1::BIGINT AS queue_duration_ms,
        CASE WHEN i % 10 = 9 THEN NULL WHEN i >= 30 THEN 2000 ELSE 100 END::BIGINT AS execution_duration_ms,
        '-4611686018427387905' AS feature_fingerprint, i % 10 = 8 AS was_aborted, i % 10 = 9 AS was_cached,
        NULL::BIGINT AS cache_source_query_id, 'select' AS query_type, 1 AS num_permanent_tables_accessed,
        10.0 AS mbytes_scanned, 0.0 AS mbytes_spilled
    FROM range(40) r(i)
""")
for table in ("runs", "zoned", "queries"):
    db.execute(f"COPY {table} TO '{folder / table}.csv'")
    db.execute(f"COPY {table} TO '{folder / table}.parquet'")
db.execute(f"COPY runs TO '{folder / 'runs.tsv'}' (DELIMITER '\t')")
db.execute(f"COPY runs TO '{folder / 'runs.csv.gz'}' (COMPRESSION gzip)")
db.execute(f"COPY runs TO '{folder / 'zstd.parquet'}' (COMPRESSION zstd, ROW_GROUP_SIZE 2048)")
db.execute("CREATE TABLE item AS SELECT i AS id, i % 7 AS kind FROM range(2000) r(i)")
plan = db.execute("EXPLAIN (ANALYZE, FORMAT JSON) SELECT count(*) FROM item a JOIN item b ON a.kind = b.id").fetchall()
(folder / "plan.json").write_text(plan[0][1])
