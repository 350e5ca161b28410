"""What scikit-learn measures of scored patches, for sklearn_test.cc.

Standard input: "threshold ..." on the first line, then a line "score decision truth" a patch.
Standard output: a line "name value" a measure; a curve's are "sensitivity@3" and so on, by the place
of the threshold. A measure that is not defined is left out.
"""

import sys
import warnings

import numpy as np
from sklearn import metrics
from sklearn.calibration import calibration_curve

BINS = 15


def ratio(measure, truth, decision, **options):
    """A ratio, or None where scikit-learn warns that its denominator is zero."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            return measure(truth, decision, **options)
        except (UserWarning, RuntimeWarning):
            return None


def expected_calibration_error(truth, score):
    observed, predicted = calibration_curve(truth, score, n_bins=BINS, strategy="uniform")
    counts, _ = np.histogram(score, bins=BINS, range=(0, 1))
    return np.average(np.abs(observed - predicted), weights=counts[counts > 0])


def points(name, truth, decision):
    yield "sensitivity" + name, ratio(metrics.recall_score, truth, decision)
    yield "specificity" + name, ratio(metrics.recall_score, truth, decision, pos_label=0)
    yield "precision" + name, ratio(metrics.precision_score, truth, decision)


def measures(score, decision, truth, thresholds):
    yield "accuracy", metrics.accuracy_score(truth, decision)
    yield from points("", truth, decision)
    yield "f1", ratio(metrics.f1_score, truth, decision)
    if len(set(truth)) == 2:
        yield "balanced_accuracy", metrics.balanced_accuracy_score(truth, decision)
        yield "auc", metrics.roc_auc_score(truth, score)
    yield "brier", metrics.brier_score_loss(truth, score, pos_label=1)
    yield "nll", metrics.log_loss(truth, score, labels=[0, 1])
    yield "ece", expected_calibration_error(truth, score)
    for i, threshold in enumerate(thresholds):
        yield from points(f"@{i}", truth, score >= threshold)


def main():
    thresholds = [float(word) for word in sys.stdin.readline().split()]
    rows = np.loadtxt(sys.stdin, ndmin=2)
    score, decision, truth = rows[:, 0], rows[:, 1].astype(int), rows[:, 2].astype(int)
    for name, value in measures(score, decision, truth, thresholds):
        if value is not None:
            print(name, repr(float(value)))


if __name__ == "__main__":
    main()
