"""Predicting with a plain encoder, Incipit against CTranslate2, side by side on the same batches, sorted by length.

    venv/bin/pip install ctranslate2 transformers tokenizers numpy
    venv/bin/ct2-transformers-converter --model FOLDER --output_dir CONVERTED
    venv/bin/python bench/versus_ctranslate2.py --model FOLDER --converted CONVERTED --data MRPC/dev.tsv \
        --bench build/bench/incipit_bench_step --steps 8 --precision int8

Both run every layer without a prompt; CTranslate2 gives all last hidden states, ours those that a head reads. Steps
alternate. (transformers 5 no longer has RobertaConfig.position_embedding_type, for which CTranslate2's converter asks:
write "position_embedding_type": "absolute" into a copy of config.json.)
"""

import json
import pathlib
import statistics
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import versus_peft


class CTranslate2:
    def __init__(self, options, batches):
        import ctranslate2

        compute = {"f32": "float32", "bf16": "bfloat16", "int8": "int8"}[options.precision]
        self.encoder = ctranslate2.Encoder(str(options.converted), device="cpu", compute_type=compute,
                                           intra_threads=options.threads, inter_threads=1)
        self.batches = batches

    def step(self, index):
        begin = time.perf_counter()
        self.encoder.forward_batch(self.batches[index]["input_ids"]).last_hidden_state
        return time.perf_counter() - begin

    @staticmethod
    def peak_bytes():
        return versus_peft.Peft.peak_bytes()


def arguments():
    parser = versus_peft.make_parser(__doc__)
    parser.add_argument("--converted", type=pathlib.Path, required=True, help="folder that CTranslate2's converter wrote")
    options = versus_peft.checked(parser)
    options.mode, options.virtual_tokens = "predict", 0
    return options


def main():
    options = arguments()
    with tempfile.TemporaryDirectory() as scratch:
        config = json.loads((options.model / "config.json").read_text())
        batches, _ = versus_peft.make_batches(options, config, options.model)
        batches_file = pathlib.Path(scratch) / "batches.jsonl"
        batches_file.write_text("".join(json.dumps(batch) + "\n" for batch in batches))
        sides = {"incipit": versus_peft.Ours(options, options.model, batches_file)}
        sides = {"ctranslate2": CTranslate2(options, batches)} | sides
        seconds = versus_peft.run_pairs(options, sides)
        tokens = [versus_peft.real_tokens(options, batch) for batch in batches]
        result = {name: versus_peft.summary(seconds[name], tokens, side.peak_bytes()) for name, side in sides.items()}
        sides["incipit"].close()
    for name, side in result.items():
        print(f"{name:12} {side['tokens_per_s']:.0f} real tokens/s, {side['median']:.3f} s a batch, peak "
              f"{side['peak_bytes'] / 1e9:.2f} GB")
    pairs = [c / o for c, o in zip(seconds["ctranslate2"], seconds["incipit"])]
    print(f"ratio        {statistics.median(pairs):.2f} ({min(pairs):.2f} to {max(pairs):.2f})")
    if options.json:
        options.json.write_text(json.dumps({"precision": options.precision, "sides": result,
                                            "ratio": statistics.median(pairs)}, indent=1) + "\n")


if __name__ == "__main__":
    main()
