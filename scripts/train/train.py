#!/usr/bin/env python3
"""Train a BERT token classifier for PER/ORG/LOC, resumable, and export it as a Hugging Face folder (f16).

Usage: train.py --init FOLDER --corpus winer=…/winer-train.jsonl:4 --corpus sequoia=…:1 --written FOLDER:4
                --templates 2 --sentences PROGRAM --lists LISTS.json --out FOLDER --minutes 70

--init is a Hugging Face folder (config.json, tokenizer.json, model.safetensors); a missing classifier is made anew.
A source's number is its share of the pieces that are trained on. Documents are drawn at random, augmented anew each
time, and cut into windows; batches hold windows of like length, up to --batch-pieces. The learning rate rises over
--warmup of the run and falls linearly to zero, by steps (--steps) or by the clock (--minutes), whichever is nearer
its end. Checkpoints (--out/state.pt) are written every --save-minutes and on SIGTERM, and taken up again when the same command is
run; written texts are read anew every --refresh pieces, so texts that arrive later are used. Export: the average of the weights
(EMA) as --out/model, the last weights as --out/last.
"""
import argparse, json, os, pathlib, random, shutil, signal, time
import torch
from safetensors.torch import load_file, save_file
from transformers import BertConfig, BertForTokenClassification

import augment, documents, templates
from conform import conform
from documents import ID, LABELS


# Steps between updates of the average.
EMA_EVERY = 4


class Source:
    """Documents that are drawn in random order, each as often as the others."""

    def __init__(self, name, share, documents):
        self.name, self.share, self.documents = name, share, documents
        self.order, self.pieces, self.drawn = [], 0, 0

    def draw(self, rng):
        if not self.order:
            self.order = list(range(len(self.documents)))
            rng.shuffle(self.order)
        self.drawn += 1
        return self.documents[self.order.pop() % len(self.documents)][1]


class Templates(Source):
    def __init__(self, share, maker):
        super().__init__("templates", share, [])
        self.maker = maker

    def draw(self, rng):
        self.drawn += 1
        return self.maker.document(rng)


def named_corpus(value):
    name, _, rest = value.partition("=")
    path, _, share = rest.rpartition(":")
    return name, path, float(share)


def load_model(folder, dropout=0.1, inner_dropout=0.1):
    config = BertConfig.from_pretrained(folder)
    config.hidden_dropout_prob = config.attention_probs_dropout_prob = inner_dropout
    config.classifier_dropout = dropout
    config.id2label, config.label2id = dict(enumerate(LABELS)), ID
    config.architectures = ["BertForTokenClassification"]
    model = BertForTokenClassification(config)
    state = {name: tensor.float() for name, tensor in load_file(str(folder / "model.safetensors")).items()}
    missing, unknown = model.load_state_dict(state, strict=False)
    if any(not name.startswith("classifier.") for name in missing):
        raise SystemExit(f"{folder} lacks {missing[:3]}")
    if missing:
        print("new:", ", ".join(missing))
    model.bert.embeddings.dropout.p = dropout
    config.hidden_dropout_prob = config.attention_probs_dropout_prob = 0.1
    config.classifier_dropout = None
    return config, model


def groups(model, lr, decay, weight_decay):
    """Layer-wise learning rates: each layer below the classifier gets `decay` of the one above."""
    layers = model.config.num_hidden_layers
    out = {}
    for name, parameter in model.named_parameters():
        if name.startswith("classifier"):
            depth = 0
        elif ".layer." in name:
            depth = layers - int(name.split(".layer.")[1].split(".")[0])
        else:
            depth = layers + 1
        flat = name.endswith(("bias", "LayerNorm.weight"))
        group = out.setdefault((depth, flat), {"params": [], "scale": decay ** depth, "weight_decay": 0.0 if flat else weight_decay})
        group["params"].append(parameter)
    return list(out.values())


def batch_of(windows, device):
    width = max(len(ids) for ids, _ in windows) + 2
    ids = torch.ones(len(windows), width, dtype=torch.long)
    mask, gold = torch.zeros_like(ids), torch.full_like(ids, -100)
    for row, (piece_ids, labels) in enumerate(windows):
        n = len(piece_ids)
        ids[row, :n + 2] = torch.tensor([0, *piece_ids, 2])
        mask[row, :n + 2] = 1
        gold[row, 1:n + 1] = torch.tensor(labels)
    return ids.to(device), mask.to(device), gold.to(device)


