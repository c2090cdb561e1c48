"""DuckDB over its own CSV reader: counts only, or (--sets) all the sets of the rule's row.

--tuned: the fastest query known for the same rows. For counts, typed columns and grouping by port first; for sets, two
passes, the second making sets of flagged groups only.
"""

import duckdb
from common import CAP, THRESHOLD, arguments, print_row, union

# The codes that the rule's two `case` expressions name. What the names are costs nothing and is left out.
STATUS = ["401.0", "401.1", "401.2", "401.3", "401.4", "401.5", "403.0", "403.4"]
WIN32 = ["775", "52e", "532", "533", "2ee2", "0", "1", "2", "3", "4", "5", "8009030e", "8009030c"]

SETS = {
    "set_sPort": "port",
    "set_csUserName": "username",
    "set_decodedUriQuery": "url_decode(query)",
    "set_sSiteName": "site",
    "set_csUserAgent": "agent",
    "set_csMethod": "method",
    "set_scStatusFull": "status_full",
    "set_scStatusFull_Friendly": "status_friendly",
    "set_scWin32Status_Hex": "hex",
    "set_scWin32Status_Friendly": "win32_friendly",
}


def case(value, codes):
    whens = " ".join(f"WHEN {value} = '{code}' THEN 'The documented name of {code}'" for code in codes)
    return f"CASE {whens} ELSE 'See the documentation' END"


options = arguments("sets", "tuned")
connection = duckdb.connect(config={"threads": options.threads})


def source(log, types={}, more=""):
    columns = {name: types.get(name, "VARCHAR") for name in log.columns}
    return (
        f"read_csv({log.path_sql()}, delim = ' ', quote = '', escape = '', comment = '#', header = false, "
        f"auto_detect = false, strict_mode = false, {more} columns = {columns})"
    )


def lines(log, more=""):
    return (
        f'SELECT "date" AS day, "time"[:4] AS time4, c_ip, {log.computer()} AS host, s_ip, '
        f"TRY_CAST(s_port AS INTEGER) AS port {more} FROM {source(log)}"
    )


def all_lines(log):
    """With what the sets are made of; a field that the log has not is empty, as in the rule's table."""
    have = {name: name if name in log.columns else "''" for name in ("username", "query", "site", "agent", "method")}
    fields = ", ".join(f"{value} AS {name}" for name, value in have.items())
    status = " || '.' || ".join(name if name in log.columns else "''" for name in ("status", "substatus"))
    return lines(log, f", {fields}, {status} AS status_full, {'win32' if 'win32' in log.columns else repr('')} AS win32")


group = "GROUP BY day, time4, c_ip, host, s_ip"

if options.sets:
    flagged, wanted = "", "lines"
    if options.tuned:
        flagged = f"""
            ports AS (SELECT *, count(*) AS connections FROM ({union(options.logs, lines)}) GROUP BY ALL),
            flagged AS MATERIALIZED (SELECT day, time4, c_ip, host, s_ip FROM ports {group}
                HAVING count(port) >= {THRESHOLD}),"""
        wanted = "lines SEMI JOIN flagged USING (day, time4, c_ip, host, s_ip)"
    query = f"""
        WITH lines AS ({union(options.logs, all_lines)}),
        {flagged}
        coded AS (SELECT *, coalesce(lower(to_hex(TRY_CAST(win32 AS BIGINT))), '') AS hex FROM {wanted}),
        named AS (SELECT *, {case("status_full", STATUS)} AS status_friendly,
            {case("hex", WIN32)} AS win32_friendly FROM coded)"""
    made = ", ".join(
        f"coalesce(list(DISTINCT {value}) FILTER ({value} IS NOT NULL), [])[:{CAP}] AS {name}"
        for name, value in SETS.items()
    )
    rows = connection.execute(
        f"{query} SELECT day, time4, c_ip, host, s_ip, count(*) AS connections, {made} FROM named {group} "
        f"HAVING len(set_sPort) >= {THRESHOLD}"
    ).fetchall()
    for *key, connections, ports, username, query, site, agent, method, status, friendly, hexes, win32 in rows:
        made = [ports, username, query, site, agent, method, status, friendly, hexes, win32]
        print_row(*key, len(ports), connections, dict(zip(SETS, map(len, made), strict=True)))
elif options.tuned:
    # Typed columns, and ports counted as groups instead of as a set in each group. nullstr makes "-" null everywhere.
    types = {"date": "DATE", "time": "TIME", "s_port": "INTEGER"}

    def typed_lines(log):
        return (
            f'SELECT "date" AS day, epoch_ms("time") // 600000 AS bin, c_ip, {log.computer()} AS host, s_ip, s_port '
            f"FROM {source(log, types, more='nullstr = $$-$$,')}"
        )

    rows = connection.execute(
        f"""WITH ports AS (
            SELECT *, count(*) AS connections FROM ({union(options.logs, typed_lines)}) GROUP BY ALL)
        SELECT CAST(day AS VARCHAR), bin, coalesce(c_ip, '-'), coalesce(host, '-'), coalesce(s_ip, '-'),
            count(s_port) AS ports, CAST(sum(connections) AS BIGINT)
        FROM ports GROUP BY day, bin, c_ip, host, s_ip HAVING ports >= {THRESHOLD}"""
    ).fetchall()
    for day, number, *row in rows:
        print_row(day, f"{number // 6:02}:{number % 6}", *row)
else:
    rows = connection.execute(
        f"WITH lines AS ({union(options.logs, lines)}) "
        "SELECT day, time4, c_ip, host, s_ip, count(DISTINCT port) AS ports, count(*) AS connections "
        f"FROM lines {group} HAVING ports >= {THRESHOLD}"
    ).fetchall()
    for row in rows:
        print_row(*row)
