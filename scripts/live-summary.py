#!/usr/bin/env python3
"""Tells what live experiments have met: a table in Markdown, from the score.csv of each. Usage: live-summary.py OUT"""

import collections
import csv
import pathlib
import statistics
import sys

MEASURED = ["dropped-primary-key", "table-lock", "row-locks", "cache-flood", "stale-statistics", "workload-shift"]


def number(cell):
    return float(cell) if cell else None


def main(folder):
    runs = collections.defaultdict(list)
    for path in sorted(pathlib.Path(folder).glob("*/*/score.csv")):
        with open(path, newline="") as file:
            runs[path.parent.name].append((path.parent.parent.name, list(csv.DictReader(file))))
    order = sorted(runs, key=lambda fault: (fault == "null", fault not in MEASURED, fault))
    print("| experiment | runs (versions) | found | delay, s | quiet again after, s | episode ends late by, s | false episodes |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    delays, late, false_total, fault_runs, found_total, measured_runs = [], [], 0, 0, 0, 0
    recovered_all, null_false = [], 0
    costs = collections.defaultdict(list)
    for fault in order:
        found, of, row_delays, row_recovered, row_late, false = 0, 0, [], [], [], 0
        versions = collections.Counter()
        for _, rows in runs[fault]:
            versions[rows[0]["server"].split(".")[0]] += 1
            required = [row for row in rows if row["kind"] == "required"]
            of += 1
            found += all(row["delay_s"] for row in required) if required else 0
            row_delays += [number(row["delay_s"]) for row in required if row["delay_s"]]
            row_recovered += [number(row["recovered_s"]) for row in required if row["recovered_s"]]
            row_late += [number(row["end_late_s"]) for row in required if row["end_late_s"]]
            false += sum(row["kind"] == "false" for row in rows)
            for key in ("server_ms", "cpu_ms"):
                costs[key].append(number(rows[0][key]) or 0.0)
        if fault == "null":
            null_false += false
        else:
            fault_runs += of
            false_total += false
            late += row_late
        if fault in MEASURED:
            measured_runs += of
            found_total += found
            delays += row_delays
            recovered_all += row_recovered
        span = lambda values: f"{min(values):.1f} to {max(values):.1f}" if values else ""
        which = ", ".join(f"{count} on {version}" for version, count in sorted(versions.items()))
        told = "" if fault == "null" else f"{found} of {of}"
        print(f"| {fault} | {of} ({which}) | {told} | {span(row_delays)} | {span(row_recovered)} | {span(row_late)} | {false} |")
    print()
    if measured_runs:
        print(f"The six measured kinds: found in {found_total} of {measured_runs} runs; delay median {statistics.median(delays):.2f} s, "
              f"worst {max(delays):.2f} s; quiet again after {max(recovered_all):.2f} s at most.")
    if fault_runs:
        print(f"False episodes: {false_total} in {fault_runs} runs with a fault, {null_false} in {len(runs['null'])} without. "
              f"Ends late: median {statistics.median(late):.1f} s, worst {max(late):.1f} s.")
    if costs["server_ms"]:
        print(f"Median of what a poll cost the server: {statistics.median(costs['server_ms']):.2f} ms.")


main(sys.argv[1])
