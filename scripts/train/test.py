#!/usr/bin/env python3
"""Tests of train.py on tiny networks: architectures, going on after a stop, seeds; and of what is refused. Run by scripts/train/check.

Usage: test.py TRAINING_SENTENCES_PROGRAM
"""
import hashlib, json, pathlib, shutil, signal, subprocess, sys, tempfile

import torch
from transformers import AutoModelForTokenClassification, ModernBertConfig, ModernBertForMaskedLM, logging

import marks

HERE = pathlib.Path(__file__).resolve().parent
TINY = HERE.parent.parent / "tests/fixtures/checkpoints"


def command(init, out, *options):
    return [sys.executable, str(HERE / "train.py"), "--init", str(init), "--out", str(out), "--sentences", sys.argv[1],
            "--written", f"{HERE / 'texts'}:1", "--batch-pieces", "256", "--chunk-pieces", "1500", "--lr", "0.003",
            "--device", "cpu", "--threads", "1", "--report-seconds", "0", *map(str, options)]


def train(init, out, *options):
    done = subprocess.run(command(init, out, *options), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    losses = [float(line.split(" loss ")[1].split()[0]) for line in done.stdout.splitlines() if " loss " in line]
    return hashlib.sha256((out / "model/model.safetensors").read_bytes()).hexdigest(), losses


def refused(says, script, *arguments):
    """The script ends with one line, which says this."""
    done = subprocess.run([sys.executable, HERE / script, *map(str, arguments)], capture_output=True, text=True)
    assert done.returncode and says in done.stderr and len(done.stderr.splitlines()) == 1, done.stderr


def architecture(name, scratch):
    """A network learns, and what is exported loads without a weight missing or left over."""
    init = TINY / name
    if name == "modernbert":
        init = scratch / "modernbert-init"
        torch.manual_seed(0)
        config = ModernBertConfig(vocab_size=420, hidden_size=32, intermediate_size=48, num_hidden_layers=3,
                                  num_attention_heads=2, max_position_embeddings=256, pad_token_id=0, cls_token_id=2,
                                  sep_token_id=3, bos_token_id=2, eos_token_id=3, reference_compile=False)
        ModernBertForMaskedLM(config).save_pretrained(init)
        shutil.copyfile(TINY / "bert/tokenizer.json", init / "tokenizer.json")
    _, losses = train(init, scratch / name, "--steps", 20)
    assert sum(losses[-5:]) < sum(losses[:5]), losses
    model, loaded = AutoModelForTokenClassification.from_pretrained(scratch / name / "model", output_loading_info=True)
    assert not loaded["missing_keys"] and not loaded["unexpected_keys"], loaded
    assert model(torch.tensor([[2, 20, 30, 3]])).logits.isfinite().all()


def going_on(scratch):
    """Stopped and run again gives the bytes of a run that was not stopped; another seed does not."""
    straight, _ = train(TINY / "bert", scratch / "straight", "--steps", 120)
    stopped = subprocess.Popen(command(TINY / "bert", scratch / "stopped", "--steps", 120), stdout=subprocess.PIPE,
                               text=True)
    for line in stopped.stdout:
        if line.startswith("step 2"):
            stopped.send_signal(signal.SIGTERM)
            break
    last = stopped.stdout.read()
    assert stopped.wait() == 75, last
    resumed, losses = train(TINY / "bert", scratch / "stopped", "--steps", 120)
    assert 0 < len(losses) < 120, losses
    assert resumed == straight
    other, _ = train(TINY / "bert", scratch / "other", "--steps", 120, "--seed", 1)
    assert other != straight


def taught(scratch):
    """A network that hears nothing but its teacher comes to say what it says; a teacher of another vocabulary is refused."""
    def said(folder):
        return AutoModelForTokenClassification.from_pretrained(folder)(torch.tensor([[2, 20, 30, 40, 3]])).logits.softmax(-1)

    train(TINY / "bert", scratch / "teacher", "--steps", 60)
    teacher = scratch / "teacher/model"
    train(TINY / "bert", scratch / "pupil", "--steps", 60, "--seed", 1, "--teacher", teacher, "--taught", 1, "--ema", 0)
    train(TINY / "bert", scratch / "alone", "--steps", 60, "--seed", 1, "--ema", 0)
    near, far = ((said(scratch / name / "model") - said(teacher)).abs().sum() for name in ("pupil", "alone"))
    assert 2 * near < far, (near, far)
    other_words = command(TINY / "camembert", scratch / "other-words", "--steps", 1, "--teacher", teacher)
    refused("tokenizer.json is another", *other_words[1:])
    refused("nowhere has no config.json", *other_words[1:-1], scratch / "nowhere")
    refused("has no classifier for O, B-PER", *command(TINY / "bert", scratch / "base", "--steps", 1, "--teacher", TINY / "bert")[1:])


def refusals(scratch):
    """What cannot be read ends with one line that says where and what."""
    texts, corpus = scratch / "texts", scratch / "corpus.jsonl"
    texts.mkdir()
    refused("has no written texts", "hold_out.py", texts, scratch / "out")
    (texts / "presse-01.txt").write_text("%% presse-01-01\nÀ {{Brest#PLACE}}.\n", encoding="utf8")
    refused("presse-01-01 has marks", "hold_out.py", texts, scratch / "out")
    (texts / "presse-01.txt").write_text("%%presse-01-01\nÀ {{Brest#LOC}}.\n", encoding="utf8")
    refused("text before the first document", "hold_out.py", texts, scratch / "out")
    corpus.write_text('{"id": "a", "text": "Brest", "entities": []}\n{"id": "b"}\n', encoding="utf8")
    refused("corpus.jsonl:2: KeyError", "marks.py", corpus, scratch / "out")
    refused("no manifest.json", "calibrate.py", texts, "--nommer", "nommer", "--gold", corpus, "--out", scratch / "out")
    refused("need --lists, which", *command(TINY / "bert", scratch / "out", "--steps", 1, "--augment", "person")[1:])
    corpus.write_text("")
    refused("corpus.jsonl has no documents", *command(TINY / "bert", scratch / "out", "--steps", 1, "--corpus", f"a={corpus}:1")[1:])


def wrong_recipes(scratch):
    """What is wrong in a recipe is said before anything is fetched or trained."""
    def changed(says, change):
        recipe = json.loads((HERE / "recipe.json").read_text(encoding="utf8"))
        change(recipe)
        path = scratch / "recipe.json"
        path.write_text(json.dumps(recipe), encoding="utf8")
        refused(f"recipe.json: {says}", "run", "--out", scratch / "nowhere", "--recipe", path)
        assert not (scratch / "nowhere").exists()

    stages = lambda recipe: recipe["stages"]
    changed("a recipe should have stages, a list", lambda recipe: recipe.update(stages={}))
    changed("evaluate should have draws, a whole number", lambda recipe: recipe["evaluate"].pop("draws"))
    changed("corpus winer should have about, an object", lambda recipe: recipe["corpora"]["winer"].pop("about"))
    changed("two files are called winer-dev", lambda recipe: recipe["corpora"]["sequoia"].update(dev="b/winer-dev.jsonl"))
    changed("stage 2 should have steps, a whole number", lambda recipe: stages(recipe)[1].update(steps="many"))
    changed("stage first has a share of writen; there are winer, ", lambda recipe: stages(recipe)[0]["shares"].update(writen=9))
    changed("stage first should have a share of winer above 0", lambda recipe: stages(recipe)[0]["shares"].update(winer=0))
    changed("stage first needs second; before it are base", lambda recipe: stages(recipe)[0].update({"from": "second"}))
    changed("base cannot teach taught", lambda recipe: stages(recipe)[2].update(teachers=["first", "base"]))
    changed("a second stage called first", lambda recipe: stages(recipe)[1].update(name="first"))


def stopped_late(scratch):
    """What a command ended well in spite of a signal is done, and nothing after it begins."""
    (scratch / "steps.py").write_text(f"""
import importlib.machinery, importlib.util, pathlib, signal, sys
loader = importlib.machinery.SourceFileLoader("run", {str(HERE / 'run')!r})
run = importlib.util.module_from_spec(importlib.util.spec_from_loader("run", loader))
loader.exec_module(run)
signal.signal(signal.SIGTERM, run.stop)
chain = run.Chain(pathlib.Path({str(scratch / 'chain')!r}))
deaf = "import signal, time; signal.signal(signal.SIGTERM, lambda *_: print('deaf')); print('ready'); time.sleep(1)"
for step in ("late", "next"):
    chain.step(step, {{}}, lambda folder: run.carry_out(lambda: run.command(sys.executable, "-c", deaf)))
""", encoding="utf8")
    steps = subprocess.Popen([sys.executable, scratch / "steps.py"], stdout=subprocess.PIPE, text=True)
    said = []
    for line in steps.stdout:
        said.append(line.strip())
        if said[-1] == "ready":
            steps.send_signal(signal.SIGTERM)
    assert steps.wait() == 75 and "deaf" in said and said.count("ready") == 1, said
    again = subprocess.run([sys.executable, scratch / "steps.py"], capture_output=True, text=True)
    assert not again.returncode and "late: as before" in again.stdout and "next: going on" in again.stdout, again


def marked_again(scratch):
    """A text that was marked again has those marks, also if they are none; any other keeps its own."""
    folder, own = scratch / "marks", [("À ", None), ("Brest", "PER"), (".", None)]
    folder.mkdir()
    line = lambda text, *spans: "\t".join(["id", marks.digest(text), *spans]) + "\n"
    (folder / "a-train.tsv").write_text(line("À Brest.", "2:7:LOC") + line("Rien."), encoding="utf8")
    (folder / "a-dev.tsv").write_text(line("Autre.", "0:5:PER"), encoding="utf8")
    marks.FOLDER = folder
    assert marks.by_guideline(own) == [("À ", None), ("Brest", "LOC"), (".", None)]
    assert marks.by_guideline([("Rien", "ORG"), (".", None)]) == [("Rien.", None)]
    assert marks.by_guideline([("À Brest !", None)]) is None
    assert marks.by_guideline([("Autre.", None)]) and marks.by_guideline([("Autre.", None)], "*-train.tsv") is None
    for row in ("id\tdigest\t5:2:LOC", "id\tdigest\t0:3:LIEU", "id\tdigest\t0:3:LOC\t2:4:LOC", "id"):
        (folder / "wrong.tsv").write_text(row + "\n", encoding="utf8")
        try:
            marks.marked(folder, "wrong.*")
            raise AssertionError(f"{row!r} was taken")
        except SystemExit as refusal:
            assert "wrong.tsv:1: " in str(refusal), refusal
    # What ships can be read, and knows each text once.
    for path in sorted((HERE / "marks").glob("*.tsv")):
        assert len(marks.marked(path.parent, path.name)) == len(path.read_text(encoding="utf8").splitlines()) > 0, path


def main():
    logging.set_verbosity_error()
    with tempfile.TemporaryDirectory() as scratch:
        scratch = pathlib.Path(scratch)
        for name in ("camembert", "deberta-v3", "modernbert"):
            architecture(name, scratch)
            print(f"test.py: {name} trains, and loads again", flush=True)
        taught(scratch)
        print("test.py: a pupil comes to say what its teacher says", flush=True)
        refusals(scratch)
        wrong_recipes(scratch)
        stopped_late(scratch)
        marked_again(scratch)
        going_on(scratch)
        print("test.py: stopped and resumed gives the same bytes, another seed others")


if __name__ == "__main__":
    main()
