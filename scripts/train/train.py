#!/usr/bin/env python3
"""Train a token classifier for PER/ORG/LOC, resumable, and export it as a Hugging Face folder (f16).

Usage: train.py --init FOLDER --corpus winer=…/winer-train.jsonl:4 --corpus sequoia=…:1 --written FOLDER:4 --templates 2
                --lists LISTS.json --sentences PROGRAM --steps 3000 --out FOLDER

--init is a Hugging Face folder (config.json, tokenizer.json, weights) of any architecture that transformers has a token
classifier for; a classifier that is missing or has other labels is made anew. A source's number is its share of the
pieces that are trained on. Documents are drawn at random, augmented anew each time, and cut into windows; batches hold
windows of like length, up to --batch-pieces. The learning rate rises over --warmup of the steps and falls linearly to
zero. With --teacher a share of the loss (--taught) is the cross-entropy with the mean of the teachers' probabilities
(Hinton et al. 2015, at temperature 1), the rest with the marks. Checkpoints (--out/state.pt) are written every
--save-minutes and on SIGTERM or Ctrl-C, which end with code 75; the same command then goes on as if it had not been
stopped. Export: the average of the weights (EMA) as --out/model.
"""
import argparse, copy, json, os, pathlib, random, re, shutil, signal, time

# Sums on a GPU in one order, so that a seed gives one result. Threads that wait for each other sleep: spinning is
# hardly faster on free cores, and several times slower where other programs run on them.
os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
import torch
from safetensors.torch import save_file
from transformers import AutoConfig, AutoModelForTokenClassification, logging

import augment, documents, marks, templates
from documents import ID, LABELS

# Steps between updates of the average.
EMA_EVERY = 4
STOPPED = 75
# What the architectures call the dropout inside their layers.
INNER_DROPOUTS = ["hidden_dropout_prob", "attention_probs_dropout_prob", "dropout", "attention_dropout", "mlp_dropout"]
# Positions of these begin after the padding's id.
SHIFTED = {"roberta", "camembert", "xlm-roberta", "xlm-roberta-xl"}
# Files of a tokenizer that other programs read; nommer reads tokenizer.json alone.
TOKENIZER = ["tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json", "vocab.txt",
             "vocab.json", "merges.txt", "sentencepiece.bpe.model", "spiece.model", "spm.model"]


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
        return self.documents[self.order.pop()][1]


class Templates(Source):
    def __init__(self, share, maker):
        super().__init__("templates", share, [])
        self.maker = maker

    def draw(self, rng):
        self.drawn += 1
        return self.maker.document(rng)


