"""Counts the lines of a dataset's logs with three readers that share nothing with it, and fails where one of them
counts otherwise than the manifest or finds a bad line."""

import json
import subprocess
import sys
from pathlib import Path

from dissect.target.plugins.apps.webserver.iis import parse_w3c_format_log


class Target:
    """As much of dissect's target as its parser asks for."""

    hostname = domain = name = "dataset"
    path = Path("/")

    class log:
        bad = 0

        @classmethod
        def warning(cls, *_args, **_rest):
            cls.bad += 1


class BytesPath:
    """A path that opens as bytes, as a target's paths do."""

    def __init__(self, path):
        self.path = path

    def open(self):
        return self.path.open("rb")

    def __fspath__(self):
        return str(self.path)


def dissect(path):
    Target.log.bad = 0
    parsed = sum(1 for record in parse_w3c_format_log(Target, BytesPath(path)) if record.ts and record.client_ip)
    return parsed, Target.log.bad


# GoAccess's own W3C format is that of one set of fields; for others it wants to be told. It knows registered verbs only,
# while IIS logs whatever it is sent (real scanners send ABCD and get), so the verb is passed over.
GOACCESS = {
    "date": "%d", "time": "%t", "cs-uri-stem": "%U", "cs-uri-query": "%q", "c-ip": "%h",
    "cs(User-Agent)": "%u", "cs(Referer)": "%R", "sc-status": "%s", "sc-bytes": "%b", "time-taken": "%L",
}


def goaccess(path):
    sections, fields = {}, None
    with path.open("rb") as log:
        for line in log:
            if line.startswith(b"#Fields: "):
                fields = tuple(line.decode().split()[1:])
            elif not line.startswith(b"#"):
                sections.setdefault(fields, []).append(line)
    good = bad = 0
    for fields, lines in sections.items():
        out = subprocess.run(
            ["goaccess", "-", "--log-format=" + " ".join(GOACCESS.get(field, "%^") for field in fields),
             "--date-format=%Y-%m-%d", "--time-format=%H:%M:%S", "--no-global-config", "--no-progress", "-o", "json"],
            capture_output=True, check=True, input=b"".join(lines),
        )
        general = json.loads(out.stdout)["general"]
        good, bad = good + general["valid_requests"], bad + general["failed_requests"]
    return good, bad


def lnav(path):
    out = subprocess.run(
        ["lnav", "-n", "-c", ";SELECT count(*) AS n FROM w3c_log", "-c", ":write-json-to -", str(path)],
        capture_output=True, check=True, stdin=subprocess.DEVNULL,
    )
    return json.loads(out.stdout)[0]["n"], 0


def main(dataset):
    manifest = json.loads((dataset / "manifest.json").read_text())
    logs = [file for file in manifest["files"] if file["path"].startswith("logs/")]
    wrong, totals = [], {}
    for reader in (goaccess, lnav, dissect):
        for file in logs:
            good, bad = reader(dataset / file["path"])
            totals[reader.__name__] = totals.get(reader.__name__, 0) + good
            if (good, bad) != (file["entries"], 0):
                wrong.append(f"{reader.__name__} {file['path']}: {good} good, {bad} bad, {file['entries']} expected")
    entries = sum(file["entries"] for file in logs)
    counted = ", ".join(f"{name} {count}" for name, count in totals.items())
    print(f"{dataset.name}: {entries} lines in {len(logs)} logs; {counted}", flush=True)
    for line in wrong:
        print(f"  {line}", flush=True)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
