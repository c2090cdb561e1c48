"""Inputs that change while they are read, and places that are not what they should be.

A file is cut, grown, removed or replaced just before each read of it. Where the program then says that all went well, what
it says must be that of the files before or after the change, never of a mixture; else it names the file.
"""

import os
import pathlib
import shutil
import subprocess
import sys

from world import fresh, tree

# The lines of a client that reaches 40 ports within a minute, later than all others.
MORE = "".join(
    f"2026-11-02 08:59:5{port % 10} 10.1.0.1 GET / - {8001 + port} - 192.0.2.200 Grown - 200 0 0 1\r\n" for port in range(40)
)
READERS = {
    "detect": ["detect", "{set}", "--format", "ndjson", "--threads", "1"],
    "detect two threads": ["detect", "{set}", "--format", "ndjson", "--threads", "2"],
    "detect session": ["detect", "{set}", "--format", "ndjson", "--window", "session", "--gap", "2m", "--threads", "1"],
    "inject": ["inject", "{set}/logs", "--scenario", "{in}/faults.toml", "--seed", "3", "-o", "{out}/made"],
    "anonymise": ["anonymise", "{set}/logs", "--key-file", "{in}/key", "-o", "{out}/made"],
    "replay": ["replay", "{set}", "--rate", "1e9", "--to", "{out}/made"],
    "fit": ["fit", "{set}/logs", "-o", "{out}/made"],
    "compare": ["compare", "{set}", "{set}/logs/TWO", "-o", "{out}/made"],
    "evaluate": ["evaluate", "{set}", "-o", "{out}/made"],
    "exclusions explain": ["exclusions", "explain", "{in}/list.toml", "--alert", "1", "--against", "{set}"],
}
FORMS = {"gz": ".log.gz", "zst": ".log.zst", "csv": ".csv", "ndjson": ".ndjson", "parquet": ".parquet", "set": ".log"}