class Data:
    """An endless stream of batches. It is made in chunks, each from the seed and its number, so that it can be taken up
    where it stopped."""

    def __init__(self, args, limit):
        self.args = args
        self.limits = [min(limit, wanted) for wanted in args.limits]
        self.reader = documents.Reader(args.init / "tokenizer.json", args.sentences)
        lists = json.load(open(args.lists, encoding="utf8")) if args.lists else None
        self.augmenter = augment.Augmenter(lists, args.augment.split(",") if args.augment else [])
        self.sources = []
        for name, path, share in args.corpus:
            own = documents.read_corpus(path)
            if not own:
                raise SystemExit(f"{path} has no documents")
            again = [marks.by_guideline(segs, args.marks) for _, segs in own]
            print(f"{name}: {sum(segs is not None for segs in again)} of {len(own)} documents were marked again", flush=True)
            read = [(id, segs if made is None else made) for (id, segs), made in zip(own, again)]
            self.sources.append(Source(name, share, read))
        if args.written:
            folder, share = args.written
            read = [document for document in documents.read_written(folder) if not documents.held_out(document[0])]
            self.sources.append(Source("written", share, read))
        if args.templates:
            self.sources.append(Templates(args.templates, templates.Maker(lists)))
        if not self.sources:
            raise SystemExit("nothing to train on: give --corpus, --written or --templates")
        self.chunk, self.given = 0, 0
        self.begun = self.counts()

    def counts(self):
        return [(source.order[:], source.pieces, source.drawn) for source in self.sources]

    def state(self):
        """How the present chunk began, and how many of its batches were given."""
        return {"chunk": self.chunk, "given": self.given, "begun": self.begun}

    def restore(self, state):
        self.chunk, self.given = state["chunk"], state["given"]
        for source, (order, pieces, drawn) in zip(self.sources, state["begun"]):
            source.order, source.pieces, source.drawn = list(order), pieces, drawn

    def batches(self):
        while True:
            self.begun = self.counts()
            made = self.make(random.Random(f"{self.args.seed} {self.chunk}"))
            for batch in made[self.given:]:
                self.given += 1
                yield batch
            self.chunk, self.given = self.chunk + 1, 0

    def make(self, rng):
        windows, total = [], 0
        while total < self.args.chunk_pieces:
            # The source that is farthest behind its share of the pieces.
            source = min(self.sources, key=lambda source: source.pieces / source.share)
            segs = self.augmenter(source.draw(rng), rng, source.name)
            limit = rng.choice(self.limits)
            if source.name in self.args.join:
                # Single sentences: several make a document, as in running text or one a line.
                for _ in range(rng.choice([0, 1, 3, 5])):
                    more = self.augmenter(source.draw(rng), rng, source.name)
                    segs = segs + [(rng.choice([" ", "\n", "\n\n"]), None)] + more
            made = self.reader.windows(segs, limit, rng.choice([0, 0, 0, 1]))
            for ids, labels in made:
                if len(ids) > 2:
                    windows.append((ids, labels))
                    total += len(ids)
                    source.pieces += len(ids)
            source.pieces += not made
        windows.sort(key=lambda window: len(window[0]) + rng.random() * 8)
        batches, batch, width = [], [], 0
        for window in windows:
            width = max(width, len(window[0]) + 2)
            if batch and width * (len(batch) + 1) > self.args.batch_pieces:
                batches.append(batch)
                batch, width = [], len(window[0]) + 2
            batch.append(window)
        batches.append(batch)
        rng.shuffle(batches)
        return batches


def with_share(value):
    path, _, share = value.rpartition(":")
    if not path or not float(share) > 0:
        raise ValueError
    return path, float(share)


def named_corpus(value):
    name, _, rest = value.partition("=")
    return name, *with_share(rest)


def load_model(folder, dropout, inner_dropout):
    """The network, the dropouts that its config had, and whether its classifier is new."""
    logging.set_verbosity_error()
    config = AutoConfig.from_pretrained(folder, local_files_only=True)
    had = {name: getattr(config, name) for name in INNER_DROPOUTS if hasattr(config, name)}
    for name in had:
        setattr(config, name, inner_dropout)
    if list(config.id2label.values()) != LABELS:
        config.id2label, config.label2id = dict(enumerate(LABELS)), ID
        new_classifier = True
    else:
        new_classifier = False
    if config.model_type == "modernbert":
        config.reference_compile = False
    model, loaded = AutoModelForTokenClassification.from_pretrained(
        folder, config=config, local_files_only=True, dtype=torch.float32, ignore_mismatched_sizes=True,
        output_loading_info=True)
    base = model.base_model_prefix + "."
    lacking = sorted(name for name in loaded["missing_keys"] if name.startswith(base))
    if lacking:
        raise SystemExit(f"{folder} lacks {len(lacking)} weights of a {config.model_type}: {', '.join(lacking[:3])} …")
    other = sorted(name for name, *_ in loaded["mismatched_keys"] if name.startswith(base))
    if other:
        raise SystemExit(f"{folder} has {len(other)} weights that are not as large as its config.json says: {', '.join(other[:3])} …")
    if new_classifier:
        # Labels of the same number, but others.
        torch.nn.init.normal_(model.classifier.weight, std=getattr(config, "initializer_range", 0.02))
        torch.nn.init.zeros_(model.classifier.bias)
    for name, module in model.named_modules():
        if isinstance(module, torch.nn.Dropout) and ("." not in name or "embeddings" in name):
            module.p = dropout
    return model, had, new_classifier or bool(loaded["missing_keys"])


