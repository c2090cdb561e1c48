"""Runs the rule's own query in independent KQL engines and compares every value of every row with scanbench's.

    tests/peers/install
    SCANBENCH_RULE_QUERY=query.kql target/kql-venv/bin/python tests/peers/kql_rows.py \
        --binary target/release/scanbench --scenario default tests/hand_counted

Each PATH is a folder of logs or a dataset; each --scenario is generated first. For each engine and each folder:

1. with makeset's documented cap of 128: same rows, same counts; a set that reached the cap (here and there) holds 128
   values, all from the set without a cap, since which 128 survive is not documented; all other sets equal;
2. without a cap (scanbench detect --set-limit 0): all 16 columns equal, sets as sets.

What this is independent of: the logs are split here, naively, with nothing of scanbench's reader; the query's text is
read from the file and parsed, planned and run by the engine. What it is not: neither engine is Kusto. The functions
that they lack are added in benches/peers/engines/kql.py (makeset with its cap, arraylength; for duckdb-kql also tohex
and url_decode), so what those four do is our reading of Kusto's documentation, checked here only against a second writing of the same reading.

Exit code: 0 equal (or SCANBENCH_RULE_QUERY not set: nothing was checked, and that is said), 1 a difference,
2 something needed is missing.
"""

import argparse
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "benches/peers/engines"))
from kql import CAP, ENGINES  # noqa: E402

WITHOUT_CAP = 1048576  # make_set's own limit

# Column of the W3CIISLog table: field of the log.
FIELDS = {
    "cIP": "c-ip",
    "csMethod": "cs-method",
    "csUriStem": "cs-uri-stem",
    "csUriQuery": "cs-uri-query",
    "csUserAgent": "cs(User-Agent)",
    "csUserName": "cs-username",
    "scStatus": "sc-status",
    "scSubStatus": "sc-substatus",
    "scWin32Status": "sc-win32-status",
    "sIP": "s-ip",
    "sSiteName": "s-sitename",
}
STRINGS = [*FIELDS, "Computer"]

# Columns of the result, in the order of the query's `project`.
COLUMNS = [
    "TimeGenerated", "cIP", "set_sPort", "set_csUserName", "set_decodedUriQuery", "Computer", "set_sSiteName", "sIP",
    "set_csUserAgent", "set_csMethod", "set_scStatusFull", "set_scStatusFull_Friendly", "set_scWin32Status_Hex",
    "set_scWin32Status_Friendly", "ConnectionsCount", "portCount",
]  # fmt: skip
KEY = ["TimeGenerated", "cIP", "Computer", "sIP"]
SETS = [name for name in COLUMNS if name.startswith("set_")]


# The logs, as rows of the W3CIISLog table.


def table(folder, fields=FIELDS):
    """The rows of the W3CIISLog table that the logs of a folder make: split at blanks, nothing cleverer."""
    logs = sorted(folder.rglob("*.log"))
    if not logs:
        sys.exit(f"kql_rows: no *.log under {folder}")
    for log in logs:
        site = log.parent
        collected_from = site.parent.name if re.fullmatch(r"W3SVC\d+", site.name) else site.name
        names = []
        with open(log, encoding="utf-8", newline="\n") as lines:
            for line in lines:
                line = line.rstrip("\r\n")
                if line.startswith("#Fields:"):
                    names = line.split()[1:]
                if line.startswith("#") or not line:
                    continue
                values = dict(zip(names, line.split(" "), strict=True))
                row = {column: values.get(field, "") for column, field in fields.items()}
                port = values.get("s-port", "-")
                row["sPort"] = None if port == "-" else int(port)
                row["Computer"] = values.get("s-computername", collected_from)
                row["TimeGenerated"] = f"{values['date']} {values['time']}"
                yield row


def write_table(folder, path):
    """Writes the table as NDJSON, which both engines read with their own readers; returns the number of rows."""
    count = 0
    with open(path, "w", encoding="utf-8") as out:
        for row in table(folder):
            out.write(json.dumps(row) + "\n")
            count += 1
    return count


# What each engine reads the table with: its own reader of NDJSON.


def duckdb_source(table_file):
    types = {column: "VARCHAR" for column in STRINGS} | {"sPort": "INTEGER", "TimeGenerated": "TIMESTAMP"}
    return f"SELECT * FROM read_json('{table_file}', format = 'newline_delimited', columns = {types})"


def chdb_source(table_file):
    columns = [f"{column} String" for column in STRINGS] + ["sPort Nullable(Int32)", "TimeGenerated DateTime64(7)"]
    return f"SELECT * FROM file('{table_file}', JSONEachRow, '{', '.join(columns)}')"


SOURCES = {"duckdb-kql": duckdb_source, "chdb": chdb_source}


# The comparison.


def scanbench_rows(binary, folder, arguments):
    command = [binary, "detect", str(folder), "--format", "ndjson", *arguments]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if done.returncode != 0:
        sys.exit(f"kql_rows: {' '.join(command)} ended with {done.returncode}: {done.stderr}")
    return (json.loads(line) for line in done.stdout.splitlines())


