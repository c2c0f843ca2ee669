#!/usr/bin/env python3
"""Average the weights of checkpoints that were trained from one another.

Usage: blend.py OUT FOLDER=WEIGHT FOLDER=WEIGHT…   (weights are made to sum to one; config and tokenizer from the first)
"""
import pathlib, shutil, sys

from safetensors.torch import load_file, save_file

if len(sys.argv) < 3:
    sys.exit(__doc__.strip())
out = pathlib.Path(sys.argv[1])
try:
    parts = [(pathlib.Path(folder), float(weight)) for folder, _, weight in (arg.rpartition("=") for arg in sys.argv[2:])]
except ValueError as error:
    sys.exit(f"blend: FOLDER=WEIGHT: {error}")
for folder, _ in parts:
    if not (folder / "model.safetensors").is_file():
        sys.exit(f"blend: {folder} is no checkpoint: it has no model.safetensors")
total = sum(weight for _, weight in parts)
blend = {}
for folder, weight in parts:
    for name, tensor in load_file(str(folder / "model.safetensors")).items():
        blend[name] = blend.get(name, 0) + tensor.float() * (weight / total)
out.mkdir(parents=True, exist_ok=True)
for name in ("config.json", "tokenizer.json"):
    shutil.copyfile(parts[0][0] / name, out / name)
save_file({name: tensor.half().contiguous() for name, tensor in blend.items()}, str(out / "model.safetensors"), metadata={"format": "pt"})
