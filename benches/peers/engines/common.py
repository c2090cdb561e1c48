"""What the engines share: their command line, the columns of logs, and how a row is printed."""

import argparse
import json
import pathlib
import re
import sys

THRESHOLD = 30
CAP = 128

# The names that the engines give to the fields that the rule uses.
NAMES = {
    "date": "date",
    "time": "time",
    "c-ip": "c_ip",
    "s-ip": "s_ip",
    "s-port": "s_port",
    "s-computername": "computer",
    "s-sitename": "site",
    "cs-method": "method",
    "cs-uri-query": "query",
    "cs-username": "username",
    "cs(User-Agent)": "agent",
    "sc-status": "status",
    "sc-substatus": "substatus",
    "sc-win32-status": "win32",
}


class Log:
    """A log and its columns, from the first #Fields line: the engines' readers cannot follow a change of it."""

    def __init__(self, path):
        self.path = str(pathlib.Path(path).absolute())
        with open(self.path, encoding="utf-8", errors="replace") as lines:
            for line in lines:
                if line.startswith("#Fields:"):
                    fields = line.split()[1:]
                    break
                if not line.startswith("#"):
                    sys.exit(f"{path}: no #Fields line before the first entry")
        self.columns = [NAMES.get(field, f"other{number}") for number, field in enumerate(fields)]
        missing = [name for name in ("date", "time", "c_ip", "s_ip", "s_port") if name not in self.columns]
        if missing:
            sys.exit(f"{path}: no column for {', '.join(missing)}")
        folder = pathlib.Path(self.path).parent
        if re.fullmatch(r"W3SVC\d+", folder.name):
            folder = folder.parent
        self.folder_name = folder.name

    def computer(self):
        """Computer as SQL: s-computername, else the folder above W3SVC<id>, else the file's folder."""
        if "computer" in self.columns:
            return "computer"
        return "'" + self.folder_name.replace("'", "''") + "'"

    def path_sql(self):
        return "'" + self.path.replace("'", "''") + "'"


def union(logs, select):
    """SQL for all logs one below the other: each has columns of its own, and its server's name."""
    return " UNION ALL ".join(select(log) for log in logs)


def arguments(*flags):
    parser = argparse.ArgumentParser()
    parser.add_argument("logs", type=Log, nargs="+", metavar="LOG")
    parser.add_argument("--threads", type=int, default=2)
    for flag in flags:
        parser.add_argument(f"--{flag}", action="store_true")
    return parser.parse_args()


def print_row(date, time4, c_ip, computer, s_ip, ports, connections, sets=None):
    """`time4`: the first four characters of the time, which name its ten minutes. `sets`: their sizes by name."""
    row = {
        "bin": f"{date}T{time4}0:00Z",
        "c_ip": c_ip,
        "computer": computer,
        "s_ip": s_ip,
        "ports": ports,
        "connections": connections,
    }
    if sets is not None:
        row["sets"] = sets
    print(json.dumps(row, ensure_ascii=False))
