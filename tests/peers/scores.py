"""Scores of random alerts by scanbench, held against scikit-learn, statsmodels and scipy.

    tests/peers/install-statistics
    target/statistics-venv/bin/python tests/peers/scores.py --binary target/release/scanbench

A dataset is generated; of its truth random alerts are made (some true keys, some benign ones, some that nobody has),
and given to `evaluate --alerts`. What is independent here: keys, labels and counts are taken from the truth's own files
by the lines below, F1, MCC, precision and recall come from scikit-learn, Wilson's and Clopper and Pearson's intervals from
statsmodels; of trials in clusters, Wilson's too, of the effective number of trials, with scipy's t. The comparison with
our own rows: McNemar's test from statsmodels, the drawn interval from scipy's bootstrap, and from the exact distribution
of what it draws. The points of a sweep and the cells of `edges` are in points.py.

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
import points
from held import RANK, lines, near, share
from scipy.stats import bootstrap
from sklearn.metrics import f1_score, matthews_corrcoef, precision_score, recall_score
from statsmodels.stats.contingency_tables import mcnemar


def exact_sums(values):
    """The probability of each sum of as many draws with repetition as there are values, of -1, 0 and 1."""
    one = numpy.array([sum(value == step for value in values) for step in (-1, 0, 1)]) / len(values)
    sums = numpy.array([1.0])
    for _ in values:
        sums = numpy.convolve(sums, one)
    return sums


def paired(what, found, here, there):
    """Holds a comparison against the peers'; `here` and `there` say of each campaign whether it has a row."""
    both = sum(here[one] and there[one] for one in here)
    only_here = [one for one in here if here[one] and not there[one]]
    only_there = [one for one in here if there[one] and not here[one]]
    neither = len(here) - both - len(only_here) - len(only_there)
    if (found["both"], found["only_here"], found["only_there"], found["neither"]) != (both, only_here, only_there, neither):
        sys.exit(f"{what}: scanbench {found}, peer {both} {only_here} {only_there} {neither}")
    table = [[both, len(only_here)], [len(only_there), neither]]
    near(f"{what} McNemar", found["chance"], mcnemar(table, exact=True).pvalue)
    values = numpy.array([int(here[one]) - int(there[one]) for one in here])
    near(f"{what} difference", found["difference"], values.mean())
    interval = found["interval"]
    if (interval is None) != (len(set(values)) == 1):
        sys.exit(f"{what}: interval {interval} of {values}")
    if interval is None:
        return 0
    ends = interval["low"], interval["high"]
    # Draws differ, so ends may be one campaign apart.
    drawn = bootstrap((values,), numpy.mean, method="percentile", n_resamples=interval["draws"], rng=1)
    for name, end, peer in zip(("low", "high"), ends, drawn.confidence_interval):
        near(f"{what} {name}", end, peer, 1.0 / len(values) + 1e-9)
    # Of the exact distribution, 2.5 % lie beyond each end, give or take four standard errors of a drawn share.
    sums, room = exact_sums(values), 4 * (0.025 * 0.975 / interval["draws"]) ** 0.5
    low, high = (round(end * len(values)) + len(values) for end in ends)
    for name, beyond, until in (
        ("low", sums[:low].sum(), sums[: low + 1].sum()),
        ("high", sums[high + 1 :].sum(), sums[high:].sum()),
    ):
        if not beyond - room <= 0.025 <= until + room:
            sys.exit(f"{what} {name}: {beyond} to {until} of all draws lie beyond")
    return 1


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

    # Beside our detector, whose rows are where the truth says that the published rule must fire.
    ours = {name for row in windows if row["must_fire"] for name in row["campaigns"]}
    [comparison] = report["comparisons"]
    drawn = 0
    for part, label in (("attacks", "malicious"), ("look_alikes", "look-alike")):
        of_class = [name for name, one in campaigns.items() if one["class"] == label]
        here, there = ({name: name in fired for name in of_class} for fired in (caught, ours))
        drawn += paired(part, comparison[part], here, there)

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
    return drawn


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
        drawn = sum(compare(arguments.binary, dataset, scratch, seed) for seed in range(arguments.rounds))
        if drawn == 0:
            sys.exit("no round had a drawn interval to hold")
        held = points.sweep(arguments.binary, dataset, scratch)
        cells = points.edges(arguments.binary, scratch)
    print(
        f"{arguments.rounds} random sets of alerts on {arguments.scenario}: all scores and intervals equal, {drawn} drawn ones "
        f"among them; {held} points of a sweep and {cells} cells of edges too"
    )


main()
