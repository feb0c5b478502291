"""One step of prompt tuning (or of predicting), Incipit against PEFT, side by side on the same batches.

    python3 -m venv venv
    venv/bin/pip install torch transformers peft safetensors tokenizers numpy
    venv/bin/python bench/versus_peft.py --shape roberta-large --tokenizer FOLDER --data MRPC/train.tsv \
        --bench build/bench/incipit_bench_step --steps 5 --threads 2 --json result.json

Steps alternate (PEFT, ours, ours, PEFT, …), so that a busy machine slows both. Dropout is off. A step of training is
forward, loss, backward and the optimizer's step for the prompt and the head; a step of predicting (--mode predict, on
batches sorted by length) is forward alone. PEFT pads to the longest of the batch and uses torch's default attention; it
runs in f32, beside our bf16 and int8 in bf16 (--peft-dtype says otherwise). Real tokens count the virtual ones, never
the padding. --insert-layer trains a late prompt, which PEFT has not: it runs its own.

The other side is a program called as `BENCH --model FOLDER --batches FILE …`. Each line of FILE is {"input_ids": [[…]],
"token_type_ids": [[…]], "labels": […]}, without padding. The program prints one line {"gflop": […]} of all batches when it
is ready; then, for each line on its standard input, the 0-based number of a batch, it runs a step on that batch and prints
the seconds it took. A second one, called with --roof, prints what the step's matmuls alone would take at that moment; it is
asked beside each step, since the machine's speed comes and goes.
"""

import argparse
import contextlib
import csv
import json
import pathlib
import platform
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "tests" / "golden"))
import synthetic


def roberta_shape(hidden, layers, heads, inner):
    return {"model_type": "roberta", "architectures": ["RobertaForMaskedLM"], "vocab_size": 50265, "hidden_size": hidden,
            "num_hidden_layers": layers, "num_attention_heads": heads, "intermediate_size": inner,
            "max_position_embeddings": 514, "type_vocab_size": 1, "pad_token_id": 1, "bos_token_id": 0,
            "eos_token_id": 2, "layer_norm_eps": 1e-5}


# Of a padding token PEFT has use only; texts are tokenized by whatever tokenizer is given.
SMOLLM2 = {"model_type": "llama", "architectures": ["LlamaForCausalLM"], "vocab_size": 49152, "hidden_size": 576,
           "num_hidden_layers": 30, "num_attention_heads": 9, "num_key_value_heads": 3, "intermediate_size": 1536,
           "max_position_embeddings": 8192, "rope_theta": 100000.0, "rms_norm_eps": 1e-5, "tie_word_embeddings": True,
           "pad_token_id": 2, "bos_token_id": 1, "eos_token_id": 2}
SHAPES = {"smollm2-135m": SMOLLM2, "roberta-large": roberta_shape(1024, 24, 16, 4096), "roberta-base": roberta_shape(768, 12, 12, 3072),
          "roberta-tiny": roberta_shape(64, 2, 4, 128)}
DROPOUTS = ("hidden_dropout_prob", "attention_probs_dropout_prob", "classifier_dropout", "dropout", "attention_dropout",
            "seq_classif_dropout")


def make_parser(about):
    parser = argparse.ArgumentParser(description=about.split("\n")[0])
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--model", type=pathlib.Path, help="folder of a model")
    source.add_argument("--shape", choices=SHAPES, help="random weights of this shape")
    parser.add_argument("--tokenizer", type=pathlib.Path, help="tokenizer.json or its folder; default: the model's")
    parser.add_argument("--data", type=pathlib.Path, required=True, help="TSV with a header, such as MRPC's train.tsv")
    parser.add_argument("--text", default="#1 String", help="column of the text")
    parser.add_argument("--text-pair", default="#2 String", help="column of the second text; empty: none")
    parser.add_argument("--label", default="Quality", help="column of the label")
    parser.add_argument("--bench", type=pathlib.Path, help="our incipit_bench_step; without it PEFT runs alone")
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--virtual-tokens", type=int, default=10)
    parser.add_argument("--warm-up", type=int, default=1, help="pairs of steps before timing")
    parser.add_argument("--steps", type=int, default=5, help="timed pairs of steps")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--mode", choices=("train", "predict"), default="train")
    parser.add_argument("--precision", choices=("f32", "bf16", "int8"), default="f32", help="of ours")
    parser.add_argument("--peft-dtype", choices=("float32", "bfloat16"), help="default: the precision's")
    parser.add_argument("--insert-layer", type=int, default=0, help="of our prompt; 0: the embeddings, as PEFT's")
    parser.add_argument("--max-batch-tokens", type=int, help="of ours; default: its own")
    parser.add_argument("--pause", type=float, default=0.3, help="seconds between steps, for idle threads to sleep")
    parser.add_argument("--json", type=pathlib.Path, help="also write everything here")
    return parser


