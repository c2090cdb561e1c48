"""Runs the rule as scanbench writes it for other engines, and compares every value of every row with scanbench's own.

    tests/peers/install
    target/kql-venv/bin/python tests/peers/rule_rows.py --binary target/release/scanbench [--scenario NAME]...

For each scenario (default: all that are built in) and each of several rules (as published; with exclusions of both
stages; another bin, threshold, key and limit): `scanbench rule export` writes KQL, run by duckdb-kql and by chDB's KQL
dialect, and SQL, run by DuckDB and by chDB; rows must be those of `scanbench detect`, all columns. In SQL a set that is
cut keeps its smallest values, as scanbench's do, so all sets are equal; in KQL which ones it keeps is up to the engine,
so a set that is cut is compared by its size.

Where SCANBENCH_RULE_QUERY names the published query, `rule import` must take it over, and what it exports again must give
the same rows.

Neither engine is Kusto; what is added to them is in benches/peers/engines/kql.py and below.

Exit code: 0 equal, 1 a difference, 2 something needed is missing.
"""

import argparse
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
sys.path.insert(0, str(HERE.parents[1] / "benches/peers/engines"))
from kql_rows import COLUMNS, FIELDS, KEY, SETS, table  # noqa: E402

EXTRA = {"csHost": "cs-host", "csCookie": "cs(Cookie)", "csReferer": "cs(Referer)"}
STRINGS = [*FIELDS, *EXTRA, "Computer"]

EXCLUSIONS = HERE / "both_stages.toml"

# Name, options, whether there are exclusions.
RULES = [
    ("as published", [], False),
    ("with exclusions", [], True),
    ("5 ports in 2 minutes of a client, sets of 40", ["--bin", "2m", "--threshold", "5", "--group-by", "c-ip", "--set-limit", "40"], False),
]


def duckdb_source(path):
    types = {column: "VARCHAR" for column in STRINGS} | {"sPort": "INTEGER", "TimeGenerated": "TIMESTAMP"}
    return f"SELECT * FROM read_json('{path}', format = 'newline_delimited', columns = {types})"


def chdb_source(path):
    columns = [f"{column} String" for column in STRINGS] + ["sPort Nullable(Int32)", "TimeGenerated DateTime64(7)"]
    return f"SELECT * FROM file('{path}', JSONEachRow, '{', '.join(columns)}')"


# The engines: each gives dictionaries.


def stamp(time):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ") if hasattr(time, "strftime") else str(time)[:19].replace(" ", "T") + "Z"


def duckdb_sql(text, path):
    import duckdb

    connection = duckdb.connect()
    connection.execute(f"CREATE TABLE W3CIISLog AS {duckdb_source(path)}")
    *functions, query = [part for part in text.split(";\n") if part.strip()]
    for function in functions:
        connection.execute(function)
    relation = connection.sql(query)
    for values in relation.fetchall():
        yield dict(zip(relation.columns, values, strict=True))


def chdb_sql(text, path):
    from chdb import session

    with tempfile.TemporaryDirectory() as folder:
        connection = session.Session(folder)
        connection.query("SET session_timezone = 'UTC'")
        connection.query(f"CREATE TABLE W3CIISLog ENGINE = MergeTree ORDER BY tuple() AS {chdb_source(path)}")
        connection.query("SET output_format_json_quote_64bit_integers = 0")
        rows = str(connection.query(text.strip().rstrip(";"), "JSONEachRow"))
        connection.close()
    for line in rows.splitlines():
        yield json.loads(line)


def duckdb_kql(text, path):
    import datetime
    import zoneinfo

    import duckdb_kql as engine
    from duckdb_kql.translate import functions
    from exclusion_rows import in_range

    def to_local(moment, zone):
        local = moment.replace(tzinfo=datetime.UTC).astimezone(zoneinfo.ZoneInfo(zone))
        return local.replace(tzinfo=None)

    connection = engine.connect()
    connection.create_function("py_v4", in_range(4), ["VARCHAR", "VARCHAR"], "BOOLEAN", null_handling="special")
    connection.create_function("py_v6", in_range(6), ["VARCHAR", "VARCHAR"], "BOOLEAN", null_handling="special")
    connection.create_function("py_local", to_local, ["TIMESTAMP", "VARCHAR"], "TIMESTAMP")
    for name, template, count in [
        ("ipv4_is_in_range", "py_v4({0}, {1})", 2),
        ("ipv6_is_in_range", "py_v6({0}, {1})", 2),
        ("datetime_utc_to_local", "py_local({0}, {1})", 2),
        ("tohex", "coalesce(lower(to_hex({0})), '')", 1),
        ("url_decode", "url_decode({0})", 1),
    ]:
        functions.SCALAR_FUNCTIONS[name] = functions.FunctionSpec(name, "template", template, (count,))
    functions.AGGREGATE_FUNCTIONS["make_set"] = functions.AggregateSpec(
        "make_set", "coalesce(list(DISTINCT {0}) FILTER (WHERE {0} IS NOT NULL), [])[:{1}]", (2,), name_prefix="set"
    )
    connection.execute(f"CREATE TABLE W3CIISLog AS {duckdb_source(path)}")
    relation = engine.query(connection, text)
    for values in relation.fetchall():
        yield dict(zip(relation.columns, values, strict=True))


