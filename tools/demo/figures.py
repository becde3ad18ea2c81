"""From answers to figures: what was decided, how fast, what fraud was caught, what it cost."""

import collections
import json

import numpy as np

from demo.ranking import average_precision, curve

PERCENTILES = (50, 90, 99, 99.9, 100)
STOPPED = ("decline", "review")
SCENARIOS = {1: "amount above 220", 2: "compromised terminal", 3: "compromised card"}


def percentiles(values):
    """Microseconds at PERCENTILES, none of no values."""
    if not len(values):
        return None
    return [float(v) for v in np.percentile(values, PERCENTILES, method="higher")]


class Outcome:
    """The answers of a run beside the truth that the server was not told."""

    def __init__(self, answers, payments):
        pairs = [(a, p) for a, p in zip(answers, payments)]
        self.offered = len(pairs)
        self.statuses = collections.Counter(
            "unanswered" if a is None else a.status or "broken" for a, _ in pairs)
        self.errors = collections.Counter(
            code_of(a.body) for a, _ in pairs if a is not None and a.status != 200)
        good = [(a, p) for a, p in pairs if a is not None and a.status == 200]
        if not good:
            raise SystemExit("not one payment was decided: " + first_error(pairs))
        self.answers = [a for a, _ in good]
        self.payments = [p for _, p in good]
        self.decisions = [json.loads(a.body) for a, _ in good]
        self.fraud = np.array([p.scenario > 0 for p in self.payments])
        self.scenario = np.array([p.scenario for p in self.payments])
        self.amount = np.array([p.amount for p in self.payments])
        self.numbers = np.array([p.number for p in self.payments])

    def column(self, name):
        return np.array([d[name] for d in self.decisions])


def code_of(body):
    """The error's code, as in `{"error":…,"code":"OVERLOADED"}`."""
    try:
        return str(json.loads(body).get("code", "no code"))
    except (ValueError, AttributeError):
        return "no JSON"


def first_error(pairs):
    for answer, _ in pairs:
        if answer is not None:
            return f"status {answer.status}, {answer.body[:200]!r}"
    return "no answer came"


def latency(outcome):
    sent = np.array([(a.done - a.sent) for a in outcome.answers]) * 1e6
    due = np.array([(a.done - a.due) for a in outcome.answers]) * 1e6
    lag = np.array([(a.sent - a.due) for a in outcome.answers]) * 1e6
    by = outcome.column("decided_by")
    return {
        "from_due": percentiles(due), "from_sent": percentiles(sent), "lag": percentiles(lag),
        "by_tier": {name: percentiles(due[by == name]) for name in ordered(by)},
        "distribution": [float(v) for v in np.percentile(due, curve_points())],
    }


def curve_points():
    """Percentiles in equal steps of nines: 0, …, 90, …, 99, …, 99.9, 99.99."""
    return [100 * (1 - 10 ** (-nines)) for nines in np.linspace(0, 4, 81)]


def ordered(names):
    known = ["gate", "trees", "deep", "rules", "fallback"]
    return sorted(set(names.tolist()), key=lambda n: known.index(n) if n in known else 9)


def stages(outcome):
    times = collections.defaultdict(list)
    for decision in outcome.decisions:
        for stage in decision["stages"]:
            times[stage["name"]].append(stage["ns"] / 1000)
    return {name: {"count": len(values), "us": percentiles(values)}
            for name, values in times.items()}


def asked(outcome, tier):
    """Whether the tier gave the decision a score."""
    return np.array([any(t["tier"] == tier and "score" in t for t in d["tiers"])
                     for d in outcome.decisions])


