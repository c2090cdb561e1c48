"""DataFusion over its own CSV reader: counts only."""

from common import THRESHOLD, arguments, print_row
from datafusion import SessionConfig, SessionContext

options = arguments()
log = options.log
context = SessionContext(SessionConfig().with_target_partitions(options.threads))
columns = ", ".join(f'"{name}" VARCHAR' for name in log.columns)
# Quotes cannot be switched off; a control character stands in for the quote, which no field of a log begins with.
context.sql(
    f"CREATE EXTERNAL TABLE log ({columns}) STORED AS CSV LOCATION {log.path_sql()} OPTIONS ("
    "'format.has_header' 'false', 'format.delimiter' ' ', 'format.comment' '#', 'format.quote' '\x01')"
)
result = context.sql(
    f'SELECT "date", substr("time", 1, 4), c_ip, {log.computer()} AS host, s_ip, '
    "count(DISTINCT TRY_CAST(s_port AS INTEGER)) AS ports, count(*) AS connections "
    f'FROM log GROUP BY "date", substr("time", 1, 4), c_ip, host, s_ip HAVING ports >= {THRESHOLD}'
)
for batch in result.collect():
    for row in zip(*(column.to_pylist() for column in batch.columns), strict=True):
        print_row(*row)
