"""What faults are tried on: a small set in every format, and a table of the program's commands."""

import dataclasses
import os
import pathlib
import re
import shutil
import subprocess
import zipfile

SCENARIO = """
version = 1
name = "faults"
title = "Two servers, two scans"
seed = 11
start = 2026-11-02T06:00:00Z
duration = "3h"
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
[[server.site]]
id = 1
ports = [80, 443, "9001-9034"]
[[actor]]
id = "people"
kind = "visitors"
sessions-per-day = 800
hours = "flat"
[[actor]]
id = "one"
kind = "scan"
servers = ["ONE"]
client = "random"
ports = "bound"
start = "20m"
rate = 60
[[actor]]
id = "two"
kind = "scan"
servers = ["TWO"]
client = "random"
ports = "bound"
start = "130m"
rate = 60
"""
KEY = "00112233445566778899aabbccddeeff" * 2


@dataclasses.dataclass
class Command:
    """One way to call the program. In its words {in} is the folder of inputs, {out} an own one for what it writes."""

    name: str
    words: list
    # What it writes below {out}: "folder" (all or nothing), "files" (each whole or absent), "live" (each whole or cut).
    writes: dict = dataclasses.field(default_factory=dict)
    stdin: str = ""
    # Below {out}, from {in}, before it runs.
    before: dict = dataclasses.field(default_factory=dict)
    # Whether the same command goes on from what a failed one left.
    resumes: bool = False
    # Whether standard output has whole rows even where something could not be read.
    rows: bool = False
    # Whether it follows: what is there when depends on the moment, but the rows that are closed do not.
    follows: bool = False


def commands():
    both = ["--threads", "1"]
    made = {"set": "folder"}
    report = {"report": "files"}
    detect = ["detect", "--format", "ndjson", *both]
    all_ = [
        Command("generate", ["generate", "{in}/faults.toml", "-o", "{out}/set", "--httperr", *both], made),
        Command("generate two threads", ["generate", "{in}/faults.toml", "-o", "{out}/set", "--threads", "2"], made),
        Command("generate gz", ["generate", "{in}/faults.toml", "-o", "{out}/set", "--compress", "gz", *both], made),
        Command("generate zst", ["generate", "{in}/faults.toml", "-o", "{out}/set", "--compress", "zst", *both], made),
        Command("generate csv", ["generate", "{in}/faults.toml", "-o", "{out}/set", "--format", "csv", *both], made),
        Command(
            "generate parquet",
            ["generate", "{in}/faults.toml", "-o", "{out}/set", "--format", "parquet", *both],
            made,
        ),
        Command(
            "generate --force",
            ["generate", "{in}/faults.toml", "-o", "{out}/set", "--seed", "5", "--force", *both],
            made,
            before={"set": "set"},
        ),
        Command(
            "generate --resume",
            ["generate", "{in}/faults.toml", "-o", "{out}/set", "--resume", *both],
            made,
            resumes=True,
        ),
        Command(
            "inject",
            ["inject", "{in}/set/logs", "--scenario", "{in}/faults.toml", "--seed", "3", "-o", "{out}/set"],
            made,
        ),
        Command(
            "inject --force",
            ["inject", "{in}/set/logs", "--scenario", "{in}/faults.toml", "--seed", "3", "--force", "-o", "{out}/set"],
            made,
            before={"set": "set"},
        ),
        Command("anonymise", ["anonymise", "{in}/set/logs", "--key-file", "{in}/key", "-o", "{out}/set"], made),
        Command("fit", ["fit", "{in}/set/logs/ONE", "-o", "{out}/report/background.toml"], report),
        Command("replay", ["replay", "{in}/set", "--rate", "1e9", "--to", "{out}/live"], {"live": "live"}),
        Command("replay -", ["replay", "{in}/set", "--rate", "1e9"]),
        Command("evaluate", ["evaluate", "{in}/set", "-o", "{out}/report", "--plots", "{out}/report"], report),
        Command("evaluate --alerts", ["evaluate", "{in}/set", "--alerts", "{in}/rows.csv", "-o", "{out}/report"], report),
        Command(
            "evaluate --baseline",
            ["evaluate", "{in}/set", "--baseline", "{in}/report/report.json", "-o", "{out}/report"],
            report,
        ),
        Command("sweep", ["sweep", "{in}/set", "--bin", "10m", "--threshold", "20..30", "-o", "{out}/report"], report),
        Command("edges", ["edges", "--trials", "10", "-o", "{out}/report"], report),
        Command("compare", ["compare", "{in}/set", "{in}/set/logs/TWO", "-o", "{out}/report"], report),
        Command("audit", ["audit", "{in}/set", "-o", "{out}/report"], report),
        Command(
            "run", ["run", "{in}/faults.toml", "-o", "{out}/report", *both], {"report": "files", "report/dataset": "folder"}
        ),
        Command("run at once", ["run", "{in}/faults.toml", *both]),
        Command("man", ["man", "-o", "{out}/report"], report),
        Command("exclusions measure", ["exclusions", "measure", "{in}/list.toml", "--against", "{in}/set"]),
        Command("exclusions check", ["exclusions", "check", "{in}/list.toml"]),
        Command("exclusions suggest", ["exclusions", "suggest", "--against", "{in}/set"]),
        Command("exclusions export", ["exclusions", "export", "{in}/list.toml", "--to", "kql"]),
        Command(
            "exclusions explain",
            ["exclusions", "explain", "{in}/list.toml", "--alert", "1", "--against", "{in}/set"],
        ),
        Command("rule export", ["rule", "export", "--to", "spark-sql", "--exclusions", "{in}/list.toml"]),
        Command("rule import", ["rule", "import", "{in}/rule.kql"]),
        Command("detect", [*detect, "{in}/set"], rows=True),
        Command("detect two threads", [*detect[:-1], "2", "{in}/set"], rows=True),
        Command("detect table", ["detect", "{in}/set", *both]),
        Command("detect list", [*detect, "{in}/set", "--exclusions", "{in}/list.toml"], rows=True),
        Command("detect session", [*detect, "{in}/set", "--window", "session", "--gap", "2m"], rows=True),
        Command("detect -", [*detect, "-"], stdin="{in}/one.log", rows=True),
        Command("detect zip", [*detect, "{in}/set.zip"], rows=True),
        Command(
            "follow",
            ["follow", "{in}/set/logs", "--from-start", "--until-idle", "20ms", "--poll", "5ms"],
            follows=True,
        ),
        Command(
            "follow --checkpoint",
            [
                "follow", "{in}/set/logs", "--from-start", "--until-idle", "20ms", "--poll", "5ms",
                "--checkpoint", "{out}/state.json",
            ],
            follows=True,
        ),
    ]
    for form in ["gz", "zst", "csv", "ndjson", "parquet"]:
        all_.append(Command(f"detect {form}", [*detect, f"{{in}}/{form}"], rows=True))
    return all_


