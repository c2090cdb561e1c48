"""Exports random exclusion lists as KQL and SQL, runs them in independent engines, and compares the rows that are left.

    tests/peers/install
    target/kql-venv/bin/python tests/peers/exclusion_rows.py --binary target/release/scanbench [--lists 60] [--seed 1]

For each list, on logs that are random too: `scanbench exclusions export --to kql-query` runs in duckdb-kql, `--to sql`
in DuckDB, `--to kql` (lists of stage "event" only) stands in a query written here; and each must return the rows that
`scanbench detect --exclusions` returns: bin, client, computer, server address, lines and ports.

Lists are drawn from all that the targets can say. The logs are split here, naively, with nothing of scanbench's reader.
What this is not: duckdb-kql is not Kusto. The functions on addresses and zones that it lacks are added here with
Python's ipaddress and zoneinfo modules, which share no code with scanbench or with the SQL that it writes.

Exit code: 0 equal, 1 a difference, 2 something needed is missing.
"""

import argparse
import collections
import datetime
import functools
import ipaddress
import json
import pathlib
import random
import subprocess
import sys
import tempfile
import zoneinfo

import duckdb
import duckdb_kql
from duckdb_kql.translate import functions

START = datetime.datetime(2026, 10, 24, 20, 0)  # a Saturday; Berlin leaves summer time at 01:00Z of the next day
CLIENTS = ["10.0.0.10", "10.0.0.11", "192.168.7.3", "2001:db8::7", "2001:db8:1::8", "fe80::1", "-"]
SERVERS = ["10.0.0.1", "10.0.0.2", "2001:db8:ff::1"]
AGENTS = ["-", "Nessus", "Mozilla/5.0+(Nessus+10)", "curl/8.5", "nessus'\"\\", "GÉRARD+x", "gérard", "aab+aa"]
STEMS = ["/", "/admin", "/Admin/x", "/a%20b", "/é"]
FIELDS = "date time s-computername s-ip cs-uri-stem s-port c-ip cs(User-Agent) cs-host sc-status sc-bytes time-taken"
STRINGS = ["Computer", "sIP", "csUriStem", "cIP", "csUserAgent", "csHost", "scStatus"]
LONGS = ["scBytes", "TimeTaken"]


# Logs.


def log(dice):
    lines = ["#Software: Microsoft Internet Information Services 10.0", "#Fields: " + FIELDS]
    rows = []
    moment = START
    for _ in range(dice.randint(2, 9)):
        moment += datetime.timedelta(minutes=dice.choice([3, 10, 47, 180, 720]))
        client, server = dice.choice(CLIENTS), dice.choice(SERVERS)
        computer = dice.choice(["WEB01", "web01", "WEB02"])
        agents, stems = dice.sample(AGENTS, dice.randint(1, 3)), dice.sample(STEMS, dice.randint(1, 2))
        first, count = 8000 + dice.randint(0, 20), dice.choice([28, 30, 33, 45, 140])
        for port in [*range(first, first + count), None]:
            time = moment + datetime.timedelta(seconds=dice.randint(0, 400))
            rows.append(
                (time, computer, server, dice.choice(stems), port, client, dice.choice(agents), dice.choice(["-", "a.example"]),
                 dice.choice(["200", "404", "503", "-"]), dice.choice([0, 500, 12345, None]), dice.choice([1, 15, 40000, None]))
            )  # fmt: skip
    rows.sort(key=lambda row: row[0])
    for time, *rest in rows:
        lines.append(" ".join([f"{time:%Y-%m-%d %H:%M:%S}", *("-" if value is None else str(value) for value in rest)]))
    return "\n".join(lines) + "\n", rows


def write_table(rows, path):
    with open(path, "w", encoding="utf-8") as out:
        for time, computer, server, stem, port, client, agent, host, status, sent, taken in rows:
            out.write(json.dumps({
                "TimeGenerated": f"{time:%Y-%m-%d %H:%M:%S}", "Computer": computer, "sIP": server, "csUriStem": stem,
                "sPort": port, "cIP": client, "csUserAgent": agent, "csHost": host, "scStatus": status, "scBytes": sent,
                "TimeTaken": taken,
            }) + "\n")  # fmt: skip


def source(path):
    types = {name: "VARCHAR" for name in STRINGS} | {name: "BIGINT" for name in LONGS}
    types |= {"sPort": "INTEGER", "TimeGenerated": "TIMESTAMP"}
    return f"SELECT * FROM read_json('{path}', format = 'newline_delimited', columns = {types})"


