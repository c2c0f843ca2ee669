#!/usr/bin/env python3
"""The corpora's texts as they were marked again by the project's guideline (marks/*.tsv), in place of the corpora's own marks.

WiNER and Sequoia follow other guidelines: generics (la Commission), names inside treaties and diseases, heads outside.

Usage: marks.py CORPUS.jsonl OUT.jsonl      the documents of a corpus that were marked again, to measure by

Says how many they are; OUT has no others. Needs what train.py needs.
"""
import functools, hashlib, json, pathlib, sys

import documents

FOLDER = pathlib.Path(__file__).resolve().parent / "marks"


def digest(text):
    """What a text is known by: the first 16 hexadecimal digits of the SHA-256 of its UTF-8."""
    return hashlib.sha256(text.encode("utf8")).hexdigest()[:16]


@functools.cache
def marked(folder, names):
    """`{digest of a text: [{"start", "end", "label"}]}` of the files of such names, offsets in code points."""
    found = {}
    for path in sorted(folder.glob(names)):
        for number, line in enumerate(path.read_text(encoding="utf8").splitlines(), 1):
            try:
                _, text, *spans = line.split("\t")
                spans = [(int(start), int(end), label) for start, end, label in (span.split(":") for span in spans)]
                if any(f"B-{label}" not in documents.ID or not start < end for start, end, label in spans):
                    raise ValueError
                if any(before[1] > after[0] for before, after in zip(spans, spans[1:])):
                    raise ValueError
            except ValueError:
                raise SystemExit(f"{path}:{number}: want ID, DIGEST and START:END:LABEL …, in order and apart, with tabs between") from None
            found[text] = [{"start": start, "end": end, "label": label} for start, end, label in spans]
    return found


def by_guideline(segs, names="*.tsv"):
    """Segments of the same text with the marks by the guideline, or None where it was not marked again."""
    text = "".join(part for part, _ in segs)
    entities = marked(FOLDER, names).get(digest(text))
    return entities if entities is None else documents.segments(text, entities)


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__.strip())
    corpus, out = sys.argv[1:]
    read = documents.read_corpus(corpus)
    found = [(id, segs) for id, segs in ((id, by_guideline(segs)) for id, segs in read) if segs is not None]
    with open(out, "w", encoding="utf8") as file:
        for id, segs in found:
            file.write(json.dumps({"id": id, **documents.to_record(segs)}, ensure_ascii=False) + "\n")
    print(f"{pathlib.Path(corpus).name}: {len(found)} of {len(read)} documents were marked again")


if __name__ == "__main__":
    main()
