#!/usr/bin/env python3
"""Capture a TPC-DS trace with planted faults from DuckDB.

One client runs the 99 TPC-DS queries in an open loop at a steady pace, from a seeded deck of cards, while JSON profiling
is on. Each executed query becomes one row of the trace; each planted fault becomes one or more rows of the windows file.
README.md beside this script says what the columns and the faults are.

A short test of the script:  capture.py --seconds 60 --scale-factor 0.01 --out-dir DIR
"""

import argparse
import csv
import gc
import json
import math
import os
import random
import sys
import tempfile
import threading
import time
from pathlib import Path

# What was captured is only the same experiment if these stay the same; they are not options on purpose.
DUCKDB_VERSION = "1.5.5"
THREADS = 2
MEMORY_LIMIT = "8GB"
SEED = 20240517
PACE = 4.5  # arrivals per second
REFERENCE_SECONDS = 1200.0  # the fault times below are for a run of this length, and scale with --seconds
WARMUP_ROUNDS = 2

# The deck: every query once, and the short reporting queries three times. 99 + 2 * 18 = 135 cards are 30 s at 4.5 a
# second, so every 30 s bucket has the same mix by construction and a quiet divergence is near zero.
HEAD_QUERIES = (3, 7, 19, 34, 42, 43, 46, 52, 53, 55, 59, 63, 68, 73, 79, 89, 96, 98)
HEAD_CARDS = 3
# The other mix: 27 queries, five cards each, again 135. None is a head query and none takes longer than about 0.1 s, so
# the change moves the mix without overloading the open loop.
SHIFTED_QUERIES = (
    (1, 5, 6, 10, 15, 16, 17, 25, 26, 29, 33, 36, 39, 45)
    + (48, 50, 56, 58, 60, 62, 66, 69, 76, 77, 81, 85, 93)
)
SHIFTED_CARDS = 5

# The neighbour: sessions of the same process (DuckDB lets no second process write) that run one heavy query in a loop.
NEIGHBOUR_QUERY = 67
NEIGHBOUR_SESSIONS = 2

# A data fault runs in a transaction of the client and is rolled back at its end, so the database is restored exactly.
MULTIPLY_SQL = "INSERT INTO customer_address SELECT customer_address.* FROM customer_address, range(11)"
CALENDAR_SQL = "UPDATE date_dim SET d_year = 2000, d_moy = 11 WHERE d_year BETWEEN 1998 AND 2003"

PLAN, CARDINALITY, PHASE = "plan_regression_onset", "cardinality_mismatch_regime", "workload_phase_transition"
# (name, start and end in a run of REFERENCE_SECONDS, the motifs it is planted for as (motif, channel)).
# 90 s is below half of a head query's last 24 executions (240 s), so a fault does not become the query's own median.
FAULTS = (
    ("noisy_neighbour", 300.0, 390.0, ((PLAN, ""),)),
    ("table_multiplied", 540.0, 630.0, ((CARDINALITY, ""), (PLAN, ""))),
    ("mix_shifted", 780.0, 870.0, ((PHASE, "tpcds"),)),
    ("calendar_overwritten", 1020.0, 1110.0, ((CARDINALITY, ""), (PLAN, ""))),
)
DATA_FAULTS = {"table_multiplied": MULTIPLY_SQL, "calendar_overwritten": CALENDAR_SQL}

# A limit cuts what the operators above and at it return, not what lies below it.
LIMIT_OPERATORS = frozenset({"TOP_N", "LIMIT", "STREAMING_LIMIT", "LIMIT_PERCENT"})

TRACE_HEADER = ("query_id", "t_seconds", "latency_ms", "est_rows", "actual_rows")
WINDOWS_HEADER = ("motif", "channel", "t_start", "t_end", "fault")


class CaptureError(Exception):
    """A condition the user can act on; printed without a traceback."""


def import_duckdb():
    """Return the duckdb module and the path of the TPC-DS extension, or say what is missing."""
    try:
        import duckdb
        import duckdb_extension_tpcds
    except ImportError as error:
        raise CaptureError(f"{error}; install the pinned packages: pip install -r requirements.txt") from error
    if duckdb.__version__ != DUCKDB_VERSION:
        raise CaptureError(f"duckdb {DUCKDB_VERSION} is needed, found {duckdb.__version__}")
    found = sorted(Path(duckdb_extension_tpcds.__file__).parent.glob(f"extensions/v{DUCKDB_VERSION}/*.duckdb_extension"))
    if len(found) != 1:
        raise CaptureError(f"the TPC-DS extension for duckdb {DUCKDB_VERSION} is not in duckdb_extension_tpcds")
    return duckdb, found[0]


def open_database(duckdb, extension, path, scale_factor):
    """Generate the data, close, and open again, so that the run starts from checkpointed tables."""
    # Automatic installation would fetch extensions over the network in the middle of a run.
    config = {
        "threads": THREADS,
        "memory_limit": MEMORY_LIMIT,
        "autoinstall_known_extensions": "false",
        "autoload_known_extensions": "false",
    }

    def connect():
        connection = duckdb.connect(str(path), config=config)
        connection.execute("LOAD '" + str(extension).replace("'", "''") + "'")
        connection.execute("SET enable_progress_bar = false")
        return connection

    connection = connect()
    connection.execute(f"CALL dsdgen(sf = {scale_factor!r})")
    connection.execute("CHECKPOINT")
    connection.close()
    return connect()


