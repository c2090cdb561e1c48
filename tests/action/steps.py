"""Runs the steps of action.yml as GitHub would: inputs by their defaults, expressions filled in, each step by the shell it
names, in a repository of somebody who uses the action. Asserts what is decided, never how long something took.

usage: steps.py [--build]      (called by tests/action/run)

With --build the action's repository is a clean clone of this one, on top of which the rule's threshold is off by one:
change and base are built there, and the gates must see it.
"""

import os
import pathlib
import re
import subprocess
import sys
import tempfile

import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
GOOD = """version = 1
[[exclusion]]
id = "maintenance"
reason = "a host that nobody has"
stage = "event"
match.c-ip = ["203.0.113.77"]
"""
# Hides the attack from inside that the scenario `default` has, whatever the seed.
WIDE = GOOD.replace('"203.0.113.77"', '"192.168.0.0/16"')
DETECTOR = """name = "theirs"
command = ["{here}/detector.sh", "{logs}"]
"""


def git(folder, *arguments):
    identity = ["-c", "user.name=test", "-c", "user.email=test@example.com", "-c", "commit.gpgsign=false"]
    done = subprocess.run(["git", "-C", folder, *identity, *arguments], check=True, capture_output=True, text=True)
    return done.stdout.strip()


class Run:
    """What one use of the action came to."""

    def __init__(self, action, workspace, scratch, inputs, environment):
        described = yaml.safe_load((action / "action.yml").read_text())
        unknown = set(inputs) - set(described["inputs"])
        assert not unknown, f"the action has no input {unknown}"
        context = {"github.event.pull_request.base.sha": ""}
        for name, one in described["inputs"].items():
            context[f"inputs.{name}"] = inputs.get(name, self.fill(one.get("default", ""), context))
        files = {name: scratch / name.lower() for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}
        for file in files.values():
            file.write_text("")
        base = {key: os.environ[key] for key in ("PATH", "HOME", "CARGO_HOME", "RUSTUP_HOME", "CARGO_BUILD_JOBS") if key in os.environ}
        base |= {"GITHUB_ACTION_PATH": str(action), "GITHUB_WORKSPACE": str(workspace), "CI": "true"} | environment
        base |= {name: str(file) for name, file in files.items()}
        self.code, self.told = 0, ""
        for step in described["runs"]["steps"]:
            assert step["shell"] == "bash", step
            assert "${{" not in step["run"], "an expression in a script would be run"
            script = scratch / "step.sh"
            script.write_text(step["run"])
            variables = {name: self.fill(value, context) for name, value in step.get("env", {}).items()}
            done = subprocess.run(
                ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", str(script)],
                cwd=workspace, env=base | variables, capture_output=True, text=True, stdin=subprocess.DEVNULL,
            )
            self.told += done.stdout + done.stderr
            self.code = done.returncode
            if self.code != 0:
                break
        lines = files["GITHUB_OUTPUT"].read_text().splitlines()
        outputs = dict(line.split("=", 1) for line in lines)
        context |= {f"steps.suite.outputs.{name}": value for name, value in outputs.items()}
        self.outputs = {name: self.fill(one["value"], context) for name, one in described["outputs"].items()}
        self.summary = files["GITHUB_STEP_SUMMARY"].read_text()

    @staticmethod
    def fill(text, context):
        return re.sub(r"\$\{\{\s*(.*?)\s*\}\}", lambda found: context.get(found[1], ""), str(text))

    def expect(self, code, *words):
        """The exit code, and words that must be told."""
        assert self.code == code, f"exit code {self.code}, expected {code}:\n{self.told}"
        for word in words:
            assert word in self.told, f"{word!r} is not told:\n{self.told}"


def their_repository(folder, program):
    """A repository with an exclusion list and a detector; gives its two commits: a narrow list, a wide one."""
    folder.mkdir()
    git(folder, "init", "--quiet")
    (folder / "exclusions.toml").write_text(GOOD)
    (folder / "detector.toml").write_text(DETECTOR)
    script = folder / "detector.sh"
    script.write_text(f'#!/bin/sh\nexec "{program}" detect "$1" --format ndjson\n')
    script.chmod(0o755)
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "-m", "narrow")
    narrow = git(folder, "rev-parse", "HEAD")
    (folder / "exclusions.toml").write_text(WIDE)
    git(folder, "commit", "--quiet", "--all", "-m", "wide")
    return narrow, git(folder, "rev-parse", "HEAD")


