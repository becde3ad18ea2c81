"""Calibration and thresholds of the two tiers, chosen on the validation period; pipeline.yaml.

How a threshold is chosen is said here once, and written into the pipeline with its value:

  trees: what is above the ESCALATED riskiest share goes on, except what is declined at once: from
         the lowest score on from which DECLINED_AT_ONCE of the payments are fraud;
  deep:  declined from the lowest score on from which DECLINED of the escalated are fraud; below
         that, the REVIEWED riskiest share of all payments is reviewed and the rest approved;
  the ladder, if deep is down: trees alone, declining from where DECLINED of them are fraud; what
         else would have gone on is reviewed.
"""

import dataclasses
import re

import numpy as np

ESCALATED = 0.18
DECLINED_AT_ONCE = 0.97
DECLINED = 0.85
REVIEWED = 0.004


@dataclasses.dataclass
class Choice:
    points: list            # of the isotonic calibration of trees: (score, probability)
    trees_approve: float
    trees_decline: float
    deep_approve: float
    deep_decline: float
    alone_decline: float


def isotonic(scores, labels, parts=24):
    """Points of a rising curve from score to probability: pooled means of quantile parts.

    Half of the parts share the riskiest percent, where the decisions are made.
    """
    shares = np.concatenate([np.linspace(0, 0.99, parts // 2), 0.99 + np.linspace(
        0.0008, 0.0092, parts // 2)])
    borders = np.unique(np.quantile(scores, shares))
    part = np.searchsorted(borders, scores, side="right")
    blocks = []
    for number in np.unique(part):
        inside = part == number
        # Half a fraud among one payment more: no part is certain.
        count = inside.sum()
        blocks.append([scores[inside].mean(), (labels[inside].sum() + 0.5) / (count + 1), count])
        while len(blocks) > 1 and blocks[-2][1] >= blocks[-1][1]:
            (s1, p1, n1), (s2, p2, n2) = blocks[-2:]
            n = n1 + n2
            blocks[-2:] = [[(s1 * n1 + s2 * n2) / n, (p1 * n1 + p2 * n2) / n, n]]
    middle = [(float(s), float(p)) for s, p, _ in blocks]
    return rising([(0.0, 0.0), *middle, (1.0, 1.0)])


def rising(points):
    """Rounded, with every score and probability above the one before."""
    kept = []
    for score, probability in points:
        score, probability = float(f"{score:.5g}"), float(f"{probability:.5g}")
        if not kept or (score > kept[-1][0] and probability > kept[-1][1]):
            kept.append((score, probability))
    return kept


def calibrated(points, scores):
    return np.interp(scores, *np.array(points).T)


def precise_from(scores, labels, precision):
    """The lowest score from which on that share is fraud."""
    order = np.argsort(-scores, kind="stable")
    share = np.cumsum(labels[order]) / np.arange(1, len(order) + 1)
    enough = np.flatnonzero(share >= precision)
    return float(scores[order[enough[-1]]]) if len(enough) else 1.0


def choose(points, trees, deep, labels, gated):
    """`trees` (calibrated) and `deep` are scores of all rows; `gated` never reach a tier."""
    asked = ~gated
    trees_decline = precise_from(trees[asked], labels[asked], DECLINED_AT_ONCE)
    declined = np.mean(trees >= trees_decline)
    trees_approve = float(np.quantile(trees, 1 - ESCALATED - declined))
    band = asked & (trees >= trees_approve) & (trees < trees_decline)
    deep_decline = precise_from(deep[band], labels[band], DECLINED)
    below = deep[band & (deep < deep_decline)]
    deep_approve = share_above(below, REVIEWED * len(trees))
    alone_decline = min(precise_from(trees[asked], labels[asked], DECLINED), trees_decline)
    return Choice(points, *(float(f"{value:.4g}") for value in (
        trees_approve, trees_decline, deep_approve, deep_decline, alone_decline)))


def share_above(scores, count):
    return float(np.sort(scores)[-min(int(count), len(scores))])


def cascade(choice, trees, deep, gated):
    """The score each row is decided by, and which rows the deep tier sees."""
    band = ~gated & (trees >= choice.trees_approve) & (trees < choice.trees_decline)
    return np.where(gated, 0.0, np.where(band, deep, trees)), band


def write(path, choice):
    """Puts the numbers into the pipeline at `path`, where they stand, and leaves the rest alone."""
    text = path.read_text(encoding="utf-8")
    points = ", ".join(f"[{score:g}, {probability:g}]" for score, probability in choice.points)
    text = put(text, "trees", "calibration", f"{{isotonic: [{points}]}}")
    text = put(text, "trees", "approve_below", f"{choice.trees_approve:g}")
    text = put(text, "trees", "decline_from", f"{choice.trees_decline:g}")
    text = put(text, "deep", "approve_below", f"{choice.deep_approve:g}")
    text = put(text, "deep", "decline_from", f"{choice.deep_decline:g}")
    rung = r"(\{tier: trees, approve_below: )[^,]+(, decline_from: )[^,]+,"
    text, found = re.subn(
        rung, rf"\g<1>{choice.trees_approve:g}\g<2>{choice.alone_decline:g},", text)
    if found != 1:
        raise SystemExit(f"{path}: no rung '{{tier: trees, approve_below: …' in fallback")
    path.write_text(text, encoding="utf-8")


def put(text, tier, key, value):
    """Sets `key` of a tier; comments behind it stay."""
    section = re.search(rf"(?ms)^  - name: {tier}\n.*?(?=^  - name: |^\S|\Z)", text)
    if not section:
        raise SystemExit(f"the pipeline has no tier '{tier}'")
    line, found = re.subn(
        rf"(?m)^(    {key}: )(\{{.*\}}|[^\s#]+)", lambda match: match[1] + value, section[0])
    if found != 1:
        raise SystemExit(f"tier '{tier}' of the pipeline has {found} lines '{key}'; give it one")
    return text[: section.start()] + line + text[section.end():]
