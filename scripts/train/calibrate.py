#!/usr/bin/env python3
"""Measures how often a model's names are right, by label and score, for `convert-model --calibration`.

Usage: calibrate.py MODEL --nommer PROGRAM --gold a.jsonl b.jsonl --out calibration.json

MODEL is converted, without calibration. `nommer annotate` reads the texts of the gold, which must be none that it was
trained or will be tested on. A name is right if the gold has its span with its label. Every name counts once,
whatever corpus it is from. Of each label

    logit P(right | score) = a + b * -log2(1 - score)

is fitted by greatest likelihood, with Platt's (1999) targets, which keep `a` and `b` finite where all names are right. Its
values at the scores 0, 1/2, 3/4, 7/8 … 1 are the knots written, between which nommer goes straight.

Prints the expected calibration error (ten bins) before and after, and what chance would give if every probability were
exact: few names cannot show less. The error after is cross-validated by documents, so what is measured is never what
was fitted. The same input gives the same file. Needs numpy. Ends with 3 where the model finds too little to tell.
"""
import argparse, hashlib, json, pathlib, subprocess, sys
import numpy as np

LABELS = ["PER", "ORG", "LOC"]
FOLDS = 10
FINEST = 11  # Scores above 1 - 2^-11 are all alike; the records have four decimals.
KNOTS = np.append(1 - 0.5 ** np.arange(FINEST), 1.0)


TOO_LITTLE = 3


def refuse(message, code=1):
    print(f"calibrate: {message}", file=sys.stderr)
    sys.exit(code)


def surprise(scores):
    """The network's doubt on a scale that has room for scores near 1: 0 for 0, 1 for 1/2, 2 for 3/4 …"""
    return -np.log2(np.maximum(1 - np.asarray(scores, float), 0.5 ** FINEST))


def fit(scores, right):
    """`(a, b)` of the curve, by Newton's method."""
    hits = right.sum()
    target = np.where(right, (hits + 1) / (hits + 2), 1 / (len(right) - hits + 2))
    columns = np.stack([np.ones(len(scores)), surprise(scores)], axis=1)
    loss = lambda weights: (np.logaddexp(0, columns @ weights) - target * (columns @ weights)).sum()
    weights = np.zeros(2)
    for _ in range(100):
        p = 1 / (1 + np.exp(-(columns @ weights)))
        hessian = (columns * (p * (1 - p))[:, None]).T @ columns + 1e-9 * np.eye(2)
        step = np.linalg.solve(hessian, columns.T @ (p - target))
        while loss(weights - step) > loss(weights) and np.abs(step).max() > 1e-12:
            step = step / 2
        weights = weights - step
        if np.abs(step).max() < 1e-10:
            break
    return weights


def curve(scores, right):
    """The probabilities at KNOTS."""
    a, b = fit(scores, right)
    return 1 / (1 + np.exp(-(a + b * surprise(KNOTS))))


def curves(names):
    """Label -> the probabilities at KNOTS."""
    return {label: curve(*of_label(names, label)) for label in LABELS}


def of_label(names, label):
    """Scores of the names of a label, and whether each is right."""
    chosen = [n for n in names if n["label"] == label]
    return np.array([n["score"] for n in chosen]), np.array([n["right"] for n in chosen], bool)


def fold(name):
    """Which tenth a document is in; depends on its id and nothing else."""
    return int(hashlib.sha256(name["document"].encode()).hexdigest(), 16) % FOLDS


def cross_validated(names):
    """The probability of each name by curves to which its document did not contribute."""
    folds = [fold(name) for name in names]
    by_fold = [curves([n for n, f in zip(names, folds) if f != held]) for held in range(FOLDS)]
    return np.array([np.interp(n["score"], KNOTS, by_fold[f][n["label"]]) for n, f in zip(names, folds)])


def ece(probabilities, right):
    """As `nommer evaluate` computes it."""
    bins = np.minimum((probabilities * 10).astype(int), 9)
    return sum(abs((probabilities - right)[bins == bin].sum()) for bin in range(10)) / len(right)