def groups(model, lr, decay, weight_decay):
    """Layer-wise learning rates: each layer below the classifier gets `decay` of the one above."""
    base = model.base_model_prefix + "."
    layer = re.compile(r"\.(?:layer|layers|h)\.(\d+)\.")
    count = 1 + max(int(match[1]) for name, _ in model.named_parameters() if (match := layer.search(name)))
    out = {}
    for name, parameter in model.named_parameters():
        if not name.startswith(base):
            depth = 0
        elif match := layer.search(name):
            depth = count - int(match[1])
        else:
            depth = count + 1 if "embed" in name else 1
        flat = parameter.ndim < 2
        new = {"params": [], "scale": decay ** depth, "weight_decay": 0.0 if flat else weight_decay}
        out.setdefault((depth, flat), new)["params"].append(parameter)
    return list(out.values())


def longest_window(config, frame):
    """Pieces that the network's positions allow besides the two that frame them."""
    positions = getattr(config, "max_position_embeddings", None) or 512
    if config.model_type in SHIFTED:
        positions -= config.pad_token_id + 1
    return positions - len(frame)


def batch_of(windows, frame, padding, device):
    start, end = frame
    width = max(len(ids) for ids, _ in windows) + 2
    ids = torch.full((len(windows), width), padding, dtype=torch.long)
    mask, gold = torch.zeros_like(ids), torch.full_like(ids, -100)
    for row, (piece_ids, labels) in enumerate(windows):
        n = len(piece_ids)
        ids[row, :n + 2] = torch.tensor([start, *piece_ids, end])
        mask[row, :n + 2] = 1
        gold[row, 1:n + 1] = torch.tensor(labels)
    return ids.to(device), mask.to(device), gold.to(device)


def load_teachers(folders, init, device):
    """Networks that were trained with the vocabulary of `init`, to be asked only."""
    teachers = []
    for folder in folders:
        if (folder / "tokenizer.json").read_bytes() != (init / "tokenizer.json").read_bytes():
            raise SystemExit(f"{folder} cannot teach {init}: its tokenizer.json is another")
        teacher, _, new_classifier = load_model(folder, 0.0, 0.0)
        if new_classifier:
            raise SystemExit(f"{folder} cannot teach {init}: it has no classifier for {', '.join(LABELS)}")
        teachers.append(teacher.to(device).eval())
    return teachers


def export(folder, model, dropouts, state, init):
    folder.mkdir(parents=True, exist_ok=True)
    config = copy.deepcopy(model.config)
    config.architectures, config.dtype = [type(model).__name__], None
    for name, value in dropouts.items():
        setattr(config, name, value)
    config.save_pretrained(folder)
    for name in TOKENIZER:
        if (init / name).exists():
            shutil.copyfile(init / name, folder / name)
    halved = {name: tensor.half() if tensor.is_floating_point() else tensor for name, tensor in state.items()}
    save_file({name: tensor.contiguous().cpu() for name, tensor in halved.items()},
              str(folder / "model.safetensors"), metadata={"format": "pt"})


def duration(seconds):
    return f"{seconds / 60:.0f} min" if seconds > 90 else f"{seconds:.0f} s"


