#!/usr/bin/env python3
"""Strict F1 of a checkpoint as nommer decodes it, on several gold files, with nommer's intervals.

Usage: measure.py CHECKPOINT --nommer PROGRAM --convert scripts/convert-model --gold a.jsonl b.jsonl [--window-pieces 96] [--out DIR]
Prints one Markdown row a file: PER, LOC, ORG, micro with its interval.
"""
import argparse, json, pathlib, subprocess, sys, tempfile

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("checkpoint", type=pathlib.Path)
parser.add_argument("--nommer", required=True)
parser.add_argument("--convert", required=True)
parser.add_argument("--gold", nargs="+", type=pathlib.Path, required=True)
parser.add_argument("--dtype", default="int8")
parser.add_argument("--window-pieces", type=int, default=96)
parser.add_argument("--draws", type=int, default=1000)
parser.add_argument("--out", type=pathlib.Path, help="keep the converted model and the reports here")
args = parser.parse_args()

with tempfile.TemporaryDirectory() as scratch:
    out = args.out or pathlib.Path(scratch)
    subprocess.run([sys.executable, args.convert, str(args.checkpoint), str(out), "--dtype", args.dtype, "--window-pieces", str(args.window_pieces)],
                   check=True, stdout=subprocess.DEVNULL)
    for gold in args.gold:
        report = subprocess.run([args.nommer, "evaluate", "--gold", str(gold), "--run", "--model", str(out), "--draws", str(args.draws), "--json"],
                                check=True, capture_output=True, text=True).stdout
        if args.out:
            (out / f"{gold.stem}.json").write_text(report, encoding="utf8")
        strict = json.loads(report)["scores"]["strict"]
        micro = strict["micro"]
        low, high = (100 * x for x in micro["interval"])
        print(f"| {args.checkpoint} | {gold.stem} | " + " | ".join(f"{100 * strict[label]['f1']:.1f}" for label in ("PER", "LOC", "ORG"))
              + f" | **{100 * micro['f1']:.1f}** | {low:.1f}–{high:.1f} |", flush=True)
