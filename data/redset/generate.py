#!/usr/bin/env python3
"""Write trace.csv: two made-up clusters in the columns of Redset, with four planted changes.

It is no part of Redset and holds nothing of it. The same bytes on every machine: only integers and random.Random(SEED).random().
"""

import datetime
import random
import sys
from pathlib import Path

SEED = 20240301
START = datetime.datetime(2024, 3, 1)
SECONDS = 3600
# One query every so many seconds, on each instance.
PACE_S = 4
COLUMNS = (
    "instance_id,cluster_size,user_id,database_id,query_id,arrival_timestamp,compile_duration_ms,queue_duration_ms,"
    "execution_duration_ms,feature_fingerprint,was_aborted,was_cached,cache_source_query_id,query_type,"
    "num_permanent_tables_accessed,num_external_tables_accessed,num_system_tables_accessed,read_table_ids,"
    "write_table_ids,mbytes_scanned,mbytes_spilled,num_joins,num_scans,num_aggregations"
)
# (fingerprint, execution in ms, megabytes scanned, joins)
QUERIES = (
    (-4611686018427387905, 1000, 100, 1),
    (1152921504606846977, 250, 40, 0),
    (7205759403792793601, 4000, 900, 3),
    (-288230376151711745, 120, 8, 0),
    (3458764513820540929, 15000, 2500, 5),
)
# What is planted on instance 3, in seconds from the start: [from, to).
SLOWER = (900, 1200)  # the first fingerprint takes nine times as long
QUEUED = (1500, 1800)  # everything waits for 8 s
SPILLED = (2100, 2400)  # the third fingerprint spills as much as it scans, five times over
SHIFTED = (2700, 3300)  # two fingerprints are left


def rows():
    chance = random.Random(SEED)
    for second in range(0, SECONDS, PACE_S):
        for instance in (3, 17):
            yield row(chance, instance, second)


def row(chance, instance, second):
    def within(span):
        return instance == 3 and span[0] <= second < span[1]

    pick = chance.random()
    fate = chance.random()
    jitter = 90 + int(chance.random() * 21)
    compiles = 12 + int(chance.random() * 8)
    number = int(pick * 2) + 2 if within(SHIFTED) else int(pick * len(QUERIES))
    fingerprint, execution_ms, scanned, joins = QUERIES[number]
    query = instance * 100000 + second // PACE_S
    arrival = START + datetime.timedelta(seconds=second, microseconds=int(chance.random() * 1000000))
    aborted, cached = fate < 0.02, 0.02 <= fate < 0.10
    factor = 9 if within(SLOWER) and number == 0 else 1
    spilled = 5 * scanned if within(SPILLED) and number == 2 else 0
    took = "" if aborted else 1 if cached else execution_ms * jitter * factor // 100
    waited = 8000 if within(QUEUED) else 0
    cells = [
        instance, 4, 100 + number, 1, query, arrival.strftime("%Y-%m-%d %H:%M:%S.%f"), compiles, waited, took,
        fingerprint, str(aborted).lower(), str(cached).lower(), query - 1 if cached else "", "select", joins + 1, 0, 0,
        '"%s"' % ",".join(str(11 + table) for table in range(joins + 1)), "", scanned, spilled, joins, joins + 1, 1,
    ]
    return ",".join(str(cell) for cell in cells)


if __name__ == "__main__":
    out = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).with_name("trace.csv")
    out.write_text("\n".join([COLUMNS, *rows()]) + "\n", encoding="ascii", newline="\n")
