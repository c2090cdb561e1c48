"""Memory over a long run: a child's resident set is looked at often, and the last quarter held against the first.

The second part feeds days one after another: each is generated, replayed into the pipe and removed, so that the disk holds
one of them while the detector reads them all as one stream.
"""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time

DAYS = 20
# The last quarter may take so much more than the first: pages that an allocator keeps.
MORE = 1.15
SLACK_MB = 8


def fail(message):
    sys.exit(f"tests/endurance: {message}")


class Watched:
    """A child, and its memory over time."""

    def __init__(self, words, **more):
        self.child = subprocess.Popen(words, **more)
        self.begun = time.monotonic()
        self.samples = []
        self.thread = threading.Thread(target=self.look, daemon=True)
        self.thread.start()

    def look(self):
        status = pathlib.Path(f"/proc/{self.child.pid}/status")
        while True:
            try:
                size = re.search(r"VmRSS:\s+(\d+)", status.read_text())
            except OSError:
                return
            # A child that has ended has no memory.
            if size is None:
                return
            self.samples.append((time.monotonic() - self.begun, int(size.group(1)) / 1024))
            time.sleep(0.05)

    def tell(self, title):
        """The most of each tenth of the time; fails where the last quarter takes more than the first."""
        self.thread.join()
        end = self.samples[-1][0]

        def most(begin, until):
            return max((size for at, size in self.samples if begin * end <= at <= until * end), default=0.0)

        tenths = " ".join(f"{most(tenth / 10, (tenth + 1) / 10):.1f}" for tenth in range(10))
        first, last = most(0.0, 0.25), most(0.75, 1.0)
        print(f"{title}: {end:.1f} s, MiB at each tenth {tenths}; first quarter {first:.1f}, last {last:.1f}", flush=True)
        if last > first * MORE + SLACK_MB:
            fail(f"{title}: memory grows from {first:.1f} to {last:.1f} MiB")


def number(pattern, text):
    found = re.search(pattern, text)
    if not found:
        fail(f"{pattern} is not in: {text}")
    return int(found.group(1).replace(",", ""))


def generate(scanbench, scale, scratch):
    # Days, not a multiple of one: what is held follows the visits that go on at a time, which rise within a day and with
    # the scale, so that only days can be held against each other.
    scenario = scratch / "scenarios" / "long.toml"
    text = (scratch / "scenarios" / "suite.toml").read_text()
    scenario.write_text(re.sub(r'(?m)^duration = "1d"', f'duration = "{DAYS}d"', text, count=1))
    watched = Watched(
        [scanbench, "generate", scenario, "--scale", str(scale / DAYS), "--discard"], stderr=subprocess.PIPE, text=True,
    )
    told = watched.child.communicate()[1]
    if watched.child.returncode != 0:
        fail(told)
    lines = number(r"threw away ([\d,]+) lines", told)
    watched.tell(f"generate to nowhere, {lines:,} lines")


def detect(scanbench, scale, scratch):
    scenario = scratch / "scenarios" / "suite.toml"
    text = scenario.read_text()
    reader, writer = os.pipe()
    rows = scratch / "rows"
    with rows.open("wb") as out:
        watched = Watched(
            [scanbench, "detect", "-", "--format", "ndjson"],
            stdin=reader, stdout=out, stderr=subprocess.PIPE, text=True,
        )
    os.close(reader)
    lines = bytes_ = 0
    for day in range(DAYS):
        scenario.write_text(re.sub(r"(?m)^start = \S+", f"start = 2026-11-{day + 1:02}T00:00:00Z", text, count=1))
        made = scratch / "made"
        told = subprocess.run(
            [scanbench, "generate", scenario, "--scale", str(scale / DAYS), "--seed", str(day), "-o", made],
            check=True, capture_output=True, text=True,
        ).stderr
        lines += number(r"made ([\d,]+) lines", told)
        bytes_ += sum(path.stat().st_size for path in (made / "logs").rglob("*.log"))
        replay = subprocess.run(
            [scanbench, "replay", made, "--rate", "1e12"], stdout=writer, stderr=subprocess.PIPE, text=True, check=False,
        )
        if replay.returncode != 0:
            fail(replay.stderr)
        shutil.rmtree(made)
    os.close(writer)
    told = watched.child.communicate()[1]
    if watched.child.returncode != 0:
        fail(told)
    read = number(r"read ([\d,]+) lines", told)
    found = sum(1 for _ in rows.open())
    watched.tell(f"detect from a pipe, {read:,} lines, {bytes_ / 1e9:.1f} GB, {found:,} rows")
    if read != lines:
        fail(f"{lines:,} lines were written and {read:,} read")


def main():
    scanbench, scale = os.path.abspath(sys.argv[1]), float(sys.argv[2])
    with tempfile.TemporaryDirectory(prefix="endurance-") as scratch:
        scratch = pathlib.Path(scratch)
        shutil.copytree("scenarios", scratch / "scenarios")
        generate(scanbench, scale, scratch)
        detect(scanbench, scale, scratch)


main()
