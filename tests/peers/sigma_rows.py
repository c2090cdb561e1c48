"""The exported Sigma rule in rsigma, against the detector: what its other windows change, asserted.

`sigma_rows.py --binary scanbench --rsigma rsigma [--scenario default]...` makes each scenario, runs the very text of
`scanbench rule export --to sigma` over its lines, and holds the alerts against a plain count in this file:

- a correlation's window ends at each event and reaches 600 s back, so rsigma tells exactly the keys (client, computer,
  server) that reach 30 ports in such a window: those that `detect --window sliding` tells too;
- every row of the rule lies in a bin of the clock, which is such a window; so each has an alert within its bin;
- whoever rsigma tells and the rule does not has no bin with 30 ports: the scan lies across the edge of two bins.
"""

import argparse
import bisect
import collections
import datetime
import heapq
import json
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "benches/peers/engines"))
sys.path.insert(0, str(ROOT / "benches/detectors"))

from common import Log  # noqa: E402
from rsigma import entries  # noqa: E402

WIDTH, THRESHOLD = 600, 30
FIELDS = ("c-ip", "s-computername", "s-ip", "s-port")


def seconds(time):
    return int(datetime.datetime.fromisoformat(time.replace("Z", "+00:00")).timestamp())


def told_by_rsigma(options, rule, events):
    command = [options.rsigma, "--output-format", "ndjson", "--quiet", "engine", "eval", "--rules", rule]
    command += ["--no-detections", "--timestamp-field", "timestamp", "--max-state-entries", "100000000"]
    command += ["--correlation-event-mode", "refs", "--max-correlation-events", "1"]
    with open(events, "rb") as stream:
        done = subprocess.run(command, stdin=stream, stdout=subprocess.PIPE, check=True)
    told = collections.defaultdict(list)
    for line in done.stdout.splitlines():
        alert = json.loads(line)
        if "correlation_type" in alert:
            group = dict(alert["group_key"])
            key = tuple(group[name] for name in FIELDS[:3])
            told[key].append(int(alert["event_refs"][-1]["timestamp"]))
    return told


def told_by_us(options, dataset, *window):
    command = [options.binary, "detect", dataset, "--format", "ndjson", *window]
    rows = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True).stdout
    told = collections.defaultdict(list)
    for row in map(json.loads, rows.splitlines()):
        told[row["cIP"], row["Computer"], row["sIP"]].append(seconds(row["TimeGenerated"]))
    return told


def reaches(lines, width):
    """Whether some window of `width` seconds that ends at a line has enough ports. Lines are (time, port), in order."""
    times = [time for time, _ in lines]
    return any(
        len({port for _, port in lines[bisect.bisect_left(times, time - width):at + 1]}) >= THRESHOLD
        for at, time in enumerate(times)
    )


def compare(options, scenario, work):
    dataset = work / scenario
    subprocess.run([options.binary, "generate", scenario, "-o", dataset], check=True, stderr=subprocess.DEVNULL)
    rule = work / "rule.yml"
    with open(rule, "wb") as out:
        subprocess.run([options.binary, "rule", "export", "--to", "sigma"], check=True, stdout=out)
    logs = [Log(str(path)) for path in sorted(dataset.glob("logs/**/*.log"))]
    lines, count = collections.defaultdict(list), 0
    with open(work / "events.ndjson", "w", encoding="utf-8") as events:
        for time, *values in heapq.merge(*map(entries, logs)):
            events.write(json.dumps({"timestamp": time, **dict(zip(FIELDS, values))}) + "\n")
            lines[tuple(values[:3])].append((seconds(time), values[3]))
            count += 1
    rsigma = told_by_rsigma(options, rule, work / "events.ndjson")
    rows, sliding = told_by_us(options, dataset), told_by_us(options, dataset, "--window", "sliding")

    faults = []
    # A window of 600 s has both its ends or one of them; where this makes a difference, no engine is wrong.
    surely = {key for key, of in lines.items() if reaches(of, WIDTH - 1)}
    perhaps = {key for key, of in lines.items() if reaches(of, WIDTH)}
    for name, told in (("rsigma", rsigma), ("detect --window sliding", sliding)):
        faults += [f"{name} does not tell {key}" for key in surely - set(told)]
        faults += [f"{name} tells {key}" for key in set(told) - perhaps]
    for key, bins in rows.items():
        for begin in bins:
            if not any(begin <= time < begin + WIDTH for time in rsigma.get(key, [])):
                faults.append(f"rsigma tells nothing of {key} in the bin of {begin}")
    for key in set(rsigma) - set(rows):
        ports = collections.defaultdict(set)
        for time, port in lines[key]:
            ports[time // WIDTH].add(port)
        if max(map(len, ports.values())) >= THRESHOLD:
            faults.append(f"{key} reaches the threshold in a bin, and the rule has no row")
    print(
        f"{scenario}: {count} lines; the rule tells {len(rows)} keys in {sum(map(len, rows.values()))} rows, rsigma "
        f"{len(rsigma)} keys, of which {len(set(rsigma) - set(rows))} scan across the edge of a bin"
    )
    return faults, len(rows), len(set(rsigma) - set(rows))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--binary", type=pathlib.Path, required=True)
    parser.add_argument("--rsigma", type=pathlib.Path, required=True)
    parser.add_argument("--scenario", action="append")
    options = parser.parse_args()
    options.binary, options.rsigma = options.binary.resolve(), options.rsigma.resolve()
    found, edges, faults = 0, 0, []
    with tempfile.TemporaryDirectory() as work:
        for scenario in options.scenario or ["default", "bin-edge"]:
            new, rows, across = compare(options, scenario, pathlib.Path(work))
            faults += new
            found += rows
            edges += across
    for fault in faults:
        print(f"FAULT: {fault}")
    if not found or not edges:
        print("FAULT: nothing was compared: a scan within a bin and one across an edge are needed")
    sys.exit(bool(faults) or not found or not edges)


if __name__ == "__main__":
    main()
