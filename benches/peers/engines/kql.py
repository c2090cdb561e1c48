"""The rule's own KQL text in two engines that know the language: duckdb-kql (on DuckDB) and chDB's dialect.

    kql.py LOG... [--threads N] [--engine duckdb-kql|chdb] [--query FILE]

prints the rows with the sizes of their sets; the query is ../../detectors/rule.kql if nobody names another. tests/peers/kql_rows.py imports the two functions and compares values.

Neither engine is Kusto. The functions that they lack are added here: makeset with its documented cap, arraylength, and
for duckdb-kql tohex and url_decode. A failed conversion in tohex is "" as in Kusto, where strings have no null.
"""

import json
import re
import tempfile

CAP = 128
STRINGS = {  # column of the W3CIISLog table: the name of the field in common.NAMES
    "cIP": "c_ip",
    "csMethod": "method",
    "csUriQuery": "query",
    "csUserAgent": "agent",
    "csUserName": "username",
    "scStatus": "status",
    "scSubStatus": "substatus",
    "scWin32Status": "win32",
    "sIP": "s_ip",
    "sSiteName": "site",
    "Computer": "computer",
}


def duckdb_kql_rows(query, source, cap=CAP, threads=2):
    """Rows of the query, as dictionaries. `source`: SQL that selects what the table W3CIISLog holds."""
    import duckdb_kql
    from duckdb_kql.translate import functions

    def scalar(name, template):
        functions.SCALAR_FUNCTIONS[name] = functions.FunctionSpec(name, "template", template, (1,))

    scalar("tohex", "coalesce(lower(to_hex({0})), '')")
    scalar("url_decode", "url_decode({0})")
    scalar("arraylength", "len({0})")
    functions.AGGREGATE_FUNCTIONS["makeset"] = functions.AggregateSpec(
        "makeset",
        f"coalesce(list(DISTINCT {{0}}) FILTER (WHERE {{0}} IS NOT NULL), [])[:{cap}]",
        (1,),
        name_prefix="set",
    )

    connection = duckdb_kql.connect(config={"threads": threads})
    connection.execute(f"CREATE VIEW W3CIISLog AS {source}")
    relation = duckdb_kql.query(connection, query)
    columns = relation.columns
    for values in relation.fetchall():
        row = dict(zip(columns, values, strict=True))
        row["TimeGenerated"] = row["TimeGenerated"].strftime("%Y-%m-%dT%H:%M:%SZ")
        yield row


def chdb_rows(query, source, cap=CAP, threads=2):
    """As duckdb_kql_rows."""
    from chdb import session

    # The dialect names no aggregate by itself: makeset(X) becomes set_X = makeset(X). And its tohex of null is null.
    names = iter(["set_sPort", "set_sPort1"])
    query = re.sub(
        r"(?<!= )makeset\((\w+)\)",
        lambda call: f"{next(names) if call[1] == 'sPort' else 'set_' + call[1]} = {call[0]}",
        query,
    )
    query = re.sub(r"tohex\(tolong\(\w+\)\)", r"strcat(\g<0>)", query)

    with tempfile.TemporaryDirectory() as folder:
        connection = session.Session(folder)
        for statement in (
            "SET session_timezone = 'UTC'",
            f"CREATE VIEW W3CIISLog AS {source}",
            "CREATE FUNCTION arraylength AS (x) -> length(x)",
            f"CREATE FUNCTION makeset AS (x) -> groupUniqArray({cap})(x)",
            f"SET max_threads = {threads}, output_format_json_quote_64bit_integers = 0",
            "SET allow_experimental_kusto_dialect = 1",
            "SET dialect = 'kusto'",
        ):
            connection.query(statement)
        text = str(connection.query(query, "JSONEachRow"))
        connection.close()
    for line in text.splitlines():
        row = json.loads(line)
        row["TimeGenerated"] = row["TimeGenerated"][:19].replace(" ", "T") + "Z"
        yield row


ENGINES = {"duckdb-kql": duckdb_kql_rows, "chdb": chdb_rows}


def duckdb_source(log):
    """The log as the table W3CIISLog, by DuckDB's CSV reader."""
    columns = {name: "VARCHAR" for name in log.columns}
    strings = ", ".join(f"{here(log, name, repr(''))} AS {column}" for column, name in STRINGS.items())
    return (
        f"""SELECT CAST("date" || ' ' || "time" AS TIMESTAMP) AS TimeGenerated, """
        f"TRY_CAST(s_port AS INTEGER) AS sPort, {strings} FROM read_csv({log.path_sql()}, delim = ' ', quote = '', "
        f"escape = '', comment = '#', header = false, auto_detect = false, strict_mode = false, columns = {columns})"
    )


def chdb_source(log):
    """The log as the table W3CIISLog, by lines split at blanks."""
    field = {name: f"field[{number}]" for number, name in enumerate(log.columns, start=1)}
    strings = ", ".join(f"{field.get(name, here(log, name, repr('')))} AS {column}" for column, name in STRINGS.items())
    return (
        f"WITH splitByChar(' ', line) AS field SELECT toDateTime64({field['date']} || ' ' || {field['time']}, 7) "
        f"AS TimeGenerated, toInt32OrNull({field['s_port']}) AS sPort, {strings} "
        f"FROM file({log.path_sql()}, LineAsString, 'line String') WHERE NOT startsWith(line, '#')"
    )


def here(log, name, absent):
    if name == "computer":
        return log.computer()
    return name if name in log.columns else absent


def main():
    import argparse
    import pathlib

    from common import Log, print_row, union

    parser = argparse.ArgumentParser()
    parser.add_argument("logs", type=Log, nargs="+", metavar="LOG")
    rule = pathlib.Path(__file__).resolve().parents[2] / "detectors/rule.kql"
    parser.add_argument("--query", type=pathlib.Path, default=rule)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--engine", choices=ENGINES, default="duckdb-kql")
    options = parser.parse_args()
    query = options.query.read_text(encoding="utf-8")
    source = union(options.logs, {"duckdb-kql": duckdb_source, "chdb": chdb_source}[options.engine])
    for row in ENGINES[options.engine](query, source, threads=options.threads):
        date, time = row["TimeGenerated"].split("T")
        sets = {name: len(values) for name, values in row.items() if name.startswith("set_")}
        print_row(
            date, time[:4], row["cIP"], row["Computer"], row["sIP"], row["portCount"], row["ConnectionsCount"], sets
        )


if __name__ == "__main__":
    main()
