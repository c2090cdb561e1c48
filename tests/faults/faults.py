"""Lets each call of the program on files fail, one at a time, and holds what is left against a run that nothing disturbed.

For each command and each kind of call, undisturbed calls are counted; then the n-th fails, for every n where they are
few, for drawn ones where they are many. The law, whatever fails:

- The program ends by itself, with a documented code: no signal, no panic, no wait without end.
- Where it says that all went well, every byte is that of the undisturbed run.
- Where not, it names the file that failed, and what is there under a final name is whole: new, or as it was before.
- Reads and writes that come out short or are interrupted change nothing.
"""

import collections
import concurrent.futures
import errno
import json
import os
import pathlib
import random
import re
import shutil
import subprocess
import sys
import tempfile

import changes
import seen
from world import World, commands, fresh, tree

# What each kind of call fails with. "+" is for all calls from that one on, as on a disk that is full.
ERRORS = {
    "read": ["EIO"],
    "write": ["ENOSPC", "ENOSPC+", "EIO"],
    "create": ["EACCES", "ENOSPC+", "EMFILE"],
    "open": ["EACCES", "EMFILE+", "ENOENT"],
    "stat": ["EACCES"],
    "list": ["EIO"],
    "seek": ["EIO"],
    "sync": ["EIO"],
    "lock": ["ENOLCK"],
    "rename": ["EIO", "EACCES+"],
    "remove": ["EACCES", "EIO+"],
    "mkdir": ["ENOSPC", "EACCES+"],
    "chmod": ["EPERM"],
    "cut": ["EIO"],
}
# So many of a kind of call are hit one by one; of more, so many drawn ones.
FEW = 40
LIMIT = 60
WORKERS = max(2, os.cpu_count() or 1)


class Bench:
    """Runs commands in folders of their own, disturbed or not."""

    def __init__(self, world, shim):
        self.world = world
        self.shim = shim
        self.places = concurrent.futures.thread.queue.SimpleQueue()
        for number in range(WORKERS):
            self.places.put(number)

    def run(self, command, faults, wanted=None):
        """Runs a command; what it said, what it left and which call was hit."""
        place = self.places.get()
        try:
            return self.run_at(command, faults, place, wanted)
        finally:
            self.places.put(place)

    def run_at(self, command, faults, place, wanted):
        scratch = self.world.scratch
        # All of one length, so that messages do not differ.
        out = scratch / f"out{place:02}"
        fresh(out, command.before, self.world.inputs)
        log = scratch / f"log{place:02}"
        log.unlink(missing_ok=True)
        places = {"in": self.world.inputs, "out": out}
        words = [word.format(**places) for word in command.words]
        environment = {
            **os.environ,
            "TMPDIR": str(scratch / "tmp"),
            "FAULTS_UNDER": str(scratch),
            "FAULTS_STREAMS": "01",
            "FAULTS_LOG": str(log),
            **{name: str(value) for name, value in faults.items()},
            "LD_PRELOAD": self.shim,
        }
        stdin = pathlib.Path(command.stdin.format(**places)).open("rb") if command.stdin else subprocess.DEVNULL
        said, told = scratch / f"said{place:02}", scratch / f"told{place:02}"
        try:
            with said.open("wb") as one, told.open("wb") as other:
                code = subprocess.run(
                    [self.world.scanbench, *words],
                    stdin=stdin, stdout=one, stderr=other, env=environment, timeout=LIMIT, check=False,
                ).returncode
        except subprocess.TimeoutExpired:
            code = None
        finally:
            if command.stdin:
                stdin.close()
        calls = log.read_text().splitlines() if log.exists() else []
        name = f"out{place:02}"
        output = said.read_text(errors="replace").replace(name, "out")
        if command.follows:
            # Ids tell rows of one run from those of another.
            lines = [line for line in output.splitlines() if '"state":"closed"' in line]
            output = "\n".join(sorted(re.sub(r'"(id|latency_ms|log_latency_ms)":[^,}]*', "", line) for line in lines))
        run = Run(
            code=code,
            output=output,
            errors=told.read_text(errors="replace").replace(name, "out"),
            left={key: tree(out / key) for key in command.writes},
            others={entry.name for entry in out.iterdir()},
            calls=[line for line in calls if not line.startswith("HIT ")],
            hit=[line[4:].replace(name, "out").split("\t") for line in calls if line.startswith("HIT ")],
            resumed=None,
        )
        if command.resumes and code != 0 and wanted is not None:
            # Without faults, it goes on to the bytes of the undisturbed run.
            again = subprocess.run([self.world.scanbench, *words], capture_output=True, text=True, check=False)
            run.resumed = again.returncode == 0 and tree(out / "set") == wanted.left["set"]
            run.others |= {"resumed: " + again.stderr.strip()} if not run.resumed else set()
        return run


class Run:
    """What came of a run."""

    def __init__(self, **what):
        self.__dict__.update(what)


def names(call, path, errors, command):
    """Whether a message names the file that failed, or where it was to go."""
    if path == "<1>":
        return "output" in errors
    if path == "<0>":
        return "standard input" in errors
    path = pathlib.PurePath(path)
    wanted = {path.name, path.parent.name} - {"in", "out"}
    # A file that is written beside its place is named by its place.
    wanted |= {name.split("/")[-1] for name in command.writes}
    wanted |= {word.split("/")[-1] for word in command.words if "{out}" in word}
    if "tmp" in path.parts:
        wanted.add("temporary")
    return any(name and name in errors for name in wanted)


