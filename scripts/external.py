"""Puts a public data set that was fetched into the form of an experiment: series.csv and windows.csv beside its files.

Usage: python3 scripts/external.py nab|microsoft|dbpa

Only the form changes: no value, no time and no label. docs/external.md says what the sets are.
"""

import csv
import datetime
import json
import pathlib
import statistics
import sys

# Labels are of series and not of a kind of fault; without a class `generic` makes residuals of this one.
MOTIF = "plan_regression_onset"
EPOCH = datetime.datetime(1970, 1, 1)


def seconds(text):
    """Seconds since 1970, of a date without an offset or in UTC."""
    return (datetime.datetime.fromisoformat(text.strip().rstrip("Z")) - EPOCH).total_seconds()


def write(path, header, rows):
    with open(path, "w", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(header)
        table.writerows(rows)


def records(path):
    """The rows of a table, whatever the case of its header is."""
    with open(path, newline="", encoding="utf-8-sig") as file:
        for row in csv.DictReader(file):
            yield {key.lower(): cell for key, cell in row.items()}


def nab(folder):
    """58 series, and the windows of the benchmark, whose ends are the times of their last records."""
    labels = json.loads((folder / "labels/combined_windows.json").read_text())
    series, windows = [], []
    for name in sorted(labels):
        series += [(seconds(row["timestamp"]), row["value"], name) for row in records(folder / "data" / name)]
        windows += [(MOTIF, name, seconds(start), seconds(end)) for start, end in labels[name]]
    return series, windows


def microsoft(folder):
    """60 series with a label a record. Labelled records that follow one another are a window, up to an interval behind the last."""
    series, windows = [], []
    for path in sorted(folder.glob("data/*/*.csv")):
        rows = [(seconds(row["timestamp"]), row["value"], row["label"] == "1") for row in records(path)]
        series += [(t, value, path.name) for t, value, _ in rows]
        interval = statistics.median_high(after[0] - before[0] for before, after in zip(rows, rows[1:]))
        first = last = None
        for t, _, is_anomaly in [*rows, (None, None, False)]:
            if is_anomaly:
                first, last = (t if first is None else first), t
            elif first is not None:
                windows.append((MOTIF, path.name, first, last + interval))
                first = None
    return series, windows


SETS = {"nab": nab, "microsoft": microsoft}


def main():
    name = sys.argv[1] if len(sys.argv) == 2 else ""
    if name == "dbpa":
        # It is in the form already.
        return
    if name not in SETS:
        sys.exit(__doc__.strip())
    folder = pathlib.Path("data/cache/external") / name
    series, windows = SETS[name](folder)
    write(folder / "windows.csv", ["motif", "channel", "t_start", "t_end"], windows)
    write(folder / "series.csv", ["t", "value", "channel"], series)


main()