# Lists.


def texts(dice, values):
    pieces = [value[a : a + dice.randint(1, 4)] for value in values for a in [dice.randint(0, max(0, len(value) - 1))]]
    kind = dice.choice(["equals", "contains", "starts-with", "ends-with", "has", "regex"])
    if kind == "regex":
        wanted = dice.sample(["^N.ss", "[0-9]+$", "us|curl", "^/?a", "é", "x\\+?", "^-$", "\\pL{2}", "(?i)NESSUS", "[^[:alpha:]/]"], 2)
    else:
        wanted = dice.sample(values if kind == "equals" else pieces, 2)
    return {kind: wanted, "ignore-case": dice.random() < 0.4}


def moment(dice):
    return f"{START + datetime.timedelta(minutes=dice.randint(0, 2000)):%Y-%m-%dT%H:%M:%SZ}"


def condition(dice):
    kind = dice.choice(["c-ip", "c-ip", "s-ip", "s-port", "s-port", "sc-status", "sc-bytes", "TimeTaken", "cs-user-agent",
                        "cs-uri-stem", "Computer", "cs-host", "time"])  # fmt: skip
    if kind in ("c-ip", "s-ip"):
        nets = ["10.0.0.10", "10.0.0.0/24", "10.0.0.2-10.0.0.10", "192.168.0.0/16", "2001:db8::/32", "2001:db8::7",
                "2001:db8::1-2001:db8:1::7", "0.0.0.0/0", "::/0"]  # fmt: skip
        value = dice.sample(nets, dice.randint(1, 2))
    elif kind == "s-port":
        value = dice.sample([8001, 8030, "8010-8020", "8000-8050", "8031-65535", "0-8011"], dice.randint(1, 2))
    elif kind == "sc-status":
        value = dice.sample([200, 404, "400-499", "404-", "0-300"], 2)
    elif kind == "sc-bytes":
        value = dice.sample([0, "1-1000", "600-"], 1)
    elif kind == "TimeTaken":
        value = dice.sample([15, "10-20", "1000-"], 1)
    elif kind == "cs-user-agent":
        value = texts(dice, AGENTS)
    elif kind == "cs-uri-stem":
        value = texts(dice, STEMS)
    elif kind == "Computer":
        value = dice.choice([["WEB01"], {"equals": "web01", "ignore-case": True}])
    elif kind == "cs-host":
        value = dice.choice([["-"], ["a.example"]])
    else:
        hours = dice.sample(range(24), 2)
        value = {
            "days": dice.sample(["mon", "tue", "wed", "thu", "fri", "sat", "sun"], dice.choice([1, 2, 6])),
            "from": f"{hours[0]:02}:{dice.choice([0, 30]):02}",
            "to": f"{hours[1]:02}:00",
            "zone": dice.choice(["UTC", "+05:30", "-03:00", "Europe/Berlin", "America/New_York"]),
        }
    return ("not-" if dice.random() < 0.3 else "") + kind, value


def exclusions(dice, only_event):
    entries = []
    for number in range(dice.randint(1, 4)):
        entry = {"id": f"x{number}", "reason": "random */ -- // \n | take 0", "stage": "event"}
        if not only_event and dice.random() < 0.5:
            entry["stage"] = "alert"
        entry["match"] = dict(condition(dice) for _ in range(dice.choice([1, 1, 2, 3])))
        if dice.random() < 0.2:
            entry["starts"] = moment(dice)
        if dice.random() < 0.2:
            entry["expires"] = moment(dice)
        if entry.get("starts", "") >= entry.get("expires", "9"):
            del entry["starts"]
        entry["enabled"] = dice.random() < 0.9
        entries.append(entry)
    return {"version": 1, "exclusion": entries}


# Engines.


@functools.cache
def network(text):
    return ipaddress.ip_network(text)


def in_range(version):
    def inside(address, net):
        try:
            parsed = ipaddress.ip_address(address)
        except ValueError:
            return None
        return parsed.version == version and parsed in network(net)

    return inside


def to_local(moment, zone):
    local = moment.replace(tzinfo=datetime.UTC).astimezone(zoneinfo.ZoneInfo(zone))
    return local.replace(tzinfo=None)