def checked(parser):
    options = parser.parse_args()
    for name in ("batch_size", "steps", "threads"):
        if getattr(options, name) < 1:
            parser.error(f"--{name.replace('_', '-')} must be at least 1")
    options.peft_dtype = options.peft_dtype or ("float32" if options.precision == "f32" else "bfloat16")
    if options.shape and not options.tokenizer:
        parser.error("--shape needs --tokenizer, a tokenizer.json of no more tokens than the shape has")
    return options


def model_folder(options, scratch):
    """The model's folder; random weights are written to the scratch folder."""
    if options.model:
        return options.model
    folder = scratch / options.shape
    synthetic.write_model(folder, SHAPES[options.shape], classifier=False)
    shutil.copyfile(tokenizer_file(options.tokenizer), folder / "tokenizer.json")
    return folder


def tokenizer_file(path):
    return path / "tokenizer.json" if path.is_dir() else path


def usable_positions(config):
    counts_from_padding = config["model_type"] in ("roberta", "xlm-roberta", "camembert")
    return config["max_position_embeddings"] - (config["pad_token_id"] + 1 if counts_from_padding else 0)


def read_rows(options):
    """(text or pair, label name) of every row; quotes are ordinary characters, as in GLUE's files."""
    with open(options.data, encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    pair = options.text_pair
    return [((row[options.text], row[pair]) if pair else row[options.text], row[options.label]) for row in rows]


def make_batches(options, config, folder):
    """`steps` batches of rows in file order, starting over at the end; and the number of labels."""
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(tokenizer_file(options.tokenizer or folder)))
    tokenizer.no_padding()
    tokenizer.enable_truncation(usable_positions(config) - options.virtual_tokens)
    rows = read_rows(options)
    if options.mode == "predict":
        rows = sorted(rows[:options.steps * options.batch_size], key=lambda row: len("".join(row[0])))
    labels = sorted({label for _, label in rows})
    with_types = config.get("type_vocab_size", 0) > 1
    batches = []
    for step in range(options.steps):
        chosen = [rows[(step * options.batch_size + j) % len(rows)] for j in range(options.batch_size)]
        encodings = tokenizer.encode_batch([text for text, _ in chosen])
        batches.append({"input_ids": [e.ids for e in encodings],
                        "token_type_ids": [e.type_ids if with_types else [0] * len(e.ids) for e in encodings],
                        "labels": [labels.index(label) for _, label in chosen]})
    return batches, len(labels)


def real_tokens(options, batch):
    return sum(len(ids) + options.virtual_tokens for ids in batch["input_ids"])


class Ours:
    """The other program, kept running and told which batch is next."""

    def __init__(self, options, folder, batches_file, *flags):
        command = [options.bench, "--model", folder, "--batches", batches_file, "--threads", options.threads,
                   "--virtual-tokens", options.virtual_tokens, "--mode", options.mode, "--precision", options.precision,
                   "--insert-layer", options.insert_layer]
        if options.max_batch_tokens:
            command += ["--max-batch-tokens", options.max_batch_tokens]
        command += flags
        self.process = subprocess.Popen([str(part) for part in command], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        text=True)
        self.figures = json.loads(self._line())

    def _line(self):
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit(f"{self.process.args[0]} ended with exit code {self.process.wait()}")
        return line

    def step(self, index):
        self.process.stdin.write(f"{index}\n")
        self.process.stdin.flush()
        return float(self._line())

    def peak_bytes(self):
        for line in pathlib.Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
        raise SystemExit("no VmHWM in /proc")

    def close(self):
        self.process.stdin.close()
        self.process.wait()


class Peft:
    """PEFT's prompt tuning, dropout off, as its documentation sets it up."""

    def __init__(self, options, folder, batches, num_labels):
        import torch
        from peft import PromptTuningConfig, TaskType, get_peft_model
        from transformers import AutoConfig, AutoModelForSequenceClassification

        torch.set_num_threads(options.threads)
        torch.manual_seed(0)
        config = AutoConfig.from_pretrained(folder)
        config.num_labels = num_labels
        for name in DROPOUTS:
            if hasattr(config, name):
                setattr(config, name, 0.0)
        base = AutoModelForSequenceClassification.from_pretrained(folder, config=config, dtype=getattr(torch, options.peft_dtype))
        self.model = get_peft_model(base, PromptTuningConfig(
            task_type=TaskType.SEQ_CLS, num_virtual_tokens=options.virtual_tokens, token_dim=config.hidden_size,
            num_attention_heads=config.num_attention_heads)).train()
        self.torch, self.trains = torch, options.mode == "train"
        self.model.train(self.trains)
        trained = [p for p in self.model.parameters() if p.requires_grad]
        self.optimizer = torch.optim.AdamW(trained, lr=1e-3, weight_decay=0.01)
        with_types = getattr(config, "type_vocab_size", 0) > 1
        self.batches = [self._padded(torch, batch, config.pad_token_id, with_types) for batch in batches]

    @staticmethod
    def _padded(torch, batch, pad, with_types):
        width = max(len(ids) for ids in batch["input_ids"])
        fill = lambda rows, value: torch.tensor([row + [value] * (width - len(row)) for row in rows])
        inputs = {"input_ids": fill(batch["input_ids"], pad), "labels": torch.tensor(batch["labels"]),
                  "attention_mask": fill([[1] * len(ids) for ids in batch["input_ids"]], 0)}
        return inputs | ({"token_type_ids": fill(batch["token_type_ids"], 0)} if with_types else {})

    def step(self, index):
        begin = time.perf_counter()
        if self.trains:
            self.optimizer.zero_grad()
            self.model(**self.batches[index]).loss.backward()
            self.optimizer.step()
        else:
            with self.torch.no_grad():
                self.model(**self.batches[index])
        return time.perf_counter() - begin

    @staticmethod
    def peak_bytes():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def run_pairs(options, sides):
    """Seconds of every timed step by side; the side that begins changes with each pair."""
    seconds = {name: [] for name in sides}
    for pair in range(-options.warm_up, options.steps):
        names = list(sides)[:: 1 if pair % 2 == 0 else -1]
        for name in names:
            time.sleep(options.pause)
            taken = sides[name].step(pair % options.steps)
            if pair >= 0:
                seconds[name].append(taken)
        print(f"pair {pair + 1}/{options.steps}" if pair >= 0 else "warm-up", "done", file=sys.stderr)
    return seconds


