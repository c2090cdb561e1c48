"""Distances by scanbench compare, held against scipy.

    tests/peers/install-statistics
    target/statistics-venv/bin/python tests/peers/distances.py --binary target/release/scanbench

Two datasets are generated from one scenario with other seeds and rates, and compared. What is independent here: lines are
read and visits are told apart by the few lines below; the largest difference of distribution functions comes from
scipy.stats.ks_2samp, areas from scipy.stats.wasserstein_distance, total variation from scipy.spatial.distance.cityblock.
scanbench keeps numbers above 255 to eight binary digits, so distances of numbers may be off by a little.

Exit code: 0 equal, 1 a difference.
"""

import argparse
import collections
import datetime
import json
import pathlib
import subprocess
import sys
import tempfile

import numpy
from scipy.spatial.distance import cityblock
from scipy.stats import ks_2samp, wasserstein_distance

SCENARIO = """version = 1
name = "peer"
title = "Visitors"
seed = {seed}
start = 2026-11-02T00:00:00Z
duration = "3d"

[[server]]
name = "WEB01"
address = "10.1.0.11"
iis = "10"
time-taken = "{taken}ms"
fields = ["date", "time", "s-ip", "cs-method", "cs-uri-stem", "s-port", "c-ip", "cs(User-Agent)", "sc-status",
  "sc-substatus", "sc-win32-status", "sc-bytes", "time-taken"]

[[server.site]]
id = 1
ports = [443, 80]

[[actor]]
id = "people"
kind = "visitors"
sessions-per-day = {rate}
hours = "{hours}"
think-time = "{think}s"
noise = {noise}
"""


def logs(folder):
    """All lines as dictionaries; the fields never change in these."""
    for path in sorted(pathlib.Path(folder, "logs").rglob("*.log")):
        for line in path.read_text().splitlines():
            if line.startswith("#Fields: "):
                names = line[9:].split(" ")
            elif not line.startswith("#"):
                yield dict(zip(names, line.split(" ")))


def measured(folder):
    found = collections.defaultdict(list)
    counts = collections.defaultdict(collections.Counter)
    last, open_visits, before = {}, {}, None
    for line in logs(folder):
        time = datetime.datetime.fromisoformat(f"{line['date']}T{line['time']}+00:00")
        second, client = int(time.timestamp()), line["c-ip"]
        counts["hours"][time.hour] += 1
        counts["weekdays"][time.weekday()] += 1
        counts["statuses"][line["sc-status"], line["sc-substatus"], line["sc-win32-status"]] += 1
        counts["paths"][line["cs-uri-stem"]] += 1
        found["sizes"].append(int(line["sc-bytes"]))
        found["times"].append(int(line["time-taken"]))
        if before is not None:
            found["silences"].append(second - before)
        before = second
        if client in last and second - last[client] <= 1800:
            found["gaps"].append(second - last[client])
            open_visits[client] += 1
        else:
            if client in last:
                found["sessions"].append(open_visits[client])
            open_visits[client] = 1
        last[client] = second
    found["sessions"].extend(open_visits.values())
    for rank, lines in enumerate(sorted(counts["paths"].values(), reverse=True), 1):
        found["popularity"].extend([rank] * lines)
    return found, counts


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--binary", required=True)
    binary = parser.parse_args().binary
    with tempfile.TemporaryDirectory() as scratch:
        sets = []
        for name, values in {
            "one": dict(seed=1, taken=150, rate=300, hours="public", think=12, noise=0.05),
            "two": dict(seed=2, taken=400, rate=200, hours="office", think=40, noise=0.3),
        }.items():
            scenario = pathlib.Path(scratch, f"{name}.toml")
            scenario.write_text(SCENARIO.format(**values))
            sets.append(str(pathlib.Path(scratch, name)))
            subprocess.run([binary, "generate", scenario, "-o", sets[-1]], check=True, stderr=subprocess.DEVNULL)
        out = pathlib.Path(scratch, "out")
        subprocess.run([binary, "compare", *sets, "-o", out], check=True, capture_output=True)
        ours = {one["property"]: one for one in json.loads((out / "compare.json").read_text())["properties"]}
        (one, one_counts), (two, two_counts) = map(measured, sets)
    compared = 0
    for name in ["sessions", "gaps", "popularity", "sizes", "times", "silences"]:
        steps = [numpy.log2(1 + numpy.array(side[name], dtype=float)) for side in (one, two)]
        for key, peer, room in [
            ("distance", ks_2samp(*steps, method="asymp").statistic, 0.004),
            ("doublings", wasserstein_distance(*steps), 0.012),
        ]:
            if abs(ours[name][key] - peer) > room:
                sys.exit(f"{name} {key}: scanbench {ours[name][key]}, scipy {peer}")
            compared += 1
    for name in ["hours", "weekdays", "statuses"]:
        keys = sorted({*one_counts[name], *two_counts[name]}, key=str)
        shares = [
            numpy.array([side[name][key] for key in keys]) / side[name].total() for side in (one_counts, two_counts)
        ]
        peer = cityblock(*shares) / 2
        if abs(ours[name]["distance"] - peer) > 1e-9:
            sys.exit(f"{name}: scanbench {ours[name]['distance']}, scipy {peer}")
        compared += 1
    print(f"{compared} distances are those of scipy")


main()
