"""Training documents: reading, marking up, splitting, and the windows in which the model sees them.

A document is a list of segments `(text, label)`, label None outside entities; that is what augmentation edits. What
the model sees of it is made by nommer itself: `sentences/` (Rust) cuts and normalises as at run time.
"""
import hashlib, json, pathlib, re, subprocess
from tokenizers import Tokenizer

LABELS = ["O", "B-PER", "I-PER", "B-LOC", "I-LOC", "B-ORG", "I-ORG"]
ID = {name: index for index, name in enumerate(LABELS)}
MARK = re.compile(r"\{\{([^#{}]+)#(PER|ORG|LOC)[^{}]*\}\}")


def segments(text, entities):
    """`[(text, label or None)]` of a text and its entities, which do not overlap."""
    out, at = [], 0
    for entity in sorted(entities, key=lambda e: e["start"]):
        if entity["start"] < at:
            continue
        if not entity["start"] < entity["end"] <= len(text):
            raise ValueError(f"{entity} does not lie in the text of {len(text)} characters")
        if entity["label"] not in ("PER", "ORG", "LOC"):
            raise ValueError(f"the label {entity['label']} is none of PER, ORG, LOC")
        if at < entity["start"]:
            out.append((text[at:entity["start"]], None))
        out.append((text[entity["start"]:entity["end"]], entity["label"]))
        at = entity["end"]
    if at < len(text):
        out.append((text[at:], None))
    return out


def from_markup(marked):
    """Segments of `… {{Nicolas Sarkozy#PER}} …`."""
    out, at = [], 0
    for mark in MARK.finditer(marked):
        if at < mark.start():
            out.append((marked[at:mark.start()], None))
        out.append((mark[1], mark[2]))
        at = mark.end()
    if at < len(marked):
        out.append((marked[at:], None))
    return out


def to_record(segs):
    text, entities = "", []
    for part, label in segs:
        if label and part:
            entities.append({"start": len(text), "end": len(text) + len(part), "label": label})
        text += part
    return {"text": text, "entities": entities}


def read_corpus(path):
    """`[(id, segments)]` of a JSONL corpus (`entities`, or `spans` as nommer writes them)."""
    documents = []
    with open(path, "rb") as file:
        for number, line in enumerate(file, 1):
            try:
                record = json.loads(line)
                marks = record.get("entities") or record.get("spans") or []
                documents.append((record["id"], segments(record["text"], marks)))
            except (AttributeError, KeyError, TypeError, ValueError) as error:
                raise SystemExit(f'{path}:{number}: {type(error).__name__}: {error}; a line should be {{"id": "…", "text": "…", '
                                 '"entities": [{"start": 0, "end": 5, "label": "PER"}]}') from None
    return documents


def read_written(folder):
    """`[(id, segments)]` of the project's written texts, `%% ID` and markup."""
    documents = []
    for path in sorted(pathlib.Path(folder).glob("*-*.txt")):
        before, *blocks = re.split(r"(?m)^%% ", path.read_text(encoding="utf8"))
        if before.strip():
            raise SystemExit(f"{path}: text before the first document; its first line should be `%% ID`")
        for block in blocks:
            header, _, body = block.partition("\n")
            segs = from_markup(body.rstrip("\n") + "\n")
            if not header.strip() or "\n%%" in body:
                raise SystemExit(f"{path}: after {header.strip() or 'the beginning'} a document has no id; its first line should be `%% ID`")
            if any("{{" in part or "}}" in part for part, _ in segs):
                raise SystemExit(f"{path}: {header.split()[0]} has marks that are not {{{{Name#PER}}}}, #ORG or #LOC; "
                                 "scripts/gold-markup to-jsonl says which")
            documents.append((header.split()[0], segs))
    if not documents:
        raise SystemExit(f"{folder} has no written texts (GENRE-01.txt, …)")
    return documents


def held_out(name, share=10):
    """Whether a written document is kept for measuring; depends on its id and nothing else."""
    return int(hashlib.sha256(name.encode()).hexdigest(), 16) % share == 0


def frame(path, vocabulary):
    """Ids of the pieces that begin and end every window."""
    tokenizer = Tokenizer.from_file(str(path))
    if tokenizer.get_vocab_size() > vocabulary:
        raise SystemExit(f"{path} has {tokenizer.get_vocab_size()} pieces, config.json a vocab_size of {vocabulary}")
    ids = tokenizer.encode("").ids
    if len(ids) != 2:
        raise SystemExit(f"{path} should put one piece before a text and one after it; around an empty one it puts {len(ids)}")
    return ids


class Reader:
    """Documents to windows of piece and label ids, through nommer's own sentences."""

    def __init__(self, tokenizer, program):
        self.tokenizer = Tokenizer.from_file(str(tokenizer))
        self.tokenizer.no_truncation()
        self.tokenizer.no_padding()
        self.program = subprocess.Popen([str(program)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf8")

    def sentences(self, segs):
        self.program.stdin.write(json.dumps(to_record(segs), ensure_ascii=False) + "\n")
        self.program.stdin.flush()
        return json.loads(self.program.stdout.readline())["sentences"]

    def pieces(self, sentence):
        """Piece ids and label ids of a normalised sentence."""
        encoded = self.tokenizer.encode(sentence["text"], add_special_tokens=False)
        labels = [0] * len(encoded.ids)
        for entity in sentence["entities"]:
            first = True
            for index, (start, end) in enumerate(encoded.offsets):
                if end <= entity["start"] or start == end:
                    continue
                if start >= entity["end"]:
                    break
                labels[index] = ID[("B-" if first else "I-") + entity["label"]]
                first = False
        return encoded.ids, labels

    def windows(self, segs, limit, skip=0):
        """Windows of at most `limit` pieces, planned as nommer plans them, from sentence `skip` on."""
        read = [self.pieces(sentence) for sentence in self.sentences(segs)][skip:]
        out, ids, labels = [], [], []
        for piece_ids, piece_labels in read:
            if ids and len(ids) + len(piece_ids) > limit:
                out.append((ids, labels))
                ids, labels = [], []
            if len(piece_ids) <= limit:
                ids, labels = ids + piece_ids, labels + piece_labels
                continue
            stride, start = max(1, limit // 2), 0
            while start + limit < len(piece_ids):
                out.append((piece_ids[start:start + limit], piece_labels[start:start + limit]))
                start += stride
            out.append((piece_ids[-limit:], piece_labels[-limit:]))
        if ids:
            out.append((ids, labels))
        return out
