#!/usr/bin/env python3
"""Holds the detectors against implementations that are not ours, on the same series.

  pelt             ruptures 1.1 (cost l2, each index a possible cut, the same penalty): never dearer, mostly equal
  adwin            river 0.26, whose window is kept in buckets: every level shift that it finds, nothing else, and silence on constants
  bocpd-reference  the recursion of Adams and MacKay written with numpy, cut at 200 run lengths: the same times
  bocpd            the recursion in logarithms, with no run length let go, on the same unit scale: the same times

Usage: check-detectors.py TELLTAPE; `make check-detectors` installs the packages and runs it.
"""
import csv
import json
import math
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
import ruptures
from river.drift import ADWIN
from scipy.special import logsumexp
from scipy.stats import t as student_t

TELLTAPE = pathlib.Path(sys.argv[1]).resolve()
SEGMENT = 5
failures = []


def telltape(*arguments):
    subprocess.run([TELLTAPE, *arguments, "--quiet"], check=True, stdout=subprocess.DEVNULL)


def series_of(tape):
    """(class, channel) -> times and values, in order of time."""
    series = {}
    for line in tape.read_text().splitlines():
        sample = json.loads(line)
        series.setdefault((sample["class"], sample["channel"]), []).append((sample["t"], sample["value"]))
    return {key: np.array(points).T for key, points in series.items()}


CLASS = {
    "plan_regression_onset": "PlanRegression",
    "cardinality_mismatch_regime": "Cardinality",
    "contention_ramp": "Contention",
    "cache_collapse": "CacheIo",
    "workload_phase_transition": "WorkloadPhase",
}


def starts_of(folder, tape, detector):
    """(class, channel) -> the times at which our detector says that something changed."""
    telltape("detect", "--detector", detector, tape, "--out", folder / detector)
    starts = {}
    with open(folder / detector / tape.stem / "episodes.csv", newline="") as file:
        for row in csv.DictReader(file):
            starts.setdefault((CLASS[row["motif"]], row["channel"]), []).append(float(row["t_start"]))
    return starts


