"""DataFusion over its own CSV reader: counts only."""

from common import THRESHOLD, arguments, print_row, union
from datafusion import SessionConfig, SessionContext

options = arguments()
context = SessionContext(SessionConfig().with_target_partitions(options.threads))



# Quotes cannot be switched off; a control character stands in for the quote, which no field of a log begins with.
def lines(log):
    name = f"log{options.logs.index(log)}"
    columns = ", ".join(f'"{name}" VARCHAR' for name in log.columns)
    context.sql(
        f"CREATE EXTERNAL TABLE {name} ({columns}) STORED AS CSV LOCATION {log.path_sql()} OPTIONS ("
        "'format.has_header' 'false', 'format.delimiter' ' ', 'format.comment' '#', 'format.quote' '\x01')"
    )
    return (
        f'SELECT "date" AS day, substr("time", 1, 4) AS time4, c_ip, {log.computer()} AS host, s_ip, '
        f"TRY_CAST(s_port AS INTEGER) AS port FROM {name}"
    )


result = context.sql(
    "SELECT day, time4, c_ip, host, s_ip, count(DISTINCT port) AS ports, count(*) AS connections "
    f"FROM ({union(options.logs, lines)}) GROUP BY day, time4, c_ip, host, s_ip HAVING ports >= {THRESHOLD}"
)
for batch in result.collect():
    for row in zip(*(column.to_pylist() for column in batch.columns), strict=True):
        print_row(*row)