def chdb_kql(text, path):
    from chdb import session

    # In this dialect tohex of null is null, comments are not read behind an operator, and make_set() has no limit.
    limit = re.search(r"make_set\(\w+, (\d+)\)", text)[1]
    text = re.sub(r"make_set\((\w+), \d+\)", r"scanbench_set(\1)", text)
    text = re.sub(r"tohex\(tolong\(\w+\)\)", r"strcat(\g<0>)", text)
    text = re.sub(r"^//.*\n", "", text, flags=re.MULTILINE)
    with tempfile.TemporaryDirectory() as folder:
        connection = session.Session(folder)
        for statement in (
            "SET session_timezone = 'UTC'",
            f"CREATE VIEW W3CIISLog AS {chdb_source(path)}",
            f"CREATE FUNCTION scanbench_set AS (x) -> groupUniqArray({limit})(x)",
            "SET output_format_json_quote_64bit_integers = 0",
            "SET allow_experimental_kusto_dialect = 1",
            "SET dialect = 'kusto'",
        ):
            connection.query(statement)
        rows = str(connection.query(text, "JSONEachRow"))
        connection.close()
    for line in rows.splitlines():
        yield json.loads(line)


# Name, target, whether a set that is cut keeps the smallest, whether it can say exclusions.
ENGINES = [
    ("duckdb-kql", "kql", duckdb_kql, False, True),
    # chDB's dialect has none of the functions on addresses and zones.
    ("chdb-kql", "kql", chdb_kql, False, False),
    ("duckdb", "duckdb-sql", duckdb_sql, True, True),
    ("chdb", "clickhouse-sql", chdb_sql, True, True),
]


def scanbench(binary, *arguments):
    done = subprocess.run([binary, *map(str, arguments)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if done.returncode != 0:
        sys.exit(f"rule_rows: {' '.join(map(str, arguments))} ended with {done.returncode}: {done.stderr}")
    return done.stdout


def by_key(rows):
    keyed = {}
    for row in rows:
        row["TimeGenerated"] = stamp(row["TimeGenerated"])
        for name in SETS:
            row[name] = set(row[name])
        key = tuple(row.get(name, "") for name in KEY)
        if key in keyed:
            sys.exit(f"rule_rows: two rows for {key}")
        keyed[key] = row
    return keyed


def differences(theirs, ours, limit, keeps_smallest):
    for key in sorted(theirs.keys() ^ ours.keys()):
        yield f"only in {'the engine' if key in theirs else 'scanbench'}: {key}"
    for key in sorted(theirs.keys() & ours.keys()):
        for name in COLUMNS:
            left, right = theirs[key].get(name, ""), ours[key][name]
            is_cut = name in SETS and not keeps_smallest and len(left) == len(right) == limit
            if left != right and not is_cut:
                yield f"{key} {name}: engine {left!r}, scanbench {right!r}"[:400]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--binary", required=True, help="the scanbench to check")
    parser.add_argument("--scenario", action="append", help="default: all but throughput, which is for speed")
    arguments = parser.parse_args()
    binary = arguments.binary
    listed = [line.split()[0] for line in scanbench(binary, "scenarios").splitlines() if line.strip()]
    scenarios = arguments.scenario or [name for name in listed if name != "throughput"]
    checked = failed = rows = 0
    with tempfile.TemporaryDirectory() as work:
        work = pathlib.Path(work)
        published = os.environ.get("SCANBENCH_RULE_QUERY")
        for scenario in scenarios:
            dataset = work / scenario
            scanbench(binary, "generate", scenario, "-o", dataset)
            path = work / "table.ndjson"
            with open(path, "w", encoding="utf-8") as out:
                out.writelines(json.dumps(row) + "\n" for row in table(dataset, FIELDS | EXTRA))
            told = []
            rules = RULES + ([("as imported", ["--rule", published], False)] if published else [])
            for name, options, has_exclusions in rules:
                options = [*options, *(["--exclusions", EXCLUSIONS] if has_exclusions else [])]
                lines = scanbench(binary, "detect", dataset, "--format", "ndjson", *options).splitlines()
                ours = by_key(json.loads(line) for line in lines)
                limit = 40 if "--set-limit" in options else 128
                rows += len(ours)
                for engine, target, run, keeps_smallest, says_exclusions in ENGINES:
                    if has_exclusions and not says_exclusions:
                        continue
                    text = scanbench(binary, "rule", "export", "--to", target, *options)
                    try:
                        found = list(differences(by_key(run(text, path)), ours, limit, keeps_smallest))
                    except Exception as error:  # the engines raise many kinds
                        found = [f"{type(error).__name__}: {str(error)[:600]}"]
                    checked += 1
                    failed += bool(found)
                    for difference in found[:5]:
                        print(f"{scenario}, {name}, {engine}: {difference}", flush=True)
                told.append(f"{name}: {len(ours)}")
            print(f"{scenario}: rows {'; '.join(told)}", flush=True)
    if not rows:
        print("rule_rows: not one row was compared", file=sys.stderr)
        return 2
    print(f"{checked} comparisons, {rows} rows, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