def level_shifts(path, seed):
    """A tape of level shifts in noise, a constant that is not 0, and noise without a shift."""
    random = np.random.default_rng(seed)
    shifts = np.repeat(random.uniform(-1, 1, 6), 120) + random.normal(0, 0.05, 720)
    channels = {"shifts": shifts, "constant": np.full(720, 0.3), "noise": random.normal(0, 0.05, 720)}
    rows = [(t, channel, value) for channel, values in channels.items() for t, value in enumerate(values)]
    with open(path.with_suffix(".csv"), "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["t", "channel", "v"])
        writer.writerows(rows)
    telltape("convert", "--dataset", "generic", path.with_suffix(".csv"), "--tape", path, "--time-col", "t",
             "--value-col", "v", "--channel-col", "channel", "--pre-residualized")


def check(name, right, told):
    print(f"{'ok  ' if right else 'FAIL'} {name}: {told}")
    if not right:
        failures.append(name)


def pelt(series, starts):
    same = compared = 0
    worst = 0.0
    for key, (times, values) in series.items():
        # Where two samples have one time, an episode's start does not tell the index.
        if len(values) < 2 * SEGMENT or np.ptp(values) == 0 or len(np.unique(times)) < len(times):
            continue
        centred = values - np.median(values)
        deviation = np.median(np.abs(np.diff(centred))) / (0.6744897501960817 * math.sqrt(2))
        variance = deviation**2 if deviation > 0 else np.var(centred)
        penalty = max(3 * math.log(len(centred)) * variance, len(centred) * np.finfo(float).eps * np.sum(centred**2))
        cost = ruptures.costs.CostL2().fit(centred.reshape(-1, 1))

        def price(cuts):
            ends = [0, *cuts, len(centred)]
            return sum(cost.error(a, b) for a, b in zip(ends, ends[1:])) + penalty * len(cuts)

        theirs = ruptures.Pelt(model="l2", min_size=SEGMENT, jump=1).fit(centred).predict(pen=penalty)[:-1]
        ours = [int(np.searchsorted(times, start)) for start in starts.get(key, [])]
        compared += 1
        same += ours == theirs
        worst = max(worst, price(ours) - price(theirs) - 1e-9 * abs(price(theirs)))
    return compared, same, worst


def bocpd_reference(values):
    """Indices at which the most likely run length falls by two or more, with 200 run lengths kept."""
    hazard, kept, changes, before = 1 / 100, 200, [], 0
    p, mu, kappa, alpha, beta = np.ones(1), np.zeros(1), np.ones(1), np.ones(1), np.ones(1)
    gammas = lambda v: np.array([math.lgamma((x + 1) / 2) - math.lgamma(x / 2) for x in v])
    for index, x in enumerate(values):
        degrees, scale = 2 * alpha, np.sqrt(beta * (kappa + 1) / (alpha * kappa))
        z = (x - mu) / scale
        joint = p * np.exp(gammas(degrees) - 0.5 * np.log(degrees * np.pi) - (degrees + 1) / 2 * np.log1p(z * z / degrees)) / scale
        p = np.concatenate([[joint.sum() * hazard], joint * (1 - hazard)])
        p /= p.sum()
        distance = x - mu
        beta = np.concatenate([[1], beta + kappa * distance**2 / (2 * (kappa + 1))])
        mu = np.concatenate([[0], (kappa * mu + x) / (kappa + 1)])
        kappa, alpha = np.concatenate([[1], kappa + 1]), np.concatenate([[1], alpha + 0.5])
        now = len(p) - 1 - int(np.argmax(p[::-1]))
        if index > 0 and before >= 2 and now + 2 <= before:
            changes.append(index)
        before = now
        p, mu, kappa, alpha, beta = (a[:kept] for a in (p, mu, kappa, alpha, beta))
        p = p / p.sum()
    return changes


def bocpd(values):
    """Indices of the values with which a run is believed to begin that makes the most likely one less than half as long."""
    if len(values) < 20:
        return []
    centre = np.median(values[:20])
    scale = np.median(np.abs(values[:20] - centre)) / 0.6744897501960817
    least = max(abs(centre) * 0.01, 0.01)
    scale = scale if scale > least * 1e-6 else least
    hazard, changes, before = 1 / 100, set(), 0
    ln_p, mu, kappa, alpha, beta = np.zeros(1), np.zeros(1), np.ones(1), np.ones(1), np.ones(1)
    for index, x in enumerate((values - centre) / scale):
        predicted = student_t.logpdf(x, 2 * alpha, mu, np.sqrt(beta * (kappa + 1) / (alpha * kappa)))
        joint = ln_p + predicted
        ln_p = np.concatenate([[math.log(hazard)], joint - logsumexp(joint) + math.log1p(-hazard)])
        beta = np.concatenate([[1], beta + kappa * (x - mu) ** 2 / (2 * (kappa + 1))])
        mu = np.concatenate([[0], (kappa * mu + x) / (kappa + 1)])
        kappa, alpha = np.concatenate([[1], kappa + 1]), np.concatenate([[1], alpha + 0.5])
        # The run of no value begins behind x; of equals the longest.
        now = len(ln_p) - 1 - int(np.argmax(ln_p[:0:-1]))
        if 2 * now < before and before - now >= 5:
            changes.add(index + 1 - now)
        before = now
    return sorted(changes)


with tempfile.TemporaryDirectory() as name:
    folder = pathlib.Path(name)
    totals = np.zeros(2, int)
    worst = 0.0
    for seed in (1, 2, 3):
        perturbed, shifts = folder / f"perturbed-{seed}.jsonl", folder / f"shifts-{seed}.jsonl"
        telltape("generate", "perturbed", "--seed", str(seed), "--tape", perturbed)
        level_shifts(shifts, seed)
        for tape in (perturbed, shifts):
            series = series_of(tape)
            compared, same, dearer = pelt(series, starts_of(folder, tape, "pelt"))
            totals += (compared, same)
            worst = max(worst, dearer)
            for detector, definition in (("bocpd-reference", bocpd_reference), ("bocpd", bocpd)):
                found = starts_of(folder, tape, detector)
                expected = {key: [float(times[i]) for i in definition(values)] for key, (times, values) in series.items()}
                differing = [key for key in series if expected[key] != found.get(key, [])]
                check(f"{detector}, {tape.stem}", not differing and any(expected.values()),
                      f"{len(series)} channels with {sum(map(len, expected.values()))} changes, {len(differing)} differ")

        found = starts_of(folder, shifts, "adwin")
        detector, theirs = ADWIN(delta=0.002, clock=1), []
        for t, value in enumerate(series_of(shifts)[("PlanRegression", "shifts")][1]):
            detector.update(float(value))
            theirs += [t] if detector.drift_detected else []
        places = [120, 240, 360, 480, 600]
        ours = found.get(("PlanRegression", "shifts"), [])
        near = [any(abs(start - place) <= 2 for start in ours) for place in places]
        soon = [any(0 <= t - place < 60 for t in theirs) for place in places]
        check(f"adwin, shifts-{seed}", all(a or not b for a, b in zip(near, soon)) and len(ours) == sum(near),
              f"of 5 shifts ours finds {sum(near)} in {len(ours)} cuts, river {sum(soon)}")
        quiet = ("PlanRegression", "constant") not in found and ("PlanRegression", "noise") not in found
        check(f"adwin, constant and noise {seed}", quiet, "silent" if quiet else "fires")
    check("pelt", worst <= 0 and totals[1] >= 0.9 * totals[0],
          f"{totals[0]} channels, {totals[1]} with the same cuts as ruptures, at most {worst:.3g} dearer")
sys.exit(1 if failures else 0)