def theirs(scratch, program):
    """Somebody else's repository, with a program that is built."""
    action = scratch / "action"
    git(ROOT, "clone", "--quiet", str(ROOT), str(action))
    # What is not committed yet is tested too.
    for name in ("action.yml", "benches/ci"):
        (action / name).write_bytes((ROOT / name).read_bytes())
        (action / name).chmod((ROOT / name).stat().st_mode)
    workspace = scratch / "theirs"
    narrow, wide = their_repository(workspace, program)
    count = 0

    def use(inputs, environment=None):
        nonlocal count
        count += 1
        folder = scratch / f"run-{count}"
        folder.mkdir()
        inputs = {"rounds": "3", "output": str(folder / "report")} | inputs
        found = Run(action, workspace, folder, inputs, {"SCANBENCH": str(program)} | (environment or {}))
        assert git(workspace, "worktree", "list").count("\n") == 0, "a worktree of the base is left"
        assert git(workspace, "status", "--porcelain") == "", "the workspace is not as it was"
        return found, folder / "report"

    # The wide list hides the attack from inside in each of six datasets: by chance that is 1 in 64.
    found, report = use({"seeds": "1..6", "exclusions": "exclusions.toml", "base": narrow, "detectors": "detector.toml"})
    found.expect(1, "6 malicious campaigns were lost")
    assert found.outputs == {"verdict": "failed", "report": str(report)}, found.outputs
    assert found.summary == (report / "summary.md").read_text()
    assert "accuracy FAILS" in found.summary and "6 malicious campaigns were lost" in found.summary, found.summary
    assert narrow in found.summary and "theirs" in found.summary, found.summary
    files = {str(path.relative_to(report)) for path in report.rglob("*") if path.is_file()}
    wanted = {"summary.md", "evaluation/report.json", "evaluation/junit.xml", "limits/junit.xml", "bench/bench.json", "base/report.json", "base/bench.json"}
    assert wanted <= files, files

    # Nothing changed: the scores hold, whatever the machine's noise makes of the times.
    found, report = use({"scenario": "minimal", "seeds": "1..6", "exclusions": "exclusions.toml", "base": wide})
    assert "limits hold, accuracy holds" in found.summary, found.told
    assert found.code == (0 if found.outputs["verdict"] == "held" else 1), found.told

    # A list that the base does not have.
    git(workspace, "mv", "exclusions.toml", "renamed.toml")
    git(workspace, "commit", "--quiet", "-m", "renamed")
    found, report = use({"scenario": "minimal", "exclusions": "renamed.toml", "base": wide, "detectors": " detector.toml \n\n"})
    assert "the base has no renamed.toml" in found.summary and not (report / "base/report.json").exists(), found.told

    # Gates, one a line: each that does not hold is told, the one that holds is not. `minimal` has one scan, which is
    # caught: one of one is 2.5 to 100 % (Clopper and Pearson).
    gates = {"fail-under": "recall=0.02\nrecall=0.9\n", "fail-over": "\n alerts-per-day=0 \n"}
    found, report = use({"scenario": "minimal"} | gates)
    found.expect(1, "under 0.9", "over 0")
    assert "under 0.02" not in found.told
    assert "not compared" not in found.summary and not (report / "base").exists()
    found, report = use({"scenario": "minimal", "fail-under": "recall=0.02"})
    found.expect(0)
    assert found.outputs["verdict"] == "held" and "every gate holds" in found.summary

    # Bad input, with the exit code of its kind, and no summary that looks like a result.
    odd = scratch / "odd.toml"
    odd.write_text("version = 1\n[[server]]\nnme = 'x'\n")
    for code, inputs, word in [
        (2, {"scenario": "$(touch pwned)`touch pwned`;touch pwned"}, "pwned"),
        (2, {"scenario": "minimal", "base": "--help"}, "is not here"),
        (2, {"scenario": "minimal", "base": "0" * 40}, "fetch-depth"),
        (2, {"scenario": "minimal", "seeds": "6..1"}, "from the lower to the higher"),
        (2, {"scenario": "minimal", "seeds": "a[$(touch pwned)]"}, "--seeds"),
        (2, {"scenario": "minimal", "install": "maybe"}, "expected true or false"),
        (2, {"scenario": "minimal", "fail-under": "beauty=1"}, "beauty"),
        (3, {"scenario": str(odd)}, "nme"),
    ]:
        found, report = use(inputs)
        found.expect(code, word)
        assert not found.summary and not (report / "summary.md").exists(), inputs
        assert found.outputs["verdict"] == ""
        assert not list(workspace.rglob("pwned")), "an input was run"
    found, _ = use({"scenario": "minimal"}, {"SCANBENCH": str(scratch / "absent")})
    found.expect(2, "which is no program")
    return count


def ours(scratch):
    """A clean clone of this repository, with a bug on top."""
    clone = scratch / "clone"
    git(ROOT, "clone", "--quiet", str(ROOT), str(clone))
    good = git(clone, "rev-parse", "HEAD")
    git(clone, "apply", str(ROOT / "tests/mutations/threshold-exclusive.patch"))
    git(clone, "commit", "--quiet", "--all", "-m", "a bug")
    folder = scratch / "run"
    folder.mkdir()
    inputs = {"seeds": "1..6", "rounds": "3", "base": good, "output": str(folder / "report")}
    found = Run(clone, clone, folder, inputs, {})
    print(found.summary.split("<details>")[0])
    # 20 rows of the scenario `boundaries` have 30 ports.
    found.expect(1, "missing-rows is 20, over 0")
    assert "limits FAIL" in found.summary


def main():
    with tempfile.TemporaryDirectory() as scratch:
        scratch = pathlib.Path(scratch).resolve()
        if sys.argv[1:] == ["--build"]:
            ours(scratch)
            print("action: built in a clean clone, change and base, and the bug was seen")
            return
        program = pathlib.Path(os.environ.get("SCANBENCH", ROOT / "target/release/scanbench")).resolve()
        print(f"action: {theirs(scratch, program)} uses, each as expected")


main()
