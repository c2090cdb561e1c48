"""What the two benches of peers share: processes that are measured, the machine, medians, and how they speak."""

import json
import os
import pathlib
import platform
import re
import statistics
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent


def measure(command, out, err):
    """What one command took: seconds, memory, exit code. A process of its own starts it, see measure.py."""
    starter = [sys.executable, "-I", "-S", str(HERE / "measure.py"), str(out), str(err)]
    done = subprocess.run([*starter, *command], stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout) | {"load": round(os.getloadavg()[0], 2)}


def cpu(run):
    return run["user_s"] + run["sys_s"]


def ratio(runs, base, of):
    """The median of the ratios within each round: what drifts between rounds drops out."""
    return statistics.median(of(one) / of(other) for one, other in zip(runs, base, strict=True))


def wanted(name, options):
    """Whether `--only` and `--skip` leave an engine of this name."""
    name = name.lower()
    return (not options.only or any(text.lower() in name for text in options.only)) and not any(
        text.lower() in name for text in options.skip
    )


def machine():
    processor = platform.processor() or platform.machine()
    try:
        found = re.search(r"^model name\s*:\s*(.+)$", pathlib.Path("/proc/cpuinfo").read_text(), re.MULTILINE)
        processor = found[1] if found else processor
    except OSError:
        pass
    return {"processor": processor, "cores": os.cpu_count(), "system": f"{platform.system()} {platform.release()}"}


def shown(command, names):
    """A command line as others can read it, without this machine's folders."""
    return [names.get(word, word.replace(f"{HERE}/", "")) for word in command]


def keep(report, text, folder, stem):
    """Writes the raw runs and the table, and prints the table."""
    folder.mkdir(parents=True, exist_ok=True)
    stem = f"{stem}-{report['date'].replace(':', '')}"
    (folder / f"{stem}.json").write_text(json.dumps(report, indent=1) + "\n")
    (folder / f"{stem}.md").write_text(text)
    print(text, end="")
    say(f"raw runs: {folder / stem}.json")


def say(text):
    print(text, file=sys.stderr, flush=True)


def fail(text, code=1):
    say(f"{pathlib.Path(sys.argv[0]).name}: {text}")
    sys.exit(code)
