#!/usr/bin/env python3
"""A corpus whose marks are brought to the project's guideline as far as the rules of conform.py can, to measure by.

Usage: by_guideline.py CORPUS.jsonl OUT.jsonl

The rules were written on the corpora's train and dev parts. The single corrections of corrections.tsv are not applied: what is
wrong in a corpus stays so here.
"""
import collections, json, sys

from conform import conform
from documents import read_corpus, to_record


def main():
    corpus, out = sys.argv[1:]
    with open(out, "w", encoding="utf8") as file:
        for id, segs in read_corpus(corpus):
            record = to_record(conform(id, segs, collections.defaultdict(list)))
            file.write(json.dumps({"id": id, **record}, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
