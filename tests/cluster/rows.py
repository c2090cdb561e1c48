"""Spark against scanbench by itself. See tests/cluster/run.

1. cluster/generate.py with 8 shards: the lines, labels and truth of a single run, and no others.
2. cluster/detect.py's rows on every scenario, as published and with exclusions of both stages: those of `scanbench detect`,
   all 16 columns.
3. The same with a million clients.
4. One of the two executors is killed while the job runs: the same rows.

The cluster is Spark's local-cluster[2,1,1024]: a master and two workers, each a process with an executor process of its
own, so that lines and sets are serialised and shuffled as between machines.

Exit code: 0 equal, 1 a difference, 2 something needed is missing.
"""

import argparse
import collections
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
MASTER = "local-cluster[2,1,1024]"
EXCLUSIONS = ROOT / "tests/peers/both_stages.toml"

sys.path.insert(0, str(ROOT / "cluster"))
sys.path.insert(0, str(ROOT / "tests/peers"))
from kql_rows import COLUMNS  # noqa: E402


def scanbench(binary, *arguments):
    done = subprocess.run([binary, *map(str, arguments)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if done.returncode != 0:
        sys.exit(f"rows: {' '.join(map(str, arguments))} ended with {done.returncode}: {done.stderr}")
    return done.stdout


def session():
    from pyspark.sql import SparkSession

    builder = SparkSession.builder.master(MASTER).appName("scanbench test")
    for name, value in {
        "spark.sql.session.timeZone": "UTC",
        "spark.ui.enabled": "false",
        "spark.executor.memory": "900m",
        "spark.sql.shuffle.partitions": "4",
        "spark.log.level": "ERROR",
    }.items():
        builder = builder.config(name, value)
    return builder.getOrCreate()


def canonical(row):
    return json.dumps([row[name] for name in COLUMNS], ensure_ascii=False)


def spark_rows(spark, sql, table):
    import detect

    detect.view(spark, str(table))
    rows = []
    for row in detect.run(spark, sql).collect():
        row = row.asDict()
        row["TimeGenerated"] = row["TimeGenerated"].strftime("%Y-%m-%dT%H:%M:%SZ")
        rows.append(canonical(row))
    return collections.Counter(rows)


def native_rows(binary, dataset, options):
    lines = scanbench(binary, "detect", dataset, "--format", "ndjson", *options).splitlines()
    return collections.Counter(canonical(json.loads(line)) for line in lines)


def compare(what, theirs, ours):
    if theirs == ours:
        print(f"{what}: {sum(ours.values())} rows, equal", flush=True)
        return True
    for row in list((theirs - ours).elements())[:3]:
        print(f"{what}: only of Spark: {row[:400]}")
    for row in list((ours - theirs).elements())[:3]:
        print(f"{what}: only of scanbench: {row[:400]}")
    return False


def generation(binary, work):
    """cluster/generate.py against one run."""
    command = [sys.executable, str(ROOT / "cluster/generate.py"), "--binary", str(binary), "--scenario", "suite",
               "--shards", "8", "--output", str(work / "cluster")]  # fmt: skip
    environment = os.environ | {"PYSPARK_SUBMIT_ARGS": f"--master {MASTER} --conf spark.ui.enabled=false --executor-memory 900m pyspark-shell"}
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if done.returncode != 0:
        print(f"generate.py ended with {done.returncode}: {done.stderr[-2000:]}")
        return False
    whole = work / "whole"
    scanbench(binary, "generate", "suite", "--format", "parquet", "-o", whole)

    def files(root, name):
        return {path.relative_to(root): path.read_bytes() for path in sorted((root / name).rglob("*")) if path.is_file()}

    labels = {}
    for shard in sorted((work / "cluster/shards").iterdir()):
        of_shard = files(shard, "labels")
        if labels.keys() & of_shard.keys():
            print("a label file stands in two shards")
            return False
        labels |= of_shard
    is_equal = True
    if labels != files(whole, "labels"):
        print("the labels differ")
        is_equal = False
    if files(work / "cluster/shards/000", "truth") != files(whole, "truth"):
        print("the truth differs")
        is_equal = False
    return is_equal


def lines_equal(spark, work):
    """The lines of the table that generate.py wrote against those of one run."""
    shards = spark.read.parquet(str(work / "cluster/W3CIISLog"))
    reader = spark.read.option("recursiveFileLookup", "true").option("mergeSchema", "true")
    whole = reader.parquet(str(work / "whole/logs"))
    shards = shards.drop("day")
    if set(shards.columns) != set(whole.columns):
        print(f"the columns differ: {sorted(set(shards.columns) ^ set(whole.columns))}")
        return False
    whole = whole.select(shards.columns)
    counts = shards.count(), whole.count()
    strays = shards.exceptAll(whole).count(), whole.exceptAll(shards).count()
    print(f"generation by 8 shards: {counts[0]} lines, in one run {counts[1]}; only in one of them: {strays}", flush=True)
    return counts[0] == counts[1] > 0 and strays == (0, 0)


def executors():
    found = subprocess.run(["pgrep", "-f", "CoarseGrainedExecutorBackend"], stdout=subprocess.PIPE, text=True)
    return [int(pid) for pid in found.stdout.split()]


def with_a_kill(spark, run):
    """Runs a job, and kills an executor as soon as tasks of it are running. The number of executors killed."""
    killed = []
    is_done = threading.Event()
    tracker = spark.sparkContext.statusTracker()

    def kill():
        while not is_done.is_set() and not killed:
            for stage in tracker.getActiveStageIds():
                info = tracker.getStageInfo(stage)
                if info and info.numActiveTasks > 0:
                    victim = executors()[0]
                    os.kill(victim, signal.SIGKILL)
                    killed.append(victim)
                    break
            time.sleep(0.01)

    thread = threading.Thread(target=kill)
    thread.start()
    rows = run()
    is_done.set()
    thread.join()
    return rows, len(killed)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("scenario", nargs="*", help="default: all but throughput")
    parser.add_argument("--binary", required=True, type=pathlib.Path)
    arguments = parser.parse_args()
    binary = arguments.binary.resolve()
    listed = [line.split()[0] for line in scanbench(binary, "scenarios").splitlines() if line.strip()]
    scenarios = arguments.scenario or [name for name in listed if name != "throughput"]
    results = []
    with tempfile.TemporaryDirectory() as work:
        work = pathlib.Path(work)
        results.append(generation(binary, work))
        spark = session()
        results.append(lines_equal(spark, work))
        lists = {"": [], " with exclusions": ["--exclusions", EXCLUSIONS]}
        queries = {name: scanbench(binary, "rule", "export", "--to", "spark-sql", *options) for name, options in lists.items()}
        for scenario in scenarios:
            logs, tables = work / f"{scenario}-w3c", work / f"{scenario}-parquet"
            scanbench(binary, "generate", scenario, "-o", logs)
            scanbench(binary, "generate", scenario, "--format", "parquet", "-o", tables)
            for name, options in lists.items():
                theirs = spark_rows(spark, queries[name], tables / "logs")
                results.append(compare(scenario + name, theirs, native_rows(binary, logs, options)))

        # A million clients seen, of whom nearly all come once or twice.
        million = work / "million.toml"
        text = (ROOT / "scenarios/throughput.toml").read_text(encoding="utf-8")
        for old, new in [("sessions-per-day = 205000", "sessions-per-day = 2200000"), ("clients = 50000", "clients = 20000000")]:
            if old not in text:
                sys.exit(f"rows: scenarios/throughput.toml has no `{old}` any more")
            text = text.replace(old, new)
        million.write_text(text, encoding="utf-8")
        tables = work / "million"
        scanbench(binary, "generate", million, "--format", "parquet", "-o", tables)
        spark.read.option("recursiveFileLookup", "true").parquet(str(tables / "logs")).createOrReplaceTempView("everybody")
        lines, clients = spark.sql("SELECT count(*), count(DISTINCT cIP) FROM everybody").collect()[0]
        print(f"a million clients: {lines} lines of {clients} addresses", flush=True)
        results.append(clients > 1_000_000)
        ours = native_rows(binary, tables, [])
        results.append(compare("a million clients", spark_rows(spark, queries[""], tables / "logs"), ours))
        theirs, killed = with_a_kill(spark, lambda: spark_rows(spark, queries[""], tables / "logs"))
        print(f"executors killed: {killed}", flush=True)
        results.append(killed == 1)
        results.append(compare("a million clients, an executor killed", theirs, ours))
        spark.stop()
    failed = sum(not result for result in results)
    print(f"{len(results)} checks, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
