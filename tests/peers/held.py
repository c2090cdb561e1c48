"""What both peers of scores need: a number, and a share with its interval, held against what others say of them."""

import json
import sys

import numpy
from scipy.stats import norm, t
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
