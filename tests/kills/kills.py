"""Kills commands at moments spread over the time that they take, and looks at what they left.

The moments are drawn with a fixed seed, each in its own part of the span, so that all of it is covered; what is still
running then is killed for certain, and how many were is told.
"""

import collections
import json
import os
import pathlib
import random
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time

SCENARIO = """
version = 1
name = "killed"
title = "Logs of an hour, so that some are finished early, on two servers, with a scan every ten minutes"
seed = 12
start = 2026-11-02T20:00:00Z
duration = "9h"
[[server]]
name = "ONE"
address = "10.1.0.1"
iis = "10"
rollover = "hourly"
[[server.site]]
id = 1
ports = ["8001-8040"]
[[server]]
name = "TWO"
address = "10.1.0.2"
iis = "8.5"
rollover = "hourly"
[[server.site]]
id = 1
ports = [80, 443]
[[actor]]
id = "people"
kind = "visitors"
sessions-per-day = 4000
hours = "flat"
"""
SCAN = """
[[actor]]
id = "scan-{number}"
kind = "scan"
servers = ["ONE"]
client = "random"
ports = "bound"
start = "{minute}m"
rate = 60
"""
# Undisturbed runs of which the median is the span.
TIMED = 5


def fail(message):
    sys.exit(f"tests/kills: {message}")


