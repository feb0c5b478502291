"""Predicting with a plain encoder, Incipit against CTranslate2 or ONNX Runtime, side by side on the same batches, sorted
by length.

    venv/bin/pip install ctranslate2 onnx onnxscript onnxruntime torch transformers tokenizers numpy
    venv/bin/ct2-transformers-converter --model FOLDER --output_dir CONVERTED
    venv/bin/python bench/versus_engines.py --engine ctranslate2 --converted CONVERTED --model FOLDER \
        --data MRPC/dev.tsv --bench build/release/bench/incipit_bench_step --steps 8 --precision int8
    venv/bin/python bench/versus_engines.py --engine onnxruntime --converted SCRATCH --model FOLDER …

Both run every layer without a prompt; the others give all last hidden states, ours those that a head reads. Steps
alternate. ONNX Runtime's model is exported into --converted when it is not there yet; in int8 its weights have a scale a
channel, its activations are quantised as they come. (transformers 5 no longer has RobertaConfig.position_embedding_type,
for which CTranslate2's converter asks: write "position_embedding_type": "absolute" into a copy of config.json.)
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


class OnnxRuntime:
    def __init__(self, options, batches):
        import numpy
        import onnxruntime

        if options.precision == "bf16":
            raise SystemExit("ONNX Runtime has no bf16 on a CPU")
        config = onnxruntime.SessionOptions()
        config.intra_op_num_threads = options.threads
        self.session = onnxruntime.InferenceSession(str(self.exported(options)), config, providers=["CPUExecutionProvider"])
        padding = json.loads((options.model / "config.json").read_text())["pad_token_id"]
        self.batches = []
        for rows in (batch["input_ids"] for batch in batches):
            longest = max(map(len, rows))
            self.batches.append({
                "input_ids": numpy.array([row + [padding] * (longest - len(row)) for row in rows], numpy.int64),
                "attention_mask": numpy.array([[1] * len(row) + [0] * (longest - len(row)) for row in rows], numpy.int64)})

    @staticmethod
    def exported(options):
        """In a process of its own, whose memory is not this one's."""
        import subprocess

        file = options.converted / f"{options.precision}.onnx"
        if not file.exists():
            options.converted.mkdir(parents=True, exist_ok=True)
            subprocess.run([sys.executable, __file__, "export", options.model, file], check=True)
        return file

    def step(self, index):
        begin = time.perf_counter()
        self.session.run(None, self.batches[index])
        return time.perf_counter() - begin

    @staticmethod
    def peak_bytes():
        return versus_peft.Peft.peak_bytes()


def export(folder, file):
    import torch
    import transformers

    encoder = transformers.AutoModel.from_pretrained(folder, dtype=torch.float32, add_pooling_layer=False,
                                                     attn_implementation="eager").eval()

    class Plain(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.encoder = encoder

        def forward(self, input_ids, attention_mask):
            return self.encoder(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state

    ids = torch.ones(2, 8, dtype=torch.int64) * 5
    axes = {name: {0: "batch", 1: "length"} for name in ("input_ids", "attention_mask", "hidden")}
    plain = file.with_name("f32.onnx")
    if not plain.exists():
        torch.onnx.export(Plain(), (ids, torch.ones_like(ids)), str(plain), input_names=["input_ids", "attention_mask"],
                          output_names=["hidden"], dynamic_axes=axes, opset_version=17, dynamo=False)
    if file != plain:
        from onnxruntime.quantization import QuantType, quantize_dynamic

        quantize_dynamic(plain, file, per_channel=True, weight_type=QuantType.QInt8)


ENGINES = {"ctranslate2": CTranslate2, "onnxruntime": OnnxRuntime}


def arguments():
    parser = versus_peft.make_parser(__doc__)
    parser.add_argument("--engine", choices=ENGINES, required=True)
    parser.add_argument("--converted", type=pathlib.Path, required=True,
                        help="folder that CTranslate2's converter wrote, or for ONNX Runtime's model")
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
        sides = {options.engine: ENGINES[options.engine](options, batches)}
        sides |= {"incipit": versus_peft.Ours(options, options.model, batches_file)}
        seconds = versus_peft.run_pairs(options, sides)
        tokens = [versus_peft.real_tokens(options, batch) for batch in batches]
        result = {name: versus_peft.summary(seconds[name], tokens, side.peak_bytes()) for name, side in sides.items()}
        sides["incipit"].close()
    for name, side in result.items():
        print(f"{name:12} {side['tokens_per_s']:.0f} real tokens/s, {side['median']:.3f} s a batch, peak "
              f"{side['peak_bytes'] / 1e9:.2f} GB")
    pairs = [c / o for c, o in zip(seconds[options.engine], seconds["incipit"])]
    print(f"ratio        {statistics.median(pairs):.2f} ({min(pairs):.2f} to {max(pairs):.2f})")
    if options.json:
        options.json.write_text(json.dumps({"engine": options.engine, "precision": options.precision, "sides": result,
                                            "ratio": statistics.median(pairs)}, indent=1) + "\n")


if __name__ == "__main__":
    if sys.argv[1:2] == ["export"]:
        export(sys.argv[2], pathlib.Path(sys.argv[3]))
    else:
        main()