def load_queries(connection):
    queries = dict(connection.execute("SELECT query_nr, query FROM tpcds_queries()").fetchall())
    if sorted(queries) != list(range(1, 100)):
        raise CaptureError("the extension does not offer queries 1 to 99")
    return queries


def operators(node, below_limit=False):
    """Yield (below a limit, estimated rows or None, actual rows) of every operator of a profile."""
    kind = node.get("operator_type")
    if kind:
        extra = node.get("extra_info")
        estimate = extra.get("Estimated Cardinality") if isinstance(extra, dict) else None
        yield below_limit, estimate, node.get("operator_cardinality")
    for child in node.get("children", ()):
        yield from operators(child, below_limit or kind in LIMIT_OPERATORS)


def worst_cardinality(profile, query):
    """Estimated and actual rows, both at least 1, of the operator with the worst q-error below any limit.

    A plan without a limit counts whole. On a tie the first operator from the root, left to right, is taken.
    """
    found = list(operators(profile))
    limited = any(below for below, _, _ in found)
    pairs = [
        (max(int(estimate), 1), max(int(actual), 1))
        for below, estimate, actual in found
        if estimate is not None and actual is not None and (below or not limited)
    ]
    if not pairs:
        raise CaptureError(f"the profile of q{query} has no operator with an estimate below its limit")
    return max(pairs, key=lambda pair: max(pair[0] / pair[1], pair[1] / pair[0]))


def deck(shifted):
    if shifted:
        return [query for query in SHIFTED_QUERIES for _ in range(SHIFTED_CARDS)]
    return [query for query in range(1, 100) for _ in range(HEAD_CARDS if query in HEAD_QUERIES else 1)]


def arrivals(seconds, shifted_window):
    """The whole schedule as (due time, query): it depends on the seed and the length, never on the measurements."""
    rng = random.Random(SEED)
    schedule, cards, kind = [], [], None
    for i in range(int(seconds * PACE)):
        due = i / PACE
        shifted = shifted_window is not None and shifted_window[0] <= due < shifted_window[1]
        if not cards or shifted != kind:
            cards, kind = deck(shifted), shifted
            rng.shuffle(cards)
        schedule.append((due, cards.pop()))
    return schedule


class Neighbour:
    """Sessions that run one heavy query in a loop until told to stop."""

    def __init__(self, connection, sql):
        self.sql = sql
        self.stopping = threading.Event()
        self.failure = None
        self.cursors = [connection.cursor() for _ in range(NEIGHBOUR_SESSIONS)]
        self.threads = [threading.Thread(target=self.loop, args=(cursor,), daemon=True) for cursor in self.cursors]
        for thread in self.threads:
            thread.start()

    def loop(self, cursor):
        try:
            while not self.stopping.is_set():
                cursor.execute(self.sql).fetchall()
        except Exception as error:  # an interrupted query raises too, and is the way to stop at once
            if not self.stopping.is_set():
                self.failure = error

    def stop(self):
        self.stopping.set()
        for thread, cursor in zip(self.threads, self.cursors):
            # Repeated, because an interrupt that falls between two queries is lost.
            while thread.is_alive():
                cursor.interrupt()
                thread.join(0.02)
            cursor.close()
        if self.failure is not None:
            raise CaptureError(f"the noisy neighbour stopped by itself: {self.failure}")


class Faults:
    """Starts and ends the planted faults on time, and remembers when that really happened."""

    def __init__(self, connection, queries, planned):
        self.connection = connection
        self.queries = queries
        self.pending = sorted(planned, key=lambda fault: fault[1])
        self.running = None  # (fault, started at, neighbour or None); the faults do not overlap
        self.windows = []

    def advance(self, clock):
        """Called between two queries, so a fault starts or ends at most one query late."""
        if self.running and clock() >= self.running[0][2]:
            self.end(clock)
        if not self.running and self.pending and clock() >= self.pending[0][1]:
            fault = self.pending.pop(0)
            started, neighbour = clock(), None
            if fault[0] == "noisy_neighbour":
                neighbour = Neighbour(self.connection, self.queries[NEIGHBOUR_QUERY])
            elif fault[0] in DATA_FAULTS:
                self.connection.execute("BEGIN")
                self.connection.execute(DATA_FAULTS[fault[0]])
            self.running = (fault, started, neighbour)

    def end(self, clock):
        (name, start, end, motifs), started, neighbour = self.running
        self.running = None
        if neighbour is not None:
            neighbour.stop()
        elif name in DATA_FAULTS:
            self.connection.execute("ROLLBACK")
        # The mix is a property of the schedule, which knows its own times exactly.
        window = (start, end) if name == "mix_shifted" else (started, clock())
        self.windows += [(motif, channel, f"{window[0]:.3f}", f"{window[1]:.3f}", name) for motif, channel in motifs]
        print(f"{name}: {window[0]:.3f} to {window[1]:.3f} s", flush=True)