def summary(seconds, tokens, peak):
    median = statistics.median(seconds)
    return {"seconds": seconds, "median": median, "min": min(seconds), "max": max(seconds),
            "spread": (max(seconds) - min(seconds)) / median, "tokens_per_s": sum(tokens) / sum(seconds),
            "peak_bytes": peak}


def show(result):
    for name, side in result["sides"].items():
        print(f"{name:8} {side['median']:.3f} s a step (median of {len(side['seconds'])}, {side['min']:.3f} to "
              f"{side['max']:.3f}), {side['tokens_per_s']:.0f} real tokens/s, peak {side['peak_bytes'] / 1e9:.2f} GB")
    if "ratio" in result:
        print(f"ratio    {result['ratio']:.2f} (median of pairs, PEFT's seconds / ours; {result['ratio_min']:.2f} to "
              f"{result['ratio_max']:.2f})")
        print(f"ours     {result['gflops']:.0f} GFLOP/s of the matmul roof's {result['roof_gflops']:.0f}: "
              f"{100 * result['roof_share']:.0f} % (median; best step {100 * result['roof_share_best']:.0f} %)")


def compare(result, roof_seconds):
    """Adds what needs both sides."""
    pairs = [p / o for p, o in zip(result["sides"]["peft"]["seconds"], result["sides"]["incipit"]["seconds"])]
    result |= {"ratio": statistics.median(pairs), "ratio_min": min(pairs), "ratio_max": max(pairs)}
    result["roof_seconds"] = roof_seconds
    steps = list(zip(result["gflop"], roof_seconds, result["sides"]["incipit"]["seconds"]))
    shares = [roof / seconds for _, roof, seconds in steps]
    result["gflops"] = statistics.median(gflop / seconds for gflop, _, seconds in steps)
    result["roof_gflops"] = sum(result["gflop"]) / sum(result["roof_seconds"])
    result |= {"roof_share": statistics.median(shares), "roof_share_best": max(shares)}
    return result


def cpu_name():
    lines = pathlib.Path("/proc/cpuinfo").read_text().splitlines()
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), platform.machine())


def about(options, tokens):
    import peft
    import torch
    import transformers

    return {"model": str(options.model or options.shape), "batch_size": options.batch_size,
            "virtual_tokens": options.virtual_tokens, "mode": options.mode,
            "precision": options.precision, "peft_dtype": options.peft_dtype, "insert_layer": options.insert_layer, "threads": options.threads, "real_tokens": tokens,
            "versions": {"torch": torch.__version__, "transformers": transformers.__version__, "peft": peft.__version__},
            "machine": cpu_name()}


def main():
    options = checked(make_parser(__doc__))
    with tempfile.TemporaryDirectory() as scratch, contextlib.ExitStack() as closing:
        scratch = pathlib.Path(scratch)
        folder = model_folder(options, scratch)
        config = json.loads((folder / "config.json").read_text())
        batches, num_labels = make_batches(options, config, folder)
        batches_file = scratch / "batches.jsonl"
        batches_file.write_text("".join(json.dumps(batch) + "\n" for batch in batches))
        sides = {}
        if options.bench:
            for name, flags in (("incipit", ()), ("roof", ("--roof",))):
                sides[name] = Ours(options, folder, batches_file, *flags)
                closing.callback(sides[name].close)
        sides = {"peft": Peft(options, folder, batches, num_labels)} | sides
        seconds = run_pairs(options, sides)
        tokens = [real_tokens(options, batch) for batch in batches]
        result = about(options, tokens) | {"sides": {
            name: summary(seconds[name], tokens, side.peak_bytes()) for name, side in sides.items() if name != "roof"}}
        if options.bench:
            result = compare(result | sides["incipit"].figures, seconds["roof"])
    show(result)
    if options.json:
        options.json.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
