#!/usr/bin/env python3
"""Writes the held-out tenth of the written texts as JSONL, for `nommer evaluate`.

Usage: hold_out.py FOLDER OUT.jsonl
"""
import json, sys

import documents

kept = [d for d in documents.read_written(sys.argv[1]) if documents.held_out(d[0])]
with open(sys.argv[2], "w", encoding="utf8") as out:
    for name, segs in kept:
        record = documents.to_record(segs)
        out.write(json.dumps({"id": name, "text": record["text"], "entities": record["entities"], "meta": {"genre": name.split("-")[0]}}, ensure_ascii=False) + "\n")
print(len(kept), "documents")
