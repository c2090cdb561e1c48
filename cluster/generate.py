"""Makes a dataset on a cluster: each task runs `scanbench generate --shard I/N`, and the lines become one Parquet table
that is partitioned by day.

    spark-submit cluster/generate.py --binary scanbench --scenario suite --shards 8 --output DATASET

Every machine needs the binary (a path, or a file given with `--files scanbench`), and OUTPUT must be a folder that all of
them see. A shard is made in a folder of its own task and renamed when it is whole, so a task that dies or runs twice
changes nothing: the same shard has the same bytes.

OUTPUT/shards/000..N-1   datasets as `scanbench generate` makes them: labels, manifest, and in the first the truth
OUTPUT/W3CIISLog         all lines as Parquet, partitioned by day
"""

import argparse
import os
import pathlib
import shutil
import subprocess
import tempfile

from pyspark import SparkFiles
from pyspark.sql import SparkSession, functions


def make_shard(number, options):
    """Makes one shard; returns its number of lines of text on standard error, for the driver's log."""
    target = pathlib.Path(options["output"]) / "shards" / f"{number - 1:03}"
    if (target / "manifest.json").exists():
        return f"{target.name}: there already"
    binary = options["binary"]
    if not os.path.isabs(binary) and shutil.which(binary) is None:
        binary = SparkFiles.get(binary)
    target.parent.mkdir(parents=True, exist_ok=True)
    # Beside the target, so that it can be renamed.
    work = pathlib.Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
    try:
        command = [binary, "generate", options["scenario"], "-o", str(work / "set"), "--format", "parquet",
                   "--threads", "1", "--shard", f"{number}/{options['shards']}", *options["more"]]  # fmt: skip
        done = subprocess.run(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
        if done.returncode != 0:
            raise RuntimeError(f"{' '.join(command)} ended with {done.returncode}: {done.stderr.strip()}")
        try:
            (work / "set").rename(target)
        except OSError:
            # Another attempt of this task was first; what it made is the same.
            if not (target / "manifest.json").exists():
                raise
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return f"{target.name}: {done.stderr.strip().splitlines()[-1]}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--binary", default="scanbench", help="the program, on every machine")
    parser.add_argument("--scenario", required=True, help="a built-in one, or a file that every machine sees")
    parser.add_argument("--shards", type=int, default=8, help="tasks")
    parser.add_argument("--output", required=True, help="a folder that every machine sees")
    parser.add_argument("more", nargs="*", help="further options of `scanbench generate`, behind --")
    options = vars(parser.parse_args())
    options["output"] = os.path.abspath(options["output"])
    if os.path.exists(options["scenario"]):
        options["scenario"] = os.path.abspath(options["scenario"])

    spark = SparkSession.builder.appName("scanbench generate").config("spark.sql.session.timeZone", "UTC").getOrCreate()
    numbers = spark.sparkContext.parallelize(range(1, options["shards"] + 1), options["shards"])
    for told in numbers.map(lambda number: make_shard(number, options)).collect():
        print(told)

    # Servers log different fields, so files have different columns.
    logs = f"{options['output']}/shards/*/logs"
    table = spark.read.option("recursiveFileLookup", "true").option("mergeSchema", "true").parquet(logs)
    days = table.withColumn("day", functions.to_date("TimeGenerated"))
    days.write.mode("overwrite").partitionBy("day").parquet(f"{options['output']}/W3CIISLog")
    lines = spark.read.parquet(f"{options['output']}/W3CIISLog").count()
    print(f"{lines} lines in {options['output']}/W3CIISLog")
    spark.stop()


if __name__ == "__main__":
    main()
