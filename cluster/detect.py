"""Runs the rule over W3CIISLog on a cluster, by the SQL that `scanbench rule export --to spark-sql` writes.

    scanbench rule export --to spark-sql --exclusions exclusions.toml > rule.sql
    spark-submit cluster/detect.py --sql rule.sql --table DATASET/W3CIISLog --output rows

--table is a folder of Parquet, or the name of a table of the catalogue (Sentinel's data lake, Unity Catalog). Bins divide
a day and the table is partitioned by day, so --from and --to read only what they need. Rows go to --output as JSON, one a
line, or to standard output.
"""

import argparse
import os

from pyspark.sql import SparkSession, functions


# The columns of W3CIISLog that rules and exclusions look at; what no server logged is null.
COLUMNS = {
    **dict.fromkeys(
        ["Computer", "cIP", "csCookie", "csHost", "csMethod", "csReferer", "csUriQuery", "csUriStem", "csUserAgent",
         "csUserName", "csVersion", "sIP", "sSiteName", "scStatus", "scSubStatus", "scWin32Status"], "string"),
    **dict.fromkeys(["csBytes", "scBytes", "TimeTaken"], "long"),
    "sPort": "int",
}  # fmt: skip


def run(spark, sql):
    """The rows of an exported rule, over the view W3CIISLog."""
    *statements, query = [part for part in sql.split(";\n") if part.strip()]
    for statement in statements:
        spark.sql(statement)
    return spark.sql(query)


def view(spark, table, first=None, last=None):
    """Makes the view W3CIISLog of a folder of Parquet or a table of the catalogue."""
    if is_folder(table):
        # Servers log different fields, so files have different columns.
        reader = spark.read.option("mergeSchema", "true").option("recursiveFileLookup", str(not has_days(table)).lower())
        frame = reader.parquet(table)
    else:
        frame = spark.table(table)
    if "day" in frame.columns:
        frame = frame.filter(functions.col("day") >= first) if first else frame
        frame = frame.filter(functions.col("day") <= last) if last else frame
    elif first or last:
        raise SystemExit(f"detect: {table} is not partitioned by day")
    for name, kind in COLUMNS.items():
        if name not in frame.columns:
            frame = frame.withColumn(name, functions.lit(None).cast(kind))
    frame.createOrReplaceTempView("W3CIISLog")


def is_folder(table):
    return "/" in table or os.path.isdir(table)


def has_days(table):
    return os.path.isdir(table) and any(name.startswith("day=") for name in os.listdir(table))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sql", required=True, help="what `scanbench rule export --to spark-sql` wrote")
    parser.add_argument("--table", required=True, help="a folder of Parquet, or a table of the catalogue")
    parser.add_argument("--from", dest="first", metavar="DAY", help="the first day, such as 2026-11-02")
    parser.add_argument("--to", dest="last", metavar="DAY", help="the last day")
    parser.add_argument("--output", help="a folder for the rows as JSON lines")
    options = parser.parse_args()
    with open(options.sql, encoding="utf-8") as file:
        sql = file.read()

    spark = SparkSession.builder.appName("scanbench detect").config("spark.sql.session.timeZone", "UTC").getOrCreate()
    view(spark, options.table, options.first, options.last)
    rows = run(spark, sql)
    if options.output:
        rows.write.mode("overwrite").json(options.output, timestampFormat="yyyy-MM-dd'T'HH:mm:ss'Z'")
    else:
        for row in rows.toJSON().toLocalIterator():
            print(row)
    spark.stop()


if __name__ == "__main__":
    main()
