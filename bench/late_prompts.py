"""Step time of late prompts with a warm activation cache, without one, and of prompts before the input.

    python3 bench/late_prompts.py --incipit build/release/bin/incipit --model minilm --data MRPC/train.tsv \
        --layers 3 4 --rounds 5 --steps 40 --threads 2
    python3 bench/late_prompts.py --incipit build/release/bin/incipit --shape roberta-base --tokenizer FOLDER \
        --data MRPC/train.tsv --layers 6 9 --rounds 4 --steps 6 --warm-up 2

Runs of `incipit train` take turns, so that a busy machine slows all of them. All of them see the same texts in the same
batches; those of the warm cache were run once before anything is timed. A run's rate is the median of its steps' tokens
per second; ratios are medians over rounds, each of runs that follow each other. With --shape the weights are random.
With --cpu a step's time is the processor time of a run of --steps more than --warm-up less that of one of --warm-up
alone: other processes then count for little, and neither do idle threads.
"""

import argparse
import json
import pathlib
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "tests" / "golden"))


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--incipit", type=pathlib.Path, required=True)
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--model", help="name or folder of a model")
    source.add_argument("--shape", help="random weights of this shape of versus_peft.py, such as roberta-base")
    parser.add_argument("--tokenizer", type=pathlib.Path, help="with --shape: a tokenizer.json or its folder")
    parser.add_argument("--data", required=True)
    parser.add_argument("--layers", type=int, nargs="+", required=True, help="at which late prompts join")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--steps", type=int, default=40, help="timed steps of a run")
    parser.add_argument("--warm-up", type=int, default=5, help="steps of a run before timing")
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--precision", choices=["f32", "bf16", "int8"], default="f32")
    parser.add_argument("--cpu", action="store_true", help="processor time in place of wall time")
    options = parser.parse_args()
    if options.shape and not options.tokenizer:
        parser.error("--shape needs --tokenizer")
    return options


def model_of(options, scratch):
    if options.model:
        return options.model
    import synthetic
    from versus_peft import SHAPES, tokenizer_file

    folder = scratch / options.shape
    synthetic.write_model(folder, SHAPES[options.shape], classifier=False)
    shutil.copyfile(tokenizer_file(options.tokenizer), folder / "tokenizer.json")
    return folder


def settings(options):
    """Name and flags of what is compared, in the order of the runs of a round."""
    yield "prompt", ["--method", "prompt"]
    for layer in options.layers:
        late = ["--method", "late", "--insert-layer", layer]
        yield f"late {layer}, no cache", [*late, "--cache-dtype", "off"]
        yield f"late {layer}, warm", late


def train(options, model, scratch, flags, steps):
    """The steps' rates, in tokens a second, and the processor time of the run."""
    log = scratch / "log.jsonl"
    command = [options.incipit, "train", "--model", model, "--data", options.data, "--validation-split", 0, "--steps",
               steps, "--batch-size", options.batch_size, "--threads", options.threads, "--precision", options.precision, "--log", log, "--output",
               scratch / "out", "--activation-cache", scratch / "cache", *flags]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode != 0:
        raise SystemExit(done.stderr)
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return [line["tokens_per_s"] for line in lines if "step" in line], seconds


def run(options, model, scratch, flags):
    """Tokens a second, or steps a processor second."""
    rates, seconds = train(options, model, scratch, flags, options.warm_up + options.steps)
    if not options.cpu:
        return statistics.median(rates[options.warm_up:])
    return options.steps / (seconds - train(options, model, scratch, flags, options.warm_up)[1])


def main():
    options = arguments()
    with tempfile.TemporaryDirectory() as folder:
        scratch = pathlib.Path(folder)
        model = model_of(options, scratch)
        compared = dict(settings(options))
        for name, flags in compared.items():
            if name.endswith("warm"):
                run(options, model, scratch, flags)
        rates = {name: [] for name in compared}
        for number in range(options.rounds):
            turn = list(compared.items())
            for name, flags in turn if number % 2 == 0 else reversed(turn):
                rates[name].append(run(options, model, scratch, flags))
        for name, own in rates.items():
            ratios = [a / b for a, b in zip(own, rates["prompt"])]
            unit = "steps a processor second" if options.cpu else "tokens/s"
            print(f"{name:22} {statistics.median(own):9.4g} {unit}, {statistics.median(ratios):.2f} of prompt "
                  f"({min(ratios):.2f} to {max(ratios):.2f})", flush=True)


if __name__ == "__main__":
    main()