def export(folder, config, state, tokenizer):
    folder.mkdir(parents=True, exist_ok=True)
    config.save_pretrained(folder)
    shutil.copyfile(tokenizer, folder / "tokenizer.json")
    save_file({name: tensor.half().contiguous().cpu() for name, tensor in state.items()},
              str(folder / "model.safetensors"), metadata={"format": "pt"})


class Data:
    """An endless stream of batches."""

    def __init__(self, args, rng):
        self.args, self.rng = args, rng
        self.reader = documents.Reader(args.init / "tokenizer.json", args.sentences)
        lists = json.load(open(args.lists, encoding="utf8")) if args.lists else None
        self.augmenter = augment.Augmenter(lists, args.augment.split(",") if args.augment else [])
        self.sources = [Source(name, share, [(i, conform(segs)) for i, segs in documents.read_corpus(path)]) for name, path, share in map(named_corpus, args.corpus)]
        self.written = None
        if args.written:
            folder, _, share = args.written.rpartition(":")
            self.written = (folder, Source("written", float(share), []))
            self.sources.append(self.written[1])
        if args.templates:
            self.sources.append(Templates(args.templates, templates.Maker(lists)))
        self.refresh()

    def refresh(self):
        if self.written:
            folder, source = self.written
            source.documents = [d for d in documents.read_written(folder) if not documents.held_out(d[0])]
            source.order = [i for i in source.order if i < len(source.documents)]

    def batches(self):
        while True:
            self.refresh()
            windows, total = [], 0
            while total < self.args.refresh:
                # The source that is farthest behind its share of the pieces.
                usable = [s for s in self.sources if s.documents or isinstance(s, Templates)]
                source = min(usable, key=lambda s: s.pieces / s.share)
                segs = self.augmenter(source.draw(self.rng), self.rng, source.name)
                limit = self.rng.choice(self.args.limits)
                if source.name in self.args.join:
                    # Single sentences: several make a document, as in running text or one a line.
                    for _ in range(self.rng.choice([0, 1, 3, 5])):
                        segs = segs + [(self.rng.choice([" ", "\n", "\n\n"]), None)] + self.augmenter(source.draw(self.rng), self.rng, source.name)
                made = self.reader.windows(segs, limit, self.rng.choice([0, 0, 0, 1]))
                for ids, labels in made:
                    if len(ids) > 2:
                        windows.append((ids, labels))
                        total += len(ids)
                        source.pieces += len(ids)
                source.pieces += not made
            windows.sort(key=lambda w: len(w[0]) + self.rng.random() * 8)
            batches, batch, width = [], [], 0
            for window in windows:
                width = max(width, len(window[0]) + 2)
                if batch and width * (len(batch) + 1) > self.args.batch_pieces:
                    batches.append(batch)
                    batch, width = [], len(window[0]) + 2
                batch.append(window)
            batches.append(batch)
            self.rng.shuffle(batches)
            yield from batches


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--init", type=pathlib.Path, required=True)
    parser.add_argument("--out", type=pathlib.Path, required=True)
    parser.add_argument("--corpus", action="append", default=[], help="NAME=FILE.jsonl:SHARE")
    parser.add_argument("--written", help="FOLDER:SHARE")
    parser.add_argument("--templates", type=float, default=0, help="share of generated sentences")
    parser.add_argument("--join", nargs="*", default=["sequoia"], help="sources whose documents are single sentences")
    parser.add_argument("--lists", help="lists.json of make_lists.py")
    parser.add_argument("--augment", default="", help="comma-separated: " + ",".join(augment.ALL))
    parser.add_argument("--sentences", required=True, help="the training-sentences program")
    parser.add_argument("--limits", type=int, nargs="+", default=[96, 96, 96, 128, 160], help="window lengths to draw from")
    parser.add_argument("--batch-pieces", type=int, default=2048)
    parser.add_argument("--refresh", type=int, default=60000, help="pieces between readings of the written texts")
    parser.add_argument("--lr", type=float, default=1.5e-4)
    parser.add_argument("--layer-decay", type=float, default=0.95)
    parser.add_argument("--weight-decay", type=float, default=0.01)
    parser.add_argument("--warmup", type=float, default=0.04)
    parser.add_argument("--smoothing", type=float, default=0.0)
    parser.add_argument("--dropout", type=float, default=0.1, help="of embeddings and before the classifier")
    parser.add_argument("--inner-dropout", type=float, default=0.0, help="inside the layers; costs a sixth of the time on a CPU")
    parser.add_argument("--ema", type=float, default=0.995)
    parser.add_argument("--steps", type=int, default=10**9)
    parser.add_argument("--minutes", type=float, default=1e9, help="wall time, interruptions included")
    parser.add_argument("--save-minutes", type=float, default=4)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()

    torch.set_num_threads(args.threads)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    args.out.mkdir(parents=True, exist_ok=True)
    checkpoint = args.out / "state.pt"
    config, model = load_model(args.init, args.dropout, args.inner_dropout)
    model.to(device)
    optimiser = torch.optim.AdamW(groups(model, args.lr, args.layer_decay, args.weight_decay), lr=args.lr, fused=True)
    average = {name: tensor.detach().clone() for name, tensor in model.state_dict().items()}
    step, started, trained = 0, time.time(), 0
    if checkpoint.exists():
        saved = torch.load(checkpoint, map_location=device, weights_only=True)
        model.load_state_dict(saved["model"])
        optimiser.load_state_dict(saved["optimiser"])
        average, step, started, trained = saved["average"], saved["step"], saved["started"], saved["trained"]
        print(f"resumed at step {step}")
    torch.manual_seed(args.seed + step)
    data = Data(args, random.Random(args.seed + step))
    tokenizer = args.init / "tokenizer.json"

    def save():
        torch.save({"model": model.state_dict(), "optimiser": optimiser.state_dict(), "average": average, "step": step,
                    "started": started, "trained": trained}, str(checkpoint) + ".new")
        os.replace(str(checkpoint) + ".new", checkpoint)
        export(args.out / "model", config, average, tokenizer)

    stop = []
    signal.signal(signal.SIGTERM, lambda *_: stop.append(True))
    model.train()
    saved_at, running, since, since_pieces = time.time(), None, time.time(), trained
    for windows in data.batches():
        progress = max(step / args.steps, (time.time() - started) / 60 / args.minutes)
        if progress >= 1:
            break
        scale = min(1.0, (progress + 1e-3) / args.warmup) * (1 - progress)
        for group in optimiser.param_groups:
            group["lr"] = args.lr * scale * group["scale"]
        ids, mask, gold = batch_of(windows, device)
        with torch.autocast(device, torch.bfloat16):
            logits = model(input_ids=ids, attention_mask=mask).logits
        loss = torch.nn.functional.cross_entropy(logits.float().view(-1, len(LABELS)), gold.view(-1), label_smoothing=args.smoothing)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        optimiser.zero_grad(set_to_none=True)
        step += 1
        trained += int(mask.sum())
        keep = min(args.ema, step / (step + 10)) ** EMA_EVERY
        if step % EMA_EVERY == 0:
            for name, tensor in model.state_dict().items():
                average[name].lerp_(tensor.detach(), 1 - keep) if tensor.is_floating_point() else average[name].copy_(tensor)
        running = loss.item() if running is None else 0.98 * running + 0.02 * loss.item()
        if step % 25 == 0:
            rate = (trained - since_pieces) / (time.time() - since)
            since, since_pieces = time.time(), trained
            gone = (time.time() - started) / 60
            drawn = " ".join(f"{s.name} {s.drawn}" + (f"/{len(s.documents)}" if s.documents else "") for s in data.sources)
            print(f"step {step} loss {running:.4f} lr {args.lr * scale:.2e} {rate:.0f} pieces/s {trained / 1e6:.2f}M pieces "
                  f"{gone:.1f} min, {gone * (1 / progress - 1):.1f} min to go; {drawn}", flush=True)
        if stop or time.time() - saved_at > 60 * args.save_minutes:
            save()
            saved_at = time.time()
        if stop:
            raise SystemExit(f"stopped at step {step}; run the same command to go on")
    save()
    export(args.out / "last", config, model.state_dict(), tokenizer)
    print("done at step", step, f"{trained / 1e6:.2f}M pieces", flush=True)


if __name__ == "__main__":
    main()