def breaks(command, run, whole, before):
    """Which part of the law a run breaks, or nothing."""
    if run.code is None:
        return f"has not ended after {LIMIT} s"
    if run.code < 0:
        return f"died of signal {-run.code}"
    if run.code not in {0, 1, 2, 3, 130} or "panicked" in run.errors:
        return f"ended with {run.code}"
    if run.resumed is False:
        return "did not go on to the same bytes"
    if command.follows and run.code == 0 and run.output != whole.output:
        # What cannot be read is told and tried again, and following goes on without it.
        rows, expected = run.output.split("\n"), whole.output.split("\n")
        is_told = any(names(call, path, run.errors, command) for call, path in run.hit)
        if is_told and all(row in expected for row in rows if row):
            return None
    if run.code == whole.code:
        for name, found in run.left.items():
            if found != whole.left[name]:
                return f"said that all went well, but {name} is another"
        if run.output != whole.output:
            return "said that all went well, but said something else"
        return None
    if not run.hit:
        return f"ended with {run.code}, and nothing was hit"
    if not any(names(call, path, run.errors, command) for call, path in run.hit):
        return "does not name what failed"
    for name, kind in command.writes.items():
        found, new, old = run.left[name], whole.left[name], before.get(name, {})
        if kind == "folder" and found not in ({}, new, old):
            return f"{name} is neither whole nor absent nor as it was"
        for path, content in found.items():
            inner = next((key for key in command.writes if key.startswith(f"{name}/") and f"{name}/{path}".startswith(key)), None)
            is_hidden = any(part.startswith(".") for part in path.split("/"))
            if kind == "folder" or inner or content == "folder" or is_hidden:
                continue
            is_whole = new.get(path) == content
            if kind == "live" and isinstance(content, bytes):
                is_whole = new.get(path, b"").startswith(content)
            if not is_whole:
                return f"{name}/{path} is not whole"
    if command.rows:
        return rows_break(run.output, whole.output) if run.hit[0][1] != "<1>" else None
    return None


def rows_break(output, whole):
    """Rows of what could be read: each is one of the undisturbed run, with no more than it has."""
    expected = {}
    for line in whole.splitlines():
        row = json.loads(line)
        expected[row["TimeGenerated"], row["cIP"], row["Computer"], row["sIP"]] = row
    for line in output.splitlines():
        try:
            row = json.loads(line)
        except ValueError:
            return f"printed no row: {line!r}"
        other = expected.get((row["TimeGenerated"], row["cIP"], row["Computer"], row["sIP"]))
        if other is None or row["ConnectionsCount"] > other["ConnectionsCount"] or row["portCount"] > other["portCount"]:
            return f"printed a row that is none: {line}"
    return None


def sweep(bench, command, random_):
    """The runs of a command: its reference and jobs of (what, faults)."""
    whole = bench.run(command, {})
    if whole.code not in (0, 1):
        sys.exit(f"tests/faults: {command.name}: {whole.code}: {whole.errors}")
    again = bench.run(command, {})
    if (again.output, again.left) != (whole.output, whole.left):
        sys.exit(f"tests/faults: {command.name} differs from itself")
    counts = collections.Counter(line.split("\t")[0] for line in whole.calls)
    jobs = []
    for call, count in sorted(counts.items()):
        for error in ERRORS[call]:
            numbers = range(1, count + 1)
            if count > FEW:
                # The first and the last always: heads are read first and manifests written last.
                numbers = sorted({1, 2, count - 1, count, *random_.sample(numbers, FEW - 4)})
            for number in numbers:
                faults = {
                    "FAULTS_CALL": call,
                    "FAULTS_AT": number,
                    "FAULTS_ERROR": getattr(errno, error.rstrip("+")),
                }
                if error.endswith("+"):
                    faults["FAULTS_ON"] = 1
                jobs.append((f"{call} {number} of {count}: {error}", faults))
    for seed in range(1, 6):
        for kind, title in [("SHORT", "short"), ("SIGNALS", "interrupted")]:
            jobs.append((f"{title}, seed {seed}", {f"FAULTS_{kind}": seed}))
    return whole, jobs


def main():
    scanbench, shim = map(os.path.abspath, sys.argv[1:3])
    wanted = sys.argv[3:]
    random_ = random.Random(20261102)
    found, tried = [], collections.Counter()
    with tempfile.TemporaryDirectory(prefix="faults-") as scratch, concurrent.futures.ThreadPoolExecutor(WORKERS) as pool:
        world = World(scanbench, pathlib.Path(scratch).resolve())
        bench = Bench(world, shim)
        for command in commands():
            if wanted and not any(command.name.startswith(name) for name in wanted):
                continue
            whole, jobs = sweep(bench, command, random_)
            before = {name: tree(world.inputs / source) for name, source in command.before.items()}
            runs = pool.map(lambda job: bench.run(command, job[1], whole), jobs)
            for (what, faults), run in zip(jobs, runs):
                kind = faults.get("FAULTS_CALL") or ("short" if "FAULTS_SHORT" in faults else "interrupted")
                if "FAULTS_CALL" in faults and not run.hit:
                    kind = "not reached"
                tried[kind] += 1
                why = breaks(command, run, whole, before)
                if why is None and "FAULTS_CALL" not in faults and run.code != whole.code:
                    why = "is not invisible"
                if why:
                    found.append((command.name, what, why, run))
                    path = run.hit[0][1] if run.hit else ""
                    print(f"{command.name}: {what} ({path.removeprefix(scratch)}): {why}; {run.errors.strip()[-300:]}", flush=True)
            print(f"{command.name}: {len(jobs)} runs", file=sys.stderr, flush=True)
        if not wanted or "changes" in wanted:
            found += changes.try_all(world, shim, tried)
        if not wanted or "strace" in wanted:
            found += seen.hold(world, bench, commands())
    print(f"{sum(tried.values())} runs: " + ", ".join(f"{count} {kind}" for kind, count in sorted(tried.items())))
    if found:
        sys.exit(f"tests/faults: {len(found)} runs break the law")


main()
