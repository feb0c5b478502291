#!/usr/bin/env python3
"""Writes metrics.json: what scikit-learn and scipy say about some predictions.

Run in an environment with numpy, scipy and scikit-learn:  python make_metrics_golden.py
"""

import json
import pathlib

import numpy as np
import scipy.stats
import sklearn
from sklearn import metrics


def calibration_error(labels, probabilities):
    """Guo et al. 2017, 15 bins, written as the paper has it."""
    confidence = probabilities.max(axis=1).astype(np.float64)
    correct = probabilities.argmax(axis=1) == labels
    edges = np.linspace(0, 1, 16)
    error = 0.0
    for low, high in zip(edges[:-1], edges[1:]):
        inside = (confidence > low) & (confidence <= high)
        if inside.any():
            error += inside.mean() * abs(correct[inside].mean() - confidence[inside].mean())
    return error


def main_f1(labels, predictions, num_labels):
    average = "binary" if num_labels == 2 else "macro"
    return metrics.f1_score(labels, predictions, average=average, zero_division=0)


def bootstrap(labels, predictions, num_labels, resamples=2000):
    generator = np.random.default_rng(1)
    values = []
    for _ in range(resamples):
        drawn = generator.integers(0, len(labels), len(labels))
        values.append(main_f1(labels[drawn], predictions[drawn], num_labels))
    return np.percentile(values, [2.5, 97.5]).tolist()


def case(name, labels, probabilities):
    num_labels = probabilities.shape[1]
    classes = list(range(num_labels))
    predictions = probabilities.argmax(axis=1)
    precision, recall, f1, support = metrics.precision_recall_fscore_support(
        labels, predictions, labels=classes, zero_division=0
    )
    wilson = scipy.stats.binomtest(int((predictions == labels).sum()), len(labels)).proportion_ci(method="wilson")
    majority = int(np.bincount(labels, minlength=num_labels).argmax())
    always = np.full_like(labels, majority)
    return {
        "name": name,
        "num_labels": num_labels,
        "labels": labels.tolist(),
        "probabilities": probabilities.astype(np.float64).ravel().tolist(),
        "accuracy": metrics.accuracy_score(labels, predictions),
        "accuracy_interval": [wilson.low, wilson.high],
        "f1": main_f1(labels, predictions, num_labels),
        "f1_interval": bootstrap(labels, predictions, num_labels),
        "f1_micro": metrics.f1_score(labels, predictions, average="micro"),
        "f1_macro": metrics.f1_score(labels, predictions, average="macro", zero_division=0),
        "matthews": metrics.matthews_corrcoef(labels, predictions),
        "precision_by_class": precision.tolist(),
        "recall_by_class": recall.tolist(),
        "f1_by_class": f1.tolist(),
        "support": support.tolist(),
        "confusion": metrics.confusion_matrix(labels, predictions, labels=classes).tolist(),
        "calibration_error": calibration_error(labels, probabilities),
        "loss": float(metrics.log_loss(labels, probabilities, labels=classes)),
        "majority_class": majority,
        "majority_accuracy": metrics.accuracy_score(labels, always),
        "majority_f1": main_f1(labels, always, num_labels),
    }


def drawn(generator, count, num_labels, skill, classes=None):
    labels = generator.choice(num_labels if classes is None else classes, count)
    logits = generator.normal(size=(count, num_labels)) * 2
    logits[np.arange(count), labels] += skill
    probabilities = np.exp(logits - logits.max(axis=1, keepdims=True))
    return labels, (probabilities / probabilities.sum(axis=1, keepdims=True)).astype(np.float32)


def main():
    generator = np.random.default_rng(20)
    one = np.array([[0.25, 0.75]], dtype=np.float32)
    cases = [
        case("binary", *drawn(generator, 120, 2, 2.0)),
        case("three classes", *drawn(generator, 90, 3, 1.5)),
        case("some classes never true", *drawn(generator, 60, 6, 3.0, classes=[1, 2, 4])),
        case("classes in neither", np.array([0, 2, 2, 0, 2]), np.eye(5, dtype=np.float32)[[0, 2, 0, 2, 2]]),
        case("collapsed to 1", np.array([0, 1, 1] * 10), np.repeat(one, 30, axis=0)),
        case("collapsed to 0", np.array([0, 1, 1] * 10), np.repeat(1 - one, 30, axis=0)),
        case("all wrong and sure", np.array([0, 1] * 6), np.eye(2, dtype=np.float32)[[1, 0] * 6]),
        case("all right and sure", np.array([0, 1] * 6), np.eye(2, dtype=np.float32)[[0, 1] * 6]),
        case("ties", np.array([0, 1, 2, 0]), np.full((4, 4), 0.25, dtype=np.float32)),
        case("one example", np.array([1]), one),
    ]
    versions = f"scikit-learn {sklearn.__version__}, scipy {scipy.__version__}, numpy {np.__version__}"
    path = pathlib.Path(__file__).with_name("metrics.json")
    lines = ",\n".join(json.dumps(one_case) for one_case in cases)
    path.write_text(f'{{"made_with": "{versions}", "cases": [\n{lines}\n]}}\n')


if __name__ == "__main__":
    main()