def by_key(rows, who, differences):
    """Rows by their key; sets as sets."""
    result = {}
    for row in rows:
        missing = [name for name in COLUMNS if name not in row]
        if missing:
            differences.append(f"{who} has no column {', '.join(missing)}")
            continue
        key = tuple(row[name] for name in KEY)
        if key in result:
            differences.append(f"{who} has two rows for {key}")
        for name in SETS:
            values = row[name]
            row[name] = set(values)
            if len(values) != len(row[name]):
                differences.append(f"{who} has a value twice in {name} of {key}")
        result[key] = row
    return result


def compare(engine, ours, whole, differences):
    """`whole`: the engine's rows without a cap, where the sets of `engine` and `ours` may be capped."""
    for key in engine.keys() - ours.keys():
        differences.append(f"missing in scanbench: {key}, portCount {engine[key]['portCount']}")
    for key in ours.keys() - engine.keys():
        differences.append(f"only in scanbench: {key}, portCount {ours[key]['portCount']}")
    for key in sorted(engine.keys() & ours.keys()):
        for name in COLUMNS:
            theirs, mine = engine[key][name], ours[key][name]
            if theirs == mine:
                continue
            if name in SETS and whole and len(theirs) == len(mine) == CAP < len(whole[key][name]):
                strays = sorted(map(str, (theirs | mine) - whole[key][name]))
                if strays:
                    differences.append(f"{key} {name}: capped, but holds {strays[:5]}")
                continue
            if name in SETS:
                theirs, mine = sorted(map(str, theirs - mine))[:5], sorted(map(str, mine - theirs))[:5]
                differences.append(f"{key} {name}: only in the engine {theirs}, only in scanbench {mine}")
            else:
                differences.append(f"{key} {name}: engine {theirs!r}, scanbench {mine!r}")


def check(engine, query, binary, folder, label, work):
    table_file = work / "table.ndjson"
    lines = write_table(folder, table_file)
    differences = []
    rows_of = ENGINES[engine]
    source = SOURCES[engine](table_file)
    try:
        whole = by_key(rows_of(query, source, WITHOUT_CAP), f"{engine} without a cap", differences)
        capped = by_key(rows_of(query, source, CAP), engine, differences)
    except Exception as error:  # the engines raise many kinds, some with the whole query in the message
        print(f"{label}: {engine} failed: {type(error).__name__}: {str(error)[:600]}", flush=True)
        return False, 0
    ours = by_key(scanbench_rows(binary, folder, []), "scanbench", differences)
    ours_whole = by_key(scanbench_rows(binary, folder, ["--set-limit", "0"]), "scanbench without a cap", differences)
    compare(whole, ours_whole, None, differences)
    compare(capped, ours, whole, differences)
    reached = sum(len(row[name]) == CAP for row in capped.values() for name in SETS)
    print(
        f"{label}: {engine}: {lines} lines, {len(capped)} rows by {len(COLUMNS)} columns, "
        f"{reached} sets at the cap: {'equal' if not differences else 'DIFFERENT'}",
        flush=True,
    )
    for difference in differences[:40]:
        print(f"  {difference}")
    if len(differences) > 40:
        print(f"  and {len(differences) - 40} more")
    return not differences, len(capped)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("paths", nargs="*", type=pathlib.Path, metavar="PATH", help="folders of logs, or datasets")
    parser.add_argument("--binary", required=True, help="the scanbench to check")
    parser.add_argument("--scenario", action="append", default=[], help="generate this scenario and check its dataset")
    parser.add_argument("--engine", action="append", choices=ENGINES, help="default: all")
    arguments = parser.parse_args()

    query_file = os.environ.get("SCANBENCH_RULE_QUERY")
    if not query_file:
        print("kql_rows: SCANBENCH_RULE_QUERY names no query: NOTHING WAS CHECKED")
        return 0
    try:
        query = pathlib.Path(query_file).read_text(encoding="utf-8")
    except OSError as error:
        print(f"kql_rows: cannot read the rule's query: {error}", file=sys.stderr)
        return 2

    passed = failed = rows = 0
    with tempfile.TemporaryDirectory() as work:
        work = pathlib.Path(work)
        folders = [(str(path), path) for path in arguments.paths]
        for scenario in arguments.scenario:
            dataset = work / f"dataset-{len(folders)}"
            subprocess.run(
                [arguments.binary, "generate", scenario, "-o", dataset], check=True, stdout=subprocess.DEVNULL
            )
            folders.append((scenario, dataset))
        for label, folder in folders:
            for engine in arguments.engine or ENGINES:
                equal, found = check(engine, query, arguments.binary, folder, label, work)
                passed += equal
                failed += not equal
                rows += found
    if not failed and not rows:
        print("kql_rows: not one row was compared: give a PATH or --scenario that has some", file=sys.stderr)
        return 2
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