def decided(outcome):
    results, by = outcome.column("outcome"), outcome.column("decided_by")
    trees, deep = asked(outcome, "trees"), asked(outcome, "deep")
    reasons = collections.Counter(r for d in outcome.decisions for r in d["degraded_reasons"])
    held = sum(any(t["result"] == "held" for t in d["tiers"]) for d in outcome.decisions)
    return {
        "outcomes": dict(collections.Counter(results.tolist()).most_common()),
        "by": {name: int((by == name).sum()) for name in ordered(by)},
        "scored_by_trees": int(trees.sum()), "scored_by_deep": int(deep.sum()),
        "escalated": float(deep.sum() / max(trees.sum(), 1)), "held": held,
        "degraded": sum(d["degraded"] for d in outcome.decisions),
        "degraded_reasons": dict(reasons.most_common()),
        "late": sum(d["late"] for d in outcome.decisions),
        "different_ids": len({d["id"] for d in outcome.decisions}),
    }


def caught(outcome):
    results = outcome.column("outcome")
    table = {name: {"fraud": int((outcome.fraud & (results == name)).sum()),
                    "genuine": int((~outcome.fraud & (results == name)).sum())}
             for name in ("decline", "review", "approve")}
    stopped = np.isin(results, STOPPED)
    amounts = outcome.amount * outcome.fraud
    return {
        "table": table, "fraud": int(outcome.fraud.sum()),
        "precision": share(table["decline"]["fraud"], sum(table["decline"].values())),
        "recall_declined": share(table["decline"]["fraud"], outcome.fraud.sum()),
        "recall": share((stopped & outcome.fraud).sum(), outcome.fraud.sum()),
        "recall_amount": share((amounts * stopped).sum(), amounts.sum()),
        "review_share": float((results == "review").mean()),
        "genuine_declined": share(table["decline"]["genuine"], (~outcome.fraud).sum()),
        "by_scenario": {
            SCENARIOS[s]: {"fraud": int((outcome.scenario == s).sum()),
                           "caught": int((stopped & (outcome.scenario == s)).sum())}
            for s in SCENARIOS if (outcome.scenario == s).any()},
    }


def share(part, whole):
    return float(part / whole) if whole else 0.0


def decided_scores(outcome):
    """The score each payment was decided by; what the gate decided ranks by its outcome."""
    fixed = {"approve": 0.0, "review": 0.5, "decline": 1.0}
    return np.array([d["score"] if d.get("score") is not None else fixed[d["outcome"]]
                     for d in outcome.decisions])


def ranking(outcome, alone):
    """Areas under the precision-recall curve; `alone` has the scores of each model for all rows."""
    scores = {"cascade": decided_scores(outcome), **alone}
    curves, areas = {}, {}
    for name, values in scores.items():
        areas[name] = average_precision(outcome.fraud, values)
        precision, recall = curve(outcome.fraud, values)
        curves[name] = [(round(float(recall[k]), 4), round(float(precision[k]), 4))
                        for k in thinned(recall)]
    return {"average_precision": areas, "curves": curves,
            "points_lost": 100 * (areas["deep alone"] - areas["cascade"])}


def thinned(recall, steps=200):
    """The first index of each step of recall."""
    return np.unique(np.round(recall * steps), return_index=True)[1]


def cost(made, microseconds, count):
    """Model time of the cascade, and of asking the heavy model each time."""
    spent = made["scored_by_trees"] * microseconds["trees"] \
        + made["scored_by_deep"] * microseconds["deep"]
    whole = count * microseconds["deep"]
    return {"us": microseconds, "ratio_of_one": microseconds["trees"] / microseconds["deep"],
            "cascade_s": spent / 1e6, "heavy_only_s": whole / 1e6, "share": spent / whole}


def same_as_offline(outcome, points, trees):
    """How many scores of trees equal those of the backfilled features.

    A payment sees another one of the same card only once that is decided, and a report only once it
    is taken in; here simulated days pass in seconds, so a few features differ.
    """
    expected = np.interp(trees, *np.array(points).T)
    equal, compared, largest = 0, 0, 0.0
    for decision, wanted in zip(outcome.decisions, expected):
        found = next((t["score"] for t in decision["tiers"]
                      if t["tier"] == "trees" and "score" in t), None)
        if found is not None:
            compared += 1
            equal += abs(found - wanted) < 1e-6
            largest = max(largest, abs(found - wanted))
    return {"compared": compared, "equal": int(equal), "largest_difference": float(largest)}
