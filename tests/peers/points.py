"""The points of a sweep, counted again from the lines of the logs and their labels; and intervals of `edges`.

What is independent here: lines are split at blanks and counted in Python's own sets, what stands behind a row is told by the
labels of its lines and not by the truth's bins, and intervals come from statsmodels. Widths are multiples of ten minutes,
for which scanbench says that its way from the truth's bins is exact.
"""

import collections
import datetime
import json
import subprocess
import sys

from held import RANK, lines, near, share
from statsmodels.stats.proportion import proportion_confint

BINS = {"10m": 600, "1h": 3600}
THRESHOLDS = range(20, 41, 5)
REQUESTS = 30


def entries(dataset):
    """(seconds, client, computer, server address, port, status, campaign or None) of every line."""
    for path in sorted((dataset / "logs").rglob("*.log")):
        computer = path.relative_to(dataset / "logs").parts[0]
        labels = dataset / "labels" / path.relative_to(dataset / "logs").with_suffix(".jsonl")
        campaign = {one["line"]: one["campaign"] for one in lines(labels)} if labels.exists() else {}
        place = {}
        for number, line in enumerate(path.read_text(encoding="latin-1").split("\n"), 1):
            line = line.rstrip("\r")
            if line.startswith("#Fields:"):
                place = {name: at for at, name in enumerate(line.split()[1:])}
            if not line or line.startswith("#"):
                continue
            values = line.split(" ")
            moment = datetime.datetime.fromisoformat(f"{values[place['date']]}T{values[place['time']]}+00:00")
            at = lambda name: values[place[name]]
            yield (
                int(moment.timestamp()), at("c-ip"), computer, at("s-ip"), at("s-port"), at("sc-status"), campaign.get(number),
            )  # fmt: skip


class Bin:
    """What one client did on one server in one bin."""

    def __init__(self):
        self.ports, self.requests, self.not_found, self.campaigns = set(), 0, 0, set()


def bins_of(all_entries, width):
    found = collections.defaultdict(Bin)
    for seconds, client, computer, server, port, status, campaign in all_entries:
        one = found[(client, computer, server), seconds // width * width]
        one.ports.add(port)
        one.requests += 1
        one.not_found += status == "404"
        if campaign:
            one.campaigns.add(campaign)
    return found


def fires(one, by, threshold):
    if by == "ports":
        return len(one.ports) >= threshold
    if by == "requests":
        return one.requests >= threshold
    return one.requests >= REQUESTS and 100 * one.not_found >= threshold * one.requests


def sweep(binary, dataset, scratch):
    subprocess.run(
        [binary, "sweep", dataset, "--bin", ",".join(BINS), "--window", "tumbling", "-o", scratch / "sweep"]
        + ["--threshold", ",".join(map(str, THRESHOLDS))],
        check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    found = json.loads((scratch / "sweep/sweep.json").read_text())["points"]
    campaigns = {one["id"]: one for one in lines(dataset / "truth/campaigns.jsonl")}
    everything = list(entries(dataset))
    moments = [one[0] for one in everything]
    days = (max(moments) - min(moments)) / 86400
    attacks = [name for name, one in campaigns.items() if one["class"] == "malicious"]
    # Dealt to the halves in turn, in the order in which they began.
    order = sorted(attacks, key=lambda name: (campaigns[name].get("first") or "", attacks.index(name)))
    halves = {"whole": attacks, "tuning": order[0::2], "reporting": order[1::2]}

    def gravest(names):
        return min((campaigns[one] for one in names), key=lambda one: RANK[one["class"]], default=None)

    def is_benign(names):
        one = gravest(names)
        return one is None or one["class"] == "look-alike"

    held = 0
    for width in BINS.values():
        bins = bins_of(everything, width)
        benign = sum(is_benign(one.campaigns) for one in bins.values())
        for point in (one for one in found if one["bin_seconds"] == width):
            by, threshold, whole = point["by"], point["threshold"], point["whole"]
            what = f"{by} {threshold} in {width} s"
            rows = sorted((key, start) for (key, start), one in bins.items() if fires(one, by, threshold))
            episodes, until = [], {}
            for key, start in rows:
                if until.get(key) == start:
                    episodes[-1][1].extend(bins[key, start].campaigns)
                else:
                    episodes.append((key, list(bins[key, start].campaigns)))
                until[key] = start + width
            units = {
                "rows": [(key, bins[key, start].campaigns) for key, start in rows],
                "episodes": episodes,
            }
            rates = {"rows": "bin_precision", "episodes": "episode_precision"}
            for name, of in units.items():
                counts, right = collections.Counter(), {}
                for key, names in of:
                    one = gravest(names)
                    sort = one["class"] if one else "look-alike"
                    counts[sort] += 1
                    if sort != "authorised":
                        right.setdefault(one["id"] if one else "client " + key[0], []).append(int(sort == "malicious"))
                for sort, column in (("malicious",) * 2, ("authorised",) * 2, ("look-alike", "benign")):
                    near(f"{what}: {name}, {sort}", whole[name][column], counts[sort])
                share(f"{what}: precision of {name}", whole[rates[name]], right)
                if name == "episodes":
                    near(f"{what}: alerts a day", whole["alerts_a_day"], len(of) / days)
                    needless = counts["authorised"] + counts["look-alike"]
                    near(f"{what}: needless a day", whole["needless_alerts_a_day"], needless / days)
            caught = {name for key, start in rows for name in bins[key, start].campaigns}
            for half, names in halves.items():
                recall = {name: [int(name in caught)] for name in names}
                share(f"{what}: recall, {half}", point[half]["campaign_recall"], recall)
            # Where owners come or stay away as a whole, the variance of their sum is that of what each brings.
            owners = collections.Counter()
            for key, names in units["rows"]:
                if is_benign(names):
                    one = gravest(names)
                    owners[one["id"] if one else "client " + key[0]] += 1
            hit = sum(owners.values())
            near(f"{what}: benign bins", whole["benign_bins"], benign)
            near(f"{what}: benign bins hit", whole["benign_bins_hit"], hit)
            near(f"{what}: false positive rate", whole["false_positive_rate"], hit / benign)
            band = whole["false_positive_band"]
            if (band is None) != (hit == 0):
                sys.exit(f"{what}: band {band} of {hit} bins")
            if band:
                margin = 1.96 * sum(count**2 for count in owners.values()) ** 0.5 / benign
                near(f"{what}: band, low", band["low"], max(hit / benign - margin, 0.0))
                near(f"{what}: band, high", band["high"], min(hit / benign + margin, 1.0))
            held += 1
    if held != len(found):
        sys.exit(f"{held} of {len(found)} points were held")
    return held


def edges(binary, scratch):
    """Wilson's or Clopper and Pearson's interval of each cell, from statsmodels."""
    subprocess.run(
        [binary, "edges", "--trials", "100", "-o", scratch / "edges"],
        check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    cells = json.loads((scratch / "edges/edges.json").read_text())["points"]
    for cell in cells:
        seen, trials = cell["detected"], cell["trials"]
        method = "beta" if seen in (0, trials) else "wilson"
        for end, peer in zip(("low", "high"), proportion_confint(seen, trials, method=method)):
            near(f"edges {cell}: {end}", cell["interval"][end], peer)
    return len(cells)