def computes_in_bf16(device):
    """Whether bf16 is native there; where it is emulated, f32 is up to 25 times faster."""
    if device == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    return torch.cpu._is_avx512_bf16_supported()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--init", type=pathlib.Path, required=True)
    parser.add_argument("--out", type=pathlib.Path, required=True)
    parser.add_argument("--corpus", type=named_corpus, action="append", default=[], metavar="NAME=FILE.jsonl:SHARE")
    parser.add_argument("--written", type=with_share, metavar="FOLDER:SHARE")
    parser.add_argument("--templates", type=float, default=0, help="share of generated sentences")
    parser.add_argument("--join", action="append", default=[], metavar="NAME",
                        help="a corpus whose documents are single sentences")
    # Marks of texts that are there to measure by are not even looked at.
    parser.add_argument("--marks", default="*-train.tsv", metavar="GLOB",
                        help="files of marks/ to read in place of the corpora's own marks; none leaves those [default: %(default)s]")
    parser.add_argument("--lists", help="lists.json of make_lists.py")
    parser.add_argument("--augment", default="", help="comma-separated: " + ",".join(augment.ALL))
    parser.add_argument("--sentences", required=True, help="the training-sentences program")
    parser.add_argument("--limits", type=int, nargs="+", default=[96, 96, 96, 128, 160],
                        help="window lengths to draw from")
    parser.add_argument("--batch-pieces", type=int, default=1024)
    parser.add_argument("--chunk-pieces", type=int, default=60000,
                        help="pieces that are made, sorted and shuffled together")
    parser.add_argument("--lr", type=float, default=1.5e-4)
    parser.add_argument("--layer-decay", type=float, default=0.95)
    parser.add_argument("--weight-decay", type=float, default=0.01)
    parser.add_argument("--warmup", type=float, default=0.04)
    parser.add_argument("--smoothing", type=float, default=0.0)
    parser.add_argument("--teacher", type=pathlib.Path, action="append", default=[], metavar="FOLDER",
                        help="a trained network of the same vocabulary, to learn its probabilities")
    parser.add_argument("--taught", type=float, default=0.8, help="share of the teachers in the loss")
    parser.add_argument("--dropout", type=float, default=0.1, help="of embeddings and before the classifier")
    parser.add_argument("--inner-dropout", type=float, default=0.0,
                        help="inside the layers; costs a sixth of the time on a CPU")
    parser.add_argument("--ema", type=float, default=0.995)
    parser.add_argument("--steps", type=int, required=True)
    parser.add_argument("--save-minutes", type=float, default=4)
    parser.add_argument("--report-seconds", type=float, default=20)
    parser.add_argument("--device", choices=["auto", "cpu", "cuda"], default="auto")
    parser.add_argument("--precision", choices=["auto", "bf16", "f32"], default="auto",
                        help="of the matrix products; auto: bf16 where the processor computes in it")
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    parser.add_argument("--threads", type=int, default=cores)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--dry-run", action="store_true", help="read these options, and end")
    args = parser.parse_args()
    if args.dry_run:
        return
    if not args.lists and (args.augment or args.templates):
        raise SystemExit("--augment and --templates need --lists, which make_lists.py makes")
    for folder in [args.init, *args.teacher]:
        for name in ("config.json", "tokenizer.json"):
            if not (folder / name).is_file():
                raise SystemExit(f"{folder} has no {name}: a Hugging Face folder is wanted, of a network with its tokenizer")

    stop = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.append(True))
    torch.set_num_threads(args.threads)
    device = args.device if args.device != "auto" else "cuda" if torch.cuda.is_available() else "cpu"
    if device == "cuda":
        torch.use_deterministic_algorithms(True, warn_only=True)
    precision = args.precision if args.precision != "auto" else "bf16" if computes_in_bf16(device) else "f32"
    args.out.mkdir(parents=True, exist_ok=True)
    checkpoint = args.out / "state.pt"
    torch.manual_seed(args.seed)
    model, dropouts, new_classifier = load_model(args.init, args.dropout, args.inner_dropout)
    if new_classifier:
        print("the classifier is new")
    model.to(device)
    teachers = load_teachers(args.teacher, args.init, device)
    optimiser = torch.optim.AdamW(groups(model, args.lr, args.layer_decay, args.weight_decay), lr=args.lr, fused=True)
    average = {name: tensor.detach().clone() for name, tensor in model.state_dict().items()}
    frame = documents.frame(args.init / "tokenizer.json", model.config.vocab_size)
    padding = model.config.pad_token_id or 0
    data = Data(args, longest_window(model.config, frame))
    step, seconds, trained = 0, 0.0, 0
    if checkpoint.exists():
        saved = torch.load(checkpoint, map_location=device, weights_only=True)
        model.load_state_dict(saved["model"])
        optimiser.load_state_dict(saved["optimiser"])
        data.restore(saved["data"])
        torch.set_rng_state(saved["random"].cpu())
        if device == "cuda" and "random_cuda" in saved:
            torch.cuda.set_rng_state(saved["random_cuda"].cpu())
        average, step, seconds, trained = saved["average"], saved["step"], saved["seconds"], saved["trained"]
        print(f"resumed at step {step}", flush=True)
    else:
        parts = ", ".join(f"{source.name} {len(source.documents) or 'made'}" for source in data.sources)
        print(f"{model.config.model_type}, {sum(map(torch.numel, model.parameters())) / 1e6:.1f} million weights, "
              f"on {device} in {precision}, {args.threads} threads; documents: {parts}", flush=True)

    def save():
        state = {"model": model.state_dict(), "optimiser": optimiser.state_dict(), "average": average,
                 "data": data.state(), "random": torch.get_rng_state(), "step": step, "trained": trained,
                 "seconds": seconds + time.time() - started}
        if device == "cuda":
            state["random_cuda"] = torch.cuda.get_rng_state()
        torch.save(state, str(checkpoint) + ".new")
        os.replace(str(checkpoint) + ".new", checkpoint)

    model.train()
    started = saved_at = reported = time.time()
    first, before, losses = step, trained, []
    batches = data.batches()
    while step < args.steps and not stop:
        progress = step / args.steps
        scale = min(1.0, (progress + 1 / args.steps) / (args.warmup or 1 / args.steps)) * (1 - progress)
        for group in optimiser.param_groups:
            group["lr"] = args.lr * scale * group["scale"]
        ids, mask, gold = batch_of(next(batches), frame, padding, device)
        with torch.autocast(device, torch.bfloat16, enabled=precision == "bf16"):
            logits = model(input_ids=ids, attention_mask=mask).logits
            with torch.no_grad():
                said = [teacher(input_ids=ids, attention_mask=mask).logits.float().softmax(-1) for teacher in teachers]
        loss = torch.nn.functional.cross_entropy(logits.float().view(-1, len(LABELS)), gold.view(-1),
                                                 label_smoothing=args.smoothing)
        if said:
            marked = gold != -100
            by_teachers = torch.nn.functional.cross_entropy(logits.float()[marked], (sum(said) / len(said))[marked])
            loss = (1 - args.taught) * loss + args.taught * by_teachers
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        optimiser.zero_grad(set_to_none=True)
        step += 1
        trained += int(mask.sum())
        if step % EMA_EVERY == 0:
            keep = min(args.ema, step / (step + 10)) ** EMA_EVERY
            for name, tensor in model.state_dict().items():
                if tensor.is_floating_point():
                    average[name].lerp_(tensor.detach(), 1 - keep)
                else:
                    average[name].copy_(tensor)
        losses.append(loss.item())
        now = time.time()
        if now - reported > args.report_seconds or step == args.steps:
            to_go = (now - started) / (step - first) * (args.steps - step)
            drawn = ", ".join(f"{source.name} {source.drawn}" for source in data.sources)
            print(f"step {step}/{args.steps} loss {sum(losses) / len(losses):.4f} lr {args.lr * scale:.1e} "
                  f"{(trained - before) / (now - started):.0f} pieces/s, {duration(seconds + now - started)} gone, "
                  f"{duration(to_go)} to go; {drawn}", flush=True)
            reported, losses = now, []
        if now - saved_at > 60 * args.save_minutes:
            save()
            saved_at = now
    if step < args.steps:
        save()
        print(f"stopped at step {step}; the same command goes on from here", flush=True)
        raise SystemExit(STOPPED)
    export(args.out / "model", model, dropouts, average, args.init)
    checkpoint.unlink(missing_ok=True)
    seconds += time.time() - started
    print(f"done: {step} steps, {trained / 1e6:.2f} million pieces, {duration(seconds)}", flush=True)


if __name__ == "__main__":
    main()
