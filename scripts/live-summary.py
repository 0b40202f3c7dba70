#!/usr/bin/env python3
"""Tells what live experiments have met: a table in Markdown, from the score.csv of each. Usage: live-summary.py OUT"""

import collections
import csv
import math
import pathlib
import statistics
import sys

COLUMNS = {
    "start_delay_s": "Starts after",
    "detection_delay_s": "Detection delay",
    "recovered_s": "Quiet again after",
    "end_late_s": "Ends late by",
}
MEASURED = ["dropped-primary-key", "table-lock", "row-locks", "cache-flood", "stale-statistics", "workload-shift"]


def number(cell):
    return float(cell) if cell else None


def main(folder):
    runs = collections.defaultdict(list)
    for path in sorted(pathlib.Path(folder).glob("*/*/score.csv")):
        with open(path, newline="") as file:
            runs[path.parent.name].append((path.parent.parent.name, list(csv.DictReader(file))))
    order = sorted(runs, key=lambda fault: (fault == "null", fault not in MEASURED, fault))
    print("| experiment | runs (versions) | found | starts after, s | detection delay, s | quiet again after, s | ends late by, s | false episodes |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    totals = collections.defaultdict(list)
    found_of, false_of = {}, {}
    for fault in order:
        versions = collections.Counter(rows[0]["server"].split(".")[0] for _, rows in runs[fault])
        numbers = collections.defaultdict(list)
        found, false = 0, 0
        for _, rows in runs[fault]:
            required = [row for row in rows if row["kind"] == "required"]
            found += bool(required) and all(row["start_delay_s"] for row in required)
            false += sum(row["kind"] == "false" for row in rows)
            for key in COLUMNS:
                numbers[key] += [number(row[key]) for row in required if row[key]]
            for key in ("server_ms", "cpu_ms"):
                totals[key].append(number(rows[0][key]) or 0.0)
        found_of[fault], false_of[fault] = found, false
        for key in COLUMNS:
            totals[key] += numbers[key]
        span = lambda values: f"{min(values):.1f} to {max(values):.1f}" if values else ""
        which = ", ".join(f"{count} on {version}" for version, count in sorted(versions.items()))
        share = "" if fault == "null" else f"{found} of {len(runs[fault])}"
        cells = [fault, f"{len(runs[fault])} ({which})", share, *(span(numbers[key]) for key in COLUMNS), str(false)]
        print(f"| {' | '.join(cells)} |")
    print()
    faults = [fault for fault in order if fault != "null"]
    for name, kinds in [("The six measured kinds", [fault for fault in faults if fault in MEASURED]), ("All kinds", faults)]:
        print(f"{name}: found in {sum(found_of[kind] for kind in kinds)} of {sum(len(runs[kind]) for kind in kinds)} runs.")
    print(f"False episodes: {sum(false_of[fault] for fault in faults)} in {sum(len(runs[fault]) for fault in faults)} runs with a fault, "
          f"{false_of.get('null', 0)} in {len(runs['null'])} without.")
    for key, name in COLUMNS.items():
        if values := sorted(totals[key]):
            high = values[math.ceil(0.9 * len(values)) - 1]
            print(f"{name}: median {statistics.median(values):.1f} s, 90 % {high:.1f} s, worst {values[-1]:.1f} s.")
    if totals["server_ms"]:
        print(f"Median of what a poll cost: {statistics.median(totals['server_ms']):.2f} ms of the server, "
              f"{statistics.median(totals['cpu_ms']):.2f} ms of CPU time.")


main(sys.argv[1])
