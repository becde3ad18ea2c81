"""The precision-recall curve of scores and the area under it (average precision)."""

import numpy as np


def curve(labels, scores):
    """Precision and recall at each different score, from the highest on."""
    order = np.argsort(-scores, kind="stable")
    last = np.append(np.flatnonzero(np.diff(scores[order])), len(scores) - 1)
    found = np.cumsum(labels[order])[last]
    return found / (last + 1), found / max(found[-1], 1)


def average_precision(labels, scores):
    """Mean precision, weighted by the recall that each score adds: ties count as one step."""
    precision, recall = curve(labels, scores)
    return float(np.sum(np.diff(recall, prepend=0.0) * precision))
