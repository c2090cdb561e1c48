"""Scores of random alerts by scanbench, held against scikit-learn and statsmodels.

    tests/peers/install-statistics
    target/statistics-venv/bin/python tests/peers/scores.py --binary target/release/scanbench

A dataset is generated; of its truth random alerts are made (some true keys, some benign ones, some that nobody has),
and given to `evaluate --alerts`. What is independent here: keys, labels and counts are taken from the truth's own files
by the lines below, F1, MCC, precision and recall come from scikit-learn, Wilson's and Clopper and Pearson's intervals from
statsmodels; of trials in clusters, Wilson's too, of the effective number of trials, with scipy's t.

Exit code: 0 equal, 1 a difference.
"""

import argparse
import json
import pathlib
import random
import subprocess
import sys
import tempfile

import numpy
from scipy.stats import norm, t
from sklearn.metrics import f1_score, matthews_corrcoef, precision_score, recall_score
from statsmodels.stats.proportion import proportion_confint

RANK = {"malicious": 0, "authorised": 1, "look-alike": 2}


def lines(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def near(what, found, expected, room=1e-9):
    if (found is None) != (expected is None) or (found is not None and abs(found - expected) > room):
        sys.exit(f"{what}: scanbench {found}, peer {expected}")


def share(what, found, clusters):
    """Holds a share and its interval against the peer's; `clusters` has the hits (0 or 1) of each cluster."""
    trials = [hit for cluster in clusters.values() for hit in cluster]
    near(f"{what} hits", found["hits"], sum(trials))
    near(f"{what} trials", found["of"], len(trials))
    if not trials:
        near(what, found["value"], None)
        return
    near(what, found["value"], numpy.mean(trials))
    interval, count = found["interval"], len(clusters)
    if interval is None:
        if count > 1:
            sys.exit(f"{what}: no interval of {count} clusters")
        return
    if sum(trials) in (0, len(trials)):
        method, room = "clopper-pearson", 1e-9
        low, high = proportion_confint(count if sum(trials) else 0, count, method="beta")
    elif count == len(trials):
        method, room = "wilson", 1e-9
        low, high = proportion_confint(sum(trials), count, method="wilson")
    else:
        method, room = "clustered-wilson", 1e-7
        hits, sizes = numpy.array([(sum(cluster), len(cluster)) for cluster in clusters.values()]).T
        rate = hits.sum() / sizes.sum()
        variance = count * numpy.var(hits - rate * sizes, ddof=1) / sizes.sum() ** 2
        trials_worth = min(rate * (1 - rate) / variance, sizes.sum())
        # Wilson's interval by statsmodels, which takes a level: the one whose normal quantile is the t quantile.
        alpha = 2 * norm.sf(t.ppf(0.975, count - 1))
        low, high = proportion_confint(rate * trials_worth, trials_worth, alpha=alpha, method="wilson")
    if interval["method"] != method:
        sys.exit(f"{what}: {interval['method']} where {method} is due")
    near(f"{what} low", interval["low"], low, room)
    near(f"{what} high", interval["high"], high, room)


def compare(binary, dataset, scratch, seed):
    rng = random.Random(seed)
    campaigns = {one["id"]: one for one in lines(dataset / "truth/campaigns.jsonl")}
    windows = lines(dataset / "truth/windows.jsonl")
    rows = [one for one in windows if rng.random() < rng.choice([0.05, 0.3, 0.9])]
    nobody = [dict(windows[0], c_ip=f"198.51.100.{n}", campaigns=[]) for n in range(rng.randrange(40))]
    rows += nobody
    alerts = scratch / "alerts.ndjson"
    alerts.write_text(
        "".join(
            json.dumps({"TimeGenerated": r["bin"], "cIP": r["c_ip"], "Computer": r["computer"], "sIP": r["s_ip"]}) + "\n"
            for r in rows
        )
    )
    subprocess.run(
        [binary, "evaluate", dataset, "--alerts", alerts, "-o", scratch / "report"],
        check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    report = json.loads((scratch / "report/report.json").read_text())
    score = report["without_exclusions"]

    def gravest(row):
        return min((campaigns[one] for one in row["campaigns"]), key=lambda one: RANK[one["class"]], default=None)

    def owner(row):
        one = gravest(row)
        return one["id"] if one else "client " + row["c_ip"]

    def kind(row):
        one = gravest(row)
        return one["class"] if one else "background"

    precision = {}
    for row in rows:
        if kind(row) != "authorised":
            precision.setdefault(owner(row), []).append(int(kind(row) == "malicious"))
    share("bin precision", score["bin_precision"], precision)
    caught = {name for row in rows for name in row["campaigns"]}
    recall = {name: [int(name in caught)] for name, one in campaigns.items() if one["class"] == "malicious"}
    share("campaign recall", score["campaign_recall"], recall)

    # All keys as decisions: those of the truth, the alerts of nobody, and as many silent benign ones as are left.
    decided = [(kind(row) == "malicious", row in rows) for row in windows if kind(row) != "authorised"]
    decided += [(False, True)] * len(nobody)
    authorised = sum(kind(row) == "authorised" for row in windows)
    decided += [(False, False)] * (report["reach"]["keys"] - authorised - len(decided))
    truth, fired = zip(*decided)
    bins = score["bins"]
    near("recall by key", bins["recall"], recall_score(truth, fired))
    near("F1", bins["f1"], f1_score(truth, fired))
    near("MCC", bins["mcc"], matthews_corrcoef(truth, fired))
    precision = precision_score(truth, fired)
    near("precision by key", bins["true_positives"] / (bins["true_positives"] + bins["false_positives"]), precision)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--binary", required=True, type=lambda path: pathlib.Path(path).resolve())
    parser.add_argument("--scenario", default="suite")
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        scratch = pathlib.Path(folder)
        dataset = scratch / "dataset"
        subprocess.run(
            [arguments.binary, "generate", arguments.scenario, "-o", dataset],
            check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        for seed in range(arguments.rounds):
            compare(arguments.binary, dataset, scratch, seed)
    print(f"{arguments.rounds} random sets of alerts on {arguments.scenario}: all scores and intervals equal")


main()
