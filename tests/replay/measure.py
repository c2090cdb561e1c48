"""Replays a set into live files while a follower reads them, and holds its rows, lines and delays against the set.

One server with one site, so that the n-th line of its logs is the n-th that is replayed: it is due n / rate seconds
after the first. Which line makes a row is counted here, by the plainest means: the first with which a client has thirty
ports of the server in a bin.
"""

import itertools
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time

SCENARIO = """
version = 1
name = "replay"
title = "One site with 60 ports, a scan every few minutes"
seed = 7
start = 2026-11-02T00:00:00Z
duration = "{hours}h"
[[server]]
name = "HOST01"
address = "10.1.0.20"
iis = "10"
rollover = "hourly"
[[server.site]]
id = 1
ports = [80, "8001-8059"]
[[actor]]
id = "people"
kind = "visitors"
sessions-per-day = 2000
hours = "flat"
"""
SCAN = """
[[actor]]
id = "scan-{number}"
kind = "scan"
client = "random"
ports = "bound"
order = "random"
start = "{minute}m"
rate = {rate}
"""
THRESHOLD = 30
# Rows that are there after so many seconds are too late, 99 of 100 counted.
WITHIN = 1.0


def fail(message):
    sys.exit(f"tests/replay: {message}")


def lines_of(scanbench, scenario, scale):
    told = subprocess.run(
        [scanbench, "generate", scenario, "--scale", str(scale), "--discard"],
        check=True, capture_output=True, text=True,
    ).stderr
    return int(re.search(r"threw away ([\d,]+) lines", told).group(1).replace(",", ""))


def entries(folder):
    """The lines of all logs, by the order of the logs' names."""
    for path in sorted(folder.rglob("*.log")):
        with path.open("rb") as log:
            for line in log:
                if not line.startswith(b"#"):
                    yield line


def makers(folder):
    """For each row, the number of the line that makes it."""
    seen, made, current = {}, {}, None
    for number, line in enumerate(entries(folder)):
        value = line.split(b" ", 9)
        if current != line[:15]:
            # Lines come in the order of their times, so a bin that has passed is over.
            current, seen = line[:15], {}
        # date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip: the fields of IIS 10.
        key = (value[0], value[1][:4], value[8], value[2])
        ports = seen.setdefault(key, set())
        ports.add(value[6])
        if len(ports) == THRESHOLD:
            name = f"{key[0].decode()}T{key[1].decode()}0:00Z", key[2].decode()
            made.setdefault(name, number)
    return made


def key(row):
    names = ["TimeGenerated", "cIP", "Computer", "sIP", "portCount", "ConnectionsCount"]
    return json.dumps([row[name] for name in names] + [sorted(row["set_sPort"])])


def main():
    scanbench, seconds, rate = os.path.abspath(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    logs = max(5, seconds // 60)
    with tempfile.TemporaryDirectory() as scratch:
        run(scanbench, pathlib.Path(scratch), seconds, rate, logs)


def run(scanbench, scratch, seconds, rate, hours):
    scenario = scratch / "replay.toml"
    text = SCENARIO.format(hours=hours)
    # Some of a few ports a minute, some of all at once: 12 in an hour of the logs.
    for number in range(12 * hours):
        text += SCAN.format(number=number, minute=5 * number + 1, rate=[15, 60, 600][number % 3])
    scenario.write_text(text)
    wanted = seconds * rate
    scale = wanted / lines_of(scanbench, scenario, 1)
    scale *= wanted / lines_of(scanbench, scenario, round(scale, 3))
    dataset, live = scratch / "set", scratch / "live"
    subprocess.run(
        [scanbench, "generate", scenario, "--scale", str(round(scale, 3)), "-o", dataset],
        check=True, capture_output=True,
    )
    live.mkdir()
    rows, arrived = [], []
    follower = subprocess.Popen(
        [scanbench, "follow", live, "--from-start"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )

    def read():
        for line in follower.stdout:
            arrived.append(time.monotonic())
            rows.append(json.loads(line))

    reader = threading.Thread(target=read)
    reader.start()
    begun = time.monotonic()
    replayer = subprocess.Popen(
        [scanbench, "replay", dataset / "logs", "--to", live, "--rate", str(rate)],
        stderr=subprocess.PIPE, text=True,
    )
    # The first line is due when the first log is there.
    while replayer.poll() is None and not any(live.rglob("*.log")):
        begun = time.monotonic()
        time.sleep(0.0005)
    told = replayer.communicate()[1]
    if replayer.returncode != 0:
        fail(told)
    # The follower closes what is open when it is interrupted, once it has read all.
    time.sleep(2)
    follower.send_signal(signal.SIGINT)
    summary = follower.stderr.read()
    follower.wait()
    reader.join()

    lines = 0
    for one, other in itertools.zip_longest(entries(dataset / "logs"), entries(live)):
        lines += 1
        if one != other:
            fail(f"line {lines} is {other!r} and not {one!r}")
    read_lines = int(re.search(r": ([\d,]+) lines,", summary).group(1).replace(",", ""))
    if read_lines != lines:
        fail(f"the follower read {read_lines} lines of {lines}: {summary}")
    out = subprocess.run(
        [scanbench, "detect", dataset / "logs", "--format", "ndjson"],
        check=True, capture_output=True, text=True,
    ).stdout
    batch = sorted(key(json.loads(line)) for line in out.splitlines())
    closed = sorted(key(row) for row in rows if row["state"] == "closed")
    if batch != closed:
        fail(f"{len(closed)} rows followed, {len(batch)} of all at once, or not the same")
    due = makers(dataset / "logs")
    delays = sorted(
        when - begun - due[row["TimeGenerated"], row["cIP"]] / rate
        for row, when in zip(rows, arrived)
        if row["state"] == "open"
    )
    if len(delays) != len(batch):
        fail(f"{len(delays)} rows were told at once, of {len(batch)}")
    p99 = delays[min(len(delays) - 1, int(len(delays) * 0.99))]
    print(told.strip().splitlines()[-1])
    print(f"{lines} lines in {len(list(live.rglob('*.log')))} logs, each arrived once; {len(batch)} rows, as of all at once")
    print(f"from the line that makes a row to the row: median {delays[len(delays) // 2]:.3f} s, p99 {p99:.3f} s, most {delays[-1]:.3f} s")
    if p99 > WITHIN:
        fail(f"99 of 100 rows took {p99:.3f} s, more than {WITHIN} s")


main()
