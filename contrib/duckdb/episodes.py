"""Prints the episodes of `excursion` in the samples of a tape, as SQL finds them. Usage: episodes.py SAMPLES.parquet"""

import csv
import pathlib
import sys

import duckdb

connection = duckdb.connect()
connection.read_parquet(sys.argv[1]).create_view("samples")
episodes = connection.sql((pathlib.Path(__file__).parent / "excursion.sql").read_text())
table = csv.writer(sys.stdout, lineterminator="\n")
table.writerow(episodes.columns)
table.writerows(episodes.fetchall())