def by_chance(probabilities):
    """The error to expect of exact probabilities: in each bin the mean distance of a sum of coin tosses, taken as normal."""
    bins = np.minimum((probabilities * 10).astype(int), 9)
    variance = probabilities * (1 - probabilities)
    return sum(np.sqrt(2 / np.pi * variance[bins == bin].sum()) for bin in range(10)) / len(probabilities)


def report(names):
    right, labels, corpora = (np.array([n[key] for n in names]) for key in ("right", "label", "corpus"))
    before, after = np.array([n["score"] for n in names]), cross_validated(names)
    rows = [("all", np.full(len(names), True))]
    rows += [(label, labels == label) for label in LABELS]
    rows += [(corpus, corpora == corpus) for corpus in dict.fromkeys(corpora)]
    print("| | names | right | ECE before | after, cross-validated | by chance |\n|---|---|---|---|---|---|")
    for title, chosen in rows:
        errors = ece(before[chosen], right[chosen]), ece(after[chosen], right[chosen]), by_chance(after[chosen])
        print(f"| {title} | {chosen.sum()} | {100 * right[chosen].mean():.1f}% | " + " | ".join(f"{error:.3f}" for error in errors) + " |")


def run(*command):
    try:
        done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    except OSError as error:
        refuse(f"cannot run {command[0]}: {error}")
    if done.returncode:
        refuse(f"{command[0]} failed:\n{done.stderr}")
    return done.stdout


def read(program, model, gold):
    """The names that the model finds in the texts of the gold, without a gazetteer, and whether they are right."""
    documents = [json.loads(line) for line in gold.read_text(encoding="utf8").split("\n") if line.strip()]
    predicted = run(program, "annotate", gold, "--model", model, "--no-gazetteer", "--offsets", "codepoint", "-q", "-o", "-").rstrip("\n").split("\n")
    if len(predicted) != len(documents):
        refuse(f"{gold} has {len(documents)} documents, nommer made {len(predicted)} of them")
    names = []
    for document, record in zip(documents, map(json.loads, predicted)):
        if document["id"] != record["id"] or "spans" not in record:
            refuse(f"{gold}: no annotation of {document['id']}: {record.get('error', record['id'])}")
        marks = document.get("entities", document.get("spans"))
        if marks is None:
            refuse(f"{gold}: {document['id']} has neither entities nor spans; a text without names has an empty list")
        marks = {(mark["start"], mark["end"], mark["label"]) for mark in marks}
        names += [{"corpus": gold.stem, "document": f"{gold.stem}/{record['id']}", "label": span["label"], "score": span["score"],
                   "right": (span["start"], span["end"], span["label"]) in marks} for span in record["spans"]]
    return names


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=pathlib.Path, metavar="MODEL")
    parser.add_argument("--nommer", required=True)
    parser.add_argument("--gold", nargs="+", type=pathlib.Path, required=True)
    parser.add_argument("--out", type=pathlib.Path, required=True)
    args = parser.parse_args()

    for gold in args.gold:
        if not gold.is_file():
            refuse(f"{gold} is no file")
    manifest = args.model / "manifest.json"
    if not manifest.is_file():
        refuse(f"{args.model} is no model of nommer's: it has no manifest.json; scripts/convert-model makes one of a checkpoint")
    if "calibration" in json.loads(manifest.read_text(encoding="utf8")):
        refuse(f"{args.model} is calibrated; convert it without --calibration")
    names = [name for gold in args.gold for name in read(args.nommer, args.model, gold)]
    for label in LABELS:
        found, hits = len(of_label(names, label)[0]), of_label(names, label)[1].sum()
        if found < 100:
            refuse(f"{found} names are {label}; a curve needs at least 100, so give more gold", TOO_LITTLE)
        print(f"{label}: {found} names, {hits} right")
    report(names)
    calibration = {label: [[round(float(x), 6), round(float(y), 4)] for x, y in zip(KNOTS, values)]
                   for label, values in curves(names).items()}
    for label, knots in calibration.items():
        if any(low[1] >= high[1] for low, high in zip(knots, knots[1:])):
            refuse(f"{label}: names with greater scores are not more often right: {knots}", TOO_LITTLE)
    lines = [f'  "{label}": {json.dumps(knots)}' for label, knots in calibration.items()]
    args.out.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf8")


if __name__ == "__main__":
    main()
