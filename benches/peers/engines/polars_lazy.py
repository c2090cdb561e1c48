"""Polars' lazy CSV scan with its streaming engine: counts only."""

import os
import sys

from common import THRESHOLD, arguments, print_row

options = arguments()
os.environ["POLARS_MAX_THREADS"] = str(options.threads)  # read when polars is imported

import polars as pl  # noqa: E402


def lines(log):
    computer = pl.col("computer") if "computer" in log.columns else pl.lit(log.folder_name)
    return pl.scan_csv(
        log.path,
        separator=" ",
        has_header=False,
        comment_prefix="#",
        quote_char=None,
        schema={name: pl.String for name in log.columns},
        empty_string_is_null=False,
    ).select(
        pl.col("date"),
        pl.col("time").str.slice(0, 4),
        pl.col("c_ip"),
        computer.alias("host"),
        pl.col("s_ip"),
        pl.col("s_port").cast(pl.Int32, strict=False),
    )


rows = (
    pl.concat([lines(log) for log in options.logs])
    .group_by("date", "time", "c_ip", "host", "s_ip")
    .agg(pl.col("s_port").drop_nulls().n_unique().alias("ports"), pl.len().alias("connections"))
    .filter(pl.col("ports") >= THRESHOLD)
    .collect(engine="streaming")
)
for row in rows.iter_rows():
    print_row(*row)
sys.stdout.flush()