def connect(table):
    connection = duckdb_kql.connect()
    connection.create_function("py_v4", in_range(4), ["VARCHAR", "VARCHAR"], "BOOLEAN", null_handling="special")
    connection.create_function("py_v6", in_range(6), ["VARCHAR", "VARCHAR"], "BOOLEAN", null_handling="special")
    connection.create_function("py_local", to_local, ["TIMESTAMP", "VARCHAR"], "TIMESTAMP")
    for name, template in [
        ("ipv4_is_in_range", "py_v4({0}, {1})"),
        ("ipv6_is_in_range", "py_v6({0}, {1})"),
        ("datetime_utc_to_local", "py_local({0}, {1})"),
    ]:
        functions.SCALAR_FUNCTIONS[name] = functions.FunctionSpec(name, "template", template, (2,))
    connection.execute(f"CREATE TABLE W3CIISLog AS {source(table)}")
    return connection


def as_rows(relation):
    columns = [name.lower() for name in relation.columns]
    wanted = [columns.index(name) for name in ("timegenerated", "cip", "computer", "sip", "connectionscount", "portcount")]
    rows = collections.Counter()
    for values in relation.fetchall():
        time, *rest = [values[index] for index in wanted]
        rows[(f"{time:%Y-%m-%dT%H:%M:%SZ}", *rest)] += 1
    return rows


KQL_QUERY = """W3CIISLog
{filter}| summarize portCount = min_of(array_length(make_set(sPort)), 128), ConnectionsCount = count()
  by bin(TimeGenerated, 10m), cIP, Computer, sIP
| where portCount >= 30"""


def scanbench(binary, *arguments):
    done = subprocess.run([binary, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if done.returncode != 0:
        sys.exit(f"exclusion_rows: {' '.join(arguments)} ended with {done.returncode}: {done.stderr}")
    return done.stdout


def check(binary, dice, work):
    only_event = dice.random() < 0.4
    text, rows = log(dice)
    folder, table, list_file = work / "logs", work / "table.ndjson", work / "list.json"
    folder.mkdir(exist_ok=True)
    (folder / "u_ex.log").write_text(text, encoding="utf-8")
    write_table(rows, table)
    listed = exclusions(dice, only_event)
    list_file.write_text(json.dumps(listed), encoding="utf-8")
    ours = collections.Counter()
    for line in scanbench(
        binary, "detect", str(folder), "--exclusions", str(list_file), "--format", "ndjson"
    ).splitlines():
        row = json.loads(line)
        ours[tuple(row[name] for name in ("TimeGenerated", "cIP", "Computer", "sIP", "ConnectionsCount", "portCount"))] += 1

    differences = []

    def compare(target, run):
        exported = scanbench(binary, "exclusions", "export", str(list_file), "--to", target)
        try:
            theirs = as_rows(run(exported))
        except Exception as error:  # the engines raise many kinds
            differences.append(f"{target}: {type(error).__name__}: {str(error)[:500]}")
            return
        for row in (theirs - ours) + (ours - theirs):
            who = "the engine" if row in theirs else "scanbench"
            differences.append(f"{target}: only in {who}: {row}\n{exported}")

    connection = connect(table)
    compare("kql-query", lambda exported: duckdb_kql.query(connection, exported))
    if only_event:
        compare("kql", lambda exported: duckdb_kql.query(connection, KQL_QUERY.format(filter=exported)))
    plain = duckdb.connect()
    plain.execute(f"CREATE TABLE W3CIISLog AS {source(table)}")

    def run_sql(exported):
        *macros, query = [part for part in exported.split(";\n") if part.strip()]
        for macro in macros:
            plain.execute(macro)
        return plain.sql(query)

    compare("sql", run_sql)
    every = scanbench(binary, "detect", str(folder), "--format", "ndjson").count("\n")
    return listed, differences, sum(ours.values()), every


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--binary", required=True, help="the scanbench to check")
    parser.add_argument("--lists", type=int, default=60, help="how many lists")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    left = without = failed = 0
    with tempfile.TemporaryDirectory() as work:
        for number in range(arguments.lists):
            dice = random.Random(f"{arguments.seed} {number}")
            listed, differences, rows, every = check(arguments.binary, dice, pathlib.Path(work))
            left += rows
            without += every
            if differences:
                failed += 1
                print(f"list {number} differs:\n{json.dumps(listed)}")
                for difference in differences[:3]:
                    print(f"  {difference}")
    print(
        f"{arguments.lists} random lists, seed {arguments.seed}: {without} rows without exclusions, {left} left; "
        f"KQL and SQL {'equal' if not failed else f'DIFFERENT in {failed}'}"
    )
    if not 0 < left < without:
        print("exclusion_rows: exclusions took nothing or everything: nothing was compared", file=sys.stderr)
        return 2
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