class World:
    """The inputs, made once by the program undisturbed."""

    def __init__(self, scanbench, scratch):
        self.scanbench = scanbench
        self.scratch = scratch
        self.inputs = scratch / "in"
        self.inputs.mkdir()
        (scratch / "tmp").mkdir()
        (self.inputs / "faults.toml").write_text(SCENARIO)
        (self.inputs / "key").write_text(KEY + "\n")
        self.make("set")
        for form in ["gz", "zst"]:
            self.make(form, "--compress", form)
        for form in ["csv", "ndjson", "parquet"]:
            self.make(form, "--format", form)
        logs = sorted((self.inputs / "set/logs").rglob("*.log"))
        with zipfile.ZipFile(self.inputs / "set.zip", "w", zipfile.ZIP_DEFLATED) as packed:
            for log in logs:
                packed.write(log, log.relative_to(self.inputs / "set"))
        (self.inputs / "one.log").write_bytes(
            b"".join(log.read_bytes() for log in sorted((self.inputs / "set/logs/ONE").rglob("*.log")))
        )
        # A line of the rule's own clients, so that the list takes something out.
        rows = self.call("detect", self.inputs / "set", "--format", "csv").stdout
        (self.inputs / "rows.csv").write_text(rows)
        client = self.call("detect", self.inputs / "set", "--format", "ndjson").stdout
        client = re.search(r'"cIP":"([^"]+)"', client).group(1)
        (self.inputs / "list.toml").write_text(
            'version = 1\n[[exclusion]]\nid = "known"\nname = "A scanner of our own"\nreason = "It is ours"\n'
            f'stage = "event"\nmatch.c-ip = ["{client}"]\n'
        )
        (self.inputs / "rule.kql").write_text(self.call("rule", "export", "--to", "kql").stdout)
        self.call("evaluate", self.inputs / "set", "-o", self.inputs / "report")

    def call(self, *words):
        """Calls the program undisturbed; it must not fail."""
        done = subprocess.run([self.scanbench, *map(str, words)], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise SystemExit(f"tests/faults: {words}: {done.stderr}")
        return done

    def make(self, name, *words):
        self.call("generate", self.inputs / "faults.toml", "-o", self.inputs / name, *words)


def tree(path):
    """All below a path: files with their bytes, folders and links with what they are."""
    if path.is_symlink():
        return {"": f"link to {os.readlink(path)}"}
    if path.is_file():
        return {"": path.read_bytes()}
    found = {}
    if path.is_dir():
        for entry in sorted(path.rglob("*")):
            name = str(entry.relative_to(path))
            if entry.is_symlink():
                found[name] = f"link to {os.readlink(entry)}"
            elif entry.is_dir():
                found[name] = "folder"
            else:
                found[name] = entry.read_bytes()
    return found


def fresh(path, before, inputs):
    """An empty folder with what stands there before the program runs."""
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir(parents=True)
    for name, source in before.items():
        source = inputs / source
        copy = shutil.copytree if source.is_dir() else shutil.copy
        copy(source, pathlib.Path(path) / name)