def run(connection, queries, schedule, planned, progress_seconds=60.0):
    """Run the schedule; return the rows of the trace, the windows and how late the starts were."""
    origin = time.perf_counter()

    def clock():
        return time.perf_counter() - origin

    faults = Faults(connection, queries, planned)
    rows, delays, busy, next_progress = [], [], 0.0, progress_seconds
    for due, query in schedule:
        faults.advance(clock)
        wait = due - clock()
        if wait > 0:
            time.sleep(wait)
        started = clock()
        connection.execute(queries[query]).fetchall()
        latency = clock() - started
        profile = json.loads(connection.get_profiling_information(format="json"))
        estimate, actual = worst_cardinality(profile, query)
        rows.append((f"q{query}", f"{started:.6f}", f"{latency * 1000:.3f}", estimate, actual))
        delays.append(started - due)
        busy += latency
        if started >= next_progress:
            next_progress += progress_seconds
            print(f"{started:8.1f} s  {len(rows)} rows  busy {busy / started:.0%}  late {delays[-1]:.3f} s", flush=True)
    if faults.running:
        faults.end(clock)
    if faults.pending:
        raise CaptureError("the run ended before its last fault could begin; give more --seconds")
    return rows, faults.windows, delays, busy


def write_both(out_dir, rows, windows):
    """Write both files under temporary names first, so that a failure leaves the old pair untouched."""
    staged = []
    try:
        for name, header, records in (("trace.csv", TRACE_HEADER, rows), ("windows.csv", WINDOWS_HEADER, windows)):
            handle, temporary = tempfile.mkstemp(prefix=f".{name}.", dir=out_dir)
            staged.append((Path(temporary), out_dir / name))
            with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
                writer = csv.writer(file, lineterminator="\n")
                writer.writerow(header)
                writer.writerows(records)
                file.flush()
                os.fsync(file.fileno())
            os.chmod(temporary, 0o644)
        for temporary, final in staged:
            os.replace(temporary, final)
    finally:
        for temporary, _ in staged:
            temporary.unlink(missing_ok=True)


def capture(options):
    duckdb, extension = import_duckdb()
    options.out_dir.mkdir(parents=True, exist_ok=True)
    scale = options.seconds / REFERENCE_SECONDS
    planned = [] if options.no_faults else [(n, start * scale, end * scale, motifs) for n, start, end, motifs in FAULTS]
    shifted = next(((start, end) for name, start, end, _ in planned if name == "mix_shifted"), None)
    schedule = arrivals(options.seconds, shifted)
    if not schedule:
        raise CaptureError(f"--seconds {options.seconds:g} is too short for one query")
    try:
        with tempfile.TemporaryDirectory(prefix="tpcds-", dir=options.work_dir) as work:
            print(f"generating scale factor {options.scale_factor}", flush=True)
            connection = open_database(duckdb, extension, Path(work) / "tpcds.duckdb", options.scale_factor)
            queries = load_queries(connection)
            # no_output: the profile is read from the connection and not printed.
            connection.execute("PRAGMA enable_profiling = 'no_output'")
            for _ in range(WARMUP_ROUNDS):
                for sql in queries.values():
                    connection.execute(sql).fetchall()
            # A collection in the middle of a query would be measured as its latency.
            gc.collect()
            gc.disable()
            print(f"running {len(schedule)} queries in {options.seconds:g} s", flush=True)
            rows, windows, delays, busy = run(connection, queries, schedule, planned)
            gc.enable()
            connection.close()
    except duckdb.Error as error:
        raise CaptureError(f"DuckDB: {error}") from error
    write_both(options.out_dir, rows, windows)
    delays.sort()
    print(
        f"wrote {len(rows)} rows and {len(windows)} windows; busy {busy / options.seconds:.1%}; "
        f"start delay median {delays[len(delays) // 2]:.3f} s, 99 % {delays[int(len(delays) * 0.99)]:.3f} s, "
        f"max {delays[-1]:.3f} s"
    )


def positive(text):
    value = float(text)
    if not math.isfinite(value) or value <= 0:
        raise argparse.ArgumentTypeError("must be a positive number")
    return value


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--out-dir", type=Path, required=True, help="where trace.csv and windows.csv are written; older ones are replaced"
    )
    parser.add_argument(
        "--seconds",
        type=positive,
        default=REFERENCE_SECONDS,
        help="length of the run (default 1200); fault times scale with it",
    )
    parser.add_argument("--scale-factor", type=positive, default=1.0, help="TPC-DS scale factor (default 1)")
    parser.add_argument(
        "--work-dir", type=Path, default=None, help="where the temporary database is made (default: the system's choice)"
    )
    parser.add_argument("--no-faults", action="store_true", help="plant nothing: a run to judge the noise of the machine by")
    try:
        capture(parser.parse_args())
    except (CaptureError, OSError) as error:
        print(f"capture.py: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