class Changes:
    """Runs readers over a copy of the inputs, in which one file changes."""

    def __init__(self, world, shim, tried):
        self.world, self.shim, self.tried = world, shim, tried
        self.found = []
        self.copy = world.scratch / "copy"
        self.out = world.scratch / "out-changes"

    def breaks(self, name, what, why, told=""):
        self.found.append((name, what, why))
        print(f"{name}: {what}: {why}; {told.strip()[-300:]}", flush=True)

    def run(self, words, faults=None):
        """What it ended with, said and left; a run over a copy that stays where it is, so that names are the same."""
        shutil.rmtree(self.out, ignore_errors=True)
        self.out.mkdir()
        places = {"set": self.copy, "in": self.world.inputs, "out": self.out}
        environment = {
            **os.environ, "TMPDIR": str(self.world.scratch / "tmp"), "FAULTS_UNDER": str(self.world.scratch),
            **(faults or {}), "LD_PRELOAD": self.shim,
        }
        done = subprocess.run(
            [self.world.scanbench, *(word.format(**places) for word in words)],
            capture_output=True, text=True, env=environment, check=False, timeout=60,
        )
        left = {name: text for name, text in tree(self.out / "made").items() if not name.startswith(".")}
        return done.returncode, done.stdout, left, done.stderr

    def try_file(self, form, ending):
        inputs = self.world.inputs / form
        fresh(self.copy, {}, inputs)
        shutil.rmtree(self.copy)
        shutil.copytree(inputs, self.copy)
        # The one with the second scan: what is lost of it shows.
        file = next(path for path in sorted(self.copy.rglob(f"*{ending}")) if "logs/TWO" in str(path))
        original = file.read_bytes()
        other = self.world.scratch / "other"
        changes = {
            "cut to half": ("truncate", str(len(original) // 2), original[: len(original) // 2]),
            "cut to nothing": ("truncate", "0", b""),
            "removed": ("unlink", "", None),
            "replaced": ("replace", str(other), original[: len(original) // 3]),
        }
        if form == "set":
            changes["grown"] = ("append", str(other), original + MORE.encode())
            swapped = original.replace(b" 9001 ", b" 9002 ").replace(b" 9003 ", b" 9004 ")
            changes["replaced by one as long"] = ("replace", str(other), swapped)
        for name, words in READERS.items():
            if form != "set" and not name.startswith("detect"):
                continue
            before = self.run(words)
            for change, (how, argument, content) in changes.items():
                self.try_change(name, words, file, original, before, (change, how, argument, content, other), form)

    def try_change(self, name, words, file, original, before, change, form):
        title, how, argument, content, other = change
        # What it says of the files after the change.
        if content is None:
            file.unlink()
        else:
            file.write_bytes(content)
        after = self.run(words)
        file.write_bytes(original)
        log = self.world.scratch / "log-changes"
        log.unlink(missing_ok=True)
        self.run(words, {"FAULTS_LOG": str(log)})
        calls = [line.split("\t")[0] for line in log.read_text().splitlines() if line.endswith(f"\t{file}")]
        for call in ("stat", "open", "read"):
            count = calls.count(call)
            numbers = range(1, count + 1) if count <= 12 else sorted({*range(1, 7), *range(count - 5, count + 1)})
            for number in numbers:
                other.write_bytes(MORE.encode() if how == "append" else content or b"")
                faults = {
                    "FAULTS_CALL": call, "FAULTS_ENDING": str(file), "FAULTS_AT": str(number),
                    "FAULTS_DO": f"{how} {argument}", "FAULTS_TO": str(file),
                }
                code, said, left, told = self.run(words, faults)
                file.write_bytes(original)
                self.tried["changed"] += 1
                what = f"{form}: {title} at {call} {number} of {count}"
                if code not in (0, 2, 3) or "panicked" in told:
                    self.breaks(name, what, f"ended with {code}", told)
                elif code == 0 and not any((said, left) == (one[1], one[2]) for one in (before, after)):
                    self.breaks(name, what, "said that all went well, of neither files", told)
                elif code != 0 and (code, said, told) == (after[0], after[1], after[3]):
                    # Changed before anything was read: refused by the very words in which the changed one is.
                    pass
                elif code != 0 and file.name not in told and "changed while they were read" not in told:
                    self.breaks(name, what, "does not name the file", told)
                if code != 0 and left and name != "replay":
                    self.breaks(name, what, f"left {sorted(left)[:3]}", told)

    def places(self):
        """What stands where an output should be."""
        inputs, out = self.world.inputs, self.out
        victim = self.world.scratch / "victim"
        report = ["evaluate", "{in}/set", "-o", "{out}/made"]
        for name, words, link in [
            ("evaluate", report, "made/report.json"),
            ("fit", ["fit", "{in}/set/logs/ONE", "-o", "{out}/made/background.toml"], "made/background.toml"),
            ("follow", ["follow", "{in}/set/logs", "--from-start", "--until-idle", "20ms", "--checkpoint", "{out}/made/state"], "made/state"),
            ("man", ["man", "-o", "{out}/made"], "made/scanbench.1"),
            ("generate", ["generate", "{in}/faults.toml", "-o", "{out}/made"], "made"),
            ("inject", ["inject", "{in}/set/logs", "--scenario", "{in}/faults.toml", "-o", "{out}/made"], "made"),
            ("anonymise", ["anonymise", "{in}/set/logs", "-o", "{out}/made"], "made"),
            ("replay", ["replay", "{in}/set", "--rate", "1e9", "--to", "{out}/made"], "made/TWO/W3SVC1/u_ex261102.log"),
            ("replay --from", ["replay", "{in}/set", "--rate", "1e9", "--to", "{out}/made", "--from", "1"], "made/TWO/W3SVC1/u_ex261102.log"),
        ]:
            for kind in ("a link to a file", "a link to a folder", "a link to nothing", "a folder", "a file"):
                shutil.rmtree(out, ignore_errors=True)
                shutil.rmtree(victim, ignore_errors=True)
                victim.mkdir()
                (victim / "file").write_text("precious")
                path = out / link
                path.parent.mkdir(parents=True, exist_ok=True)
                if kind == "a folder":
                    path.mkdir()
                    (path / "file").write_text("precious")
                elif kind == "a file":
                    path.write_text("precious")
                else:
                    path.symlink_to({"a link to a file": victim / "file", "a link to a folder": victim}.get(kind, victim / "none"))
                done = subprocess.run(
                    [self.world.scanbench, *(word.format(**{"in": inputs, "out": out}) for word in words)],
                    capture_output=True, text=True, check=False, timeout=60,
                )
                self.tried["place"] += 1
                if tree(victim) != {"file": b"precious"}:
                    self.breaks(name, kind, "was followed", done.stderr)
                elif kind == "a folder" and tree(path) != {"file": b"precious"}:
                    self.breaks(name, kind, "was touched", done.stderr)
                elif done.returncode == 0 and path.is_symlink():
                    self.breaks(name, kind, "still stands, and all went well", done.stderr)
                elif done.returncode not in (0, 2) or (done.returncode and path.name not in done.stderr):
                    self.breaks(name, kind, f"ended with {done.returncode}", done.stderr)

    def full_disk(self):
        """A disk of a few pages, that is really full."""
        disk = self.world.scratch / "disk"
        disk.mkdir()
        mounted = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=48k", "tmpfs", str(disk)], capture_output=True, text=True, check=False,
        )
        if mounted.returncode != 0:
            print(f"no disk can be mounted here ({mounted.stderr.strip()}); the full one is left out")
            return
        try:
            for name in ("generate", "inject", "anonymise", "evaluate", "man"):
                words = {
                    "generate": ["generate", "{in}/faults.toml", "-o", "{out}/made"],
                    "man": ["man", "-o", "{out}/made"],
                }.get(name) or READERS[name]
                places = {"set": self.world.inputs / "set", "in": self.world.inputs, "out": disk}
                done = subprocess.run(
                    [self.world.scanbench, *(word.format(**places) for word in words)],
                    capture_output=True, text=True, check=False, timeout=60,
                )
                self.tried["full disk"] += 1
                left = [path for path in disk.rglob("*") if path.is_file()]
                whole = name in ("evaluate", "man")
                if done.returncode != 2 or "No space left" not in done.stderr or "made" not in done.stderr:
                    self.breaks(name, "a full disk", f"ended with {done.returncode}", done.stderr)
                elif any(path.name.startswith(".") for path in left) or (left and not whole):
                    self.breaks(name, "a full disk", f"left {left[:3]}", done.stderr)
                for path in disk.iterdir():
                    shutil.rmtree(path)
        finally:
            subprocess.run(["umount", str(disk)], check=True)

    def no_right(self):
        """A log that nobody else may read, and a folder that nobody else may write to; real rights of the system."""
        if os.geteuid() != 0 or shutil.which("setpriv") is None:
            print("rights are tried as root only, with setpriv; left out")
            return
        inputs = self.world.inputs
        shutil.rmtree(self.copy, ignore_errors=True)
        shutil.copytree(inputs / "set", self.copy)
        shutil.rmtree(self.out, ignore_errors=True)
        self.out.mkdir(mode=0o755)
        file = next((self.copy / "logs").rglob("*.log"))
        file.chmod(0)
        top = self.world.scratch
        top.chmod(0o755)
        binary = top / "scanbench"
        shutil.copy(self.world.scanbench, binary)
        made = {"generate": ["generate", "{in}/faults.toml", "-o", "{out}/made"]}
        for name, words in {**READERS, **made}.items():
            places = {"set": self.copy, "in": inputs, "out": self.out}
            done = subprocess.run(
                ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", str(binary)]
                + [word.format(**places) for word in words],
                capture_output=True, text=True, check=False, timeout=60,
            )
            self.tried["right"] += 1
            if done.returncode != 2 or "Permission denied" not in done.stderr or tree(self.out):
                self.breaks(name, "no right", f"ended with {done.returncode}", done.stderr)


def try_all(world, shim, tried):
    changes = Changes(world, shim, tried)
    changes.places()
    changes.full_disk()
    changes.no_right()
    for form, ending in FORMS.items():
        changes.try_file(form, ending)
        print(f"changes of {form}: done", file=sys.stderr, flush=True)
    return changes.found