def files(folder):
    """All files below a folder, hidden ones too."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


class Kills:
    """A folder with inputs, and draws."""

    def __init__(self, scanbench, scratch, kills):
        self.scanbench, self.scratch, self.kills = scanbench, scratch, kills
        self.random = random.Random(kills)
        self.scenario = scratch / "killed.toml"
        self.scenario.write_text(SCENARIO + "".join(SCAN.format(number=n, minute=10 * n + 4) for n in range(50)))
        self.set = scratch / "set"
        self.whole("generate", self.scenario, "-o", self.set)
        self.place = scratch / "place"

    def start(self, *words, **more):
        more = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, **more}
        return subprocess.Popen([self.scanbench, *map(str, words)], **more)

    def whole(self, *words):
        """Runs to the end; what it said to people."""
        done = subprocess.run([self.scanbench, *map(str, words)], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            fail(f"{words}: {done.stderr}")
        return done.stderr

    def fresh(self):
        shutil.rmtree(self.place, ignore_errors=True)
        self.place.mkdir()

    def moments(self, *words):
        """One moment for each kill."""
        spans = []
        for _ in range(TIMED):
            self.fresh()
            begun = time.monotonic()
            self.whole(*words)
            spans.append(time.monotonic() - begun)
        span = statistics.median(spans)
        moments = [span * (number + self.random.random()) / self.kills for number in range(self.kills)]
        self.random.shuffle(moments)
        return moments

    def kill(self, moment, *words, by=signal.SIGKILL, **more):
        """Whether it was still running; and what it said, where that was asked for."""
        child = self.start(*words, **more)
        time.sleep(moment)
        child.send_signal(by)
        told = child.communicate()[1]
        if child.returncode not in (0, -by):
            fail(f"{words}: ended with {child.returncode}")
        return child.returncode != 0, told

    def left(self, *allowed):
        """Nothing but this stands beside the output."""
        found = {path.name for path in self.place.iterdir()} - set(allowed)
        if found:
            fail(f"this was left: {sorted(found)}")

    def folder(self, *words):
        """A command that makes a folder, and makes it anew, or goes on, after a kill."""
        words = [*words, "-o", self.place / "out"]
        moments = self.moments(*words)
        expected = files(self.place / "out")
        killed = 0
        for moment in moments:
            self.fresh()
            # Twice into the same folder: what a first dead run left must not disturb a second one.
            for part in (moment, moment * self.random.random()):
                was_killed, _ = self.kill(part, *words)
                killed += was_killed
                if not was_killed:
                    break
                if (self.place / "out").exists() and files(self.place / "out") != expected:
                    fail(f"{words[0]}: a folder that is not whole, killed after {part:.4f} s")
                if (self.place / "out").exists():
                    break
            if not (self.place / "out").exists():
                self.whole(*words)
            if files(self.place / "out") != expected:
                fail(f"{words[0]}: other bytes, killed after {moment:.4f} s")
            self.left("out")
        return f"{killed} were killed, {len(expected)} files each time as undisturbed"

    def generate(self):
        return self.folder("generate", self.scenario, "--resume", "--httperr", "--threads", "2")

    def inject(self):
        return self.folder("inject", self.set / "logs", "--scenario", self.scenario, "--seed", "3")

    def evaluate(self):
        out = self.place / "out"
        words = ["evaluate", self.set, "-o", out, "--plots", out]
        moments = self.moments(*words)
        expected = files(out)
        killed = stayed = 0
        for moment in moments:
            self.fresh()
            killed += self.kill(moment, *words)[0]
            found = files(out) if out.exists() else {}
            hidden = {name for name in found if name.startswith(".")}
            stayed += len(hidden)
            for name in found.keys() - hidden:
                if found[name] != expected.get(name):
                    fail(f"evaluate: {name} is not whole, killed after {moment:.4f} s")
            self.whole(*words)
            if files(out) != expected:
                fail(f"evaluate: other files or bytes, killed after {moment:.4f} s: {sorted(files(out))}")
        return (
            f"{killed} were killed, {len(expected)} files each time whole or absent; {stayed} hidden files stayed, "
            "and were gone after the next run"
        )

    def replay(self):
        """Killed, each log is a beginning of it; interrupted, it goes on to the same bytes."""
        out = self.place / "out"
        # Fast enough for many kills, slow enough to be caught in the midst of it.
        words = ["replay", self.set, "--to", out, "--rate", "200000"]
        moments = self.moments(*words)
        expected = files(out)
        killed = stopped = cut = 0
        for moment in moments:
            self.fresh()
            killed += self.kill(moment, *words)[0]
            for name, text in (files(out) if out.exists() else {}).items():
                if not expected[name].startswith(text):
                    fail(f"replay: {name} is no beginning of it, killed after {moment:.4f} s")
                cut += text[-1:] not in (b"", b"\n")
            self.fresh()
            _, told = self.kill(moment, *words, by=signal.SIGINT, stderr=subprocess.PIPE)
            following = re.search(rb"go on with --from (\d+)", told)
            if following:
                stopped += 1
                self.whole(*words, "--from", following.group(1).decode())
            elif not out.exists():
                # Before Ctrl-C could be heard.
                self.whole(*words)
            if files(out) != expected:
                fail(f"replay: other bytes, interrupted after {moment:.4f} s")
        return (
            f"{killed} were killed, {cut} logs ended within a line; {stopped} were interrupted and went on with --from, "
            f"{len(expected)} files each time as undisturbed"
        )

    def follow(self):
        """While somebody writes, followed, killed and followed again: rows as of all lines at once."""
        self.fresh()
        live, state = self.place / "live", self.place / "state.json"
        live.mkdir()
        follow = ["detect", "--follow", live, "--checkpoint", state]
        # What is there at the first start is not followed, so that one sees an empty folder.
        first = self.start(*follow)
        while not state.exists():
            time.sleep(0.01)
        first.kill()
        first.wait()
        pauses = [self.random.uniform(0.005, 0.4) for _ in range(self.kills)]
        is_over = threading.Event()
        writer = threading.Thread(target=self.write, args=(live, sum(pauses) + 0.02 * len(pauses), is_over))
        writer.start()
        outs, killed = [], 0
        try:
            for number, pause in enumerate(pauses):
                outs.append(self.scratch / f"rows{number}")
                with outs[-1].open("wb") as out:
                    killed += self.kill(pause, *follow, stdout=out)[0]
        finally:
            is_over.set()
            writer.join()
        outs.append(self.scratch / "rows-last")
        with outs[-1].open("wb") as out:
            last = self.start(
                "follow", live, "--checkpoint", state, "--until-idle", "1s", "--poll", "20ms", stdout=out,
            )
            if last.wait() != 0:
                fail("follow: the last run failed")
        self.left("live", "state.json", "state.json.lock")
        expected = {key(row): row for row in self.batch(live)}
        if not expected:
            fail("follow: no rows to find")
        told, repeated = collections.OrderedDict(), 0
        for out in outs:
            is_new = False
            # The last line of a killed run may be cut: that row was not told.
            for line in out.read_text().split("\n")[:-1]:
                row = json.loads(line)
                if told.setdefault(row["id"], line) is not line:
                    repeated += 1
                    if told[row["id"]] != line:
                        fail(f"follow: one id, two rows: {line}")
                    if is_new:
                        fail(f"follow: told twice, and not at a start: {line}")
                else:
                    is_new = True
        rows = [json.loads(line) for line in told.values()]
        opened = collections.Counter(key(row) for row in rows if row["state"] == "open")
        closed = {key(row): row for row in rows if row["state"] == "closed"}
        once = all(count == 1 for count in opened.values())
        if not once or len(rows) != 2 * len(expected) or opened.keys() != expected.keys():
            fail(f"follow: {len(expected)} rows at once, told {sum(opened.values())} open, {len(closed)} closed")
        for name, row in expected.items():
            if {column: closed[name].get(column) for column in row} != row:
                fail(f"follow: another row: {closed[name]} and not {row}")
        return (
            f"{killed} were killed, {len(expected)} rows each told open once and closed once; "
            f"{repeated} told again at a start, byte by byte, since the kill came between telling and marking"
        )

    def write(self, live, seconds, is_over):
        """Writes the logs of the set, in the order of time, over so many seconds, in pieces that end anywhere."""
        logs = sorted((self.set / "logs").rglob("*.log"), key=lambda path: (path.name, path))
        pieces, random_ = [], random.Random(1)
        # Of each hour the two servers' logs, bit by bit, side by side.
        for name in sorted({log.name for log in logs}):
            hour = [(log, log.read_bytes()) for log in logs if log.name == name]
            parts = 24
            for part in range(parts):
                for log, text in hour:
                    begin, end = len(text) * part // parts, len(text) * (part + 1) // parts
                    pieces.append((log, text[begin:end]))
        begun = time.monotonic()
        for number, (log, text) in enumerate(pieces):
            is_over.wait(max(0.0, begun + seconds * number / len(pieces) - time.monotonic()))
            to = live / log.relative_to(self.set / "logs")
            to.parent.mkdir(parents=True, exist_ok=True)
            cut = random_.randrange(len(text) + 1)
            for half in (text[:cut], text[cut:]):
                with to.open("ab") as file:
                    file.write(half)

    def batch(self, logs):
        out = subprocess.run(
            [self.scanbench, "detect", logs, "--format", "ndjson"], capture_output=True, text=True, check=True,
        ).stdout
        return [json.loads(line) for line in out.splitlines()]


def key(row):
    return tuple(row[column] for column in ("TimeGenerated", "cIP", "Computer", "sIP"))


def main():
    scanbench, kills = os.path.abspath(sys.argv[1]), int(sys.argv[2])
    wanted = sys.argv[3:] or ["generate", "inject", "evaluate", "replay", "follow"]
    for name in wanted:
        with tempfile.TemporaryDirectory(prefix="kills-") as scratch:
            outcome = getattr(Kills(scanbench, pathlib.Path(scratch), kills), name)()
            print(f"{name}: {kills} moments, {outcome}", flush=True)


main()
