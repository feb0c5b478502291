"""Writes parity/, loading/ and synthetic.json: what transformers and PEFT compute on tiny synthetic models.

Run it from anywhere; the seeds are fixed, so a second run changes at most the last digits (another torch version
or CPU) and the version numbers inside the files:

    python3 -m venv venv
    venv/bin/pip install torch==2.15.0 transformers==5.23.0 peft==0.21.2 safetensors numpy
    venv/bin/python tests/golden/make_parity_golden.py [CASE...]

Nothing is downloaded but these packages; the tests read the committed files and need no Python.
"""

import json
import os
import pathlib
import re
import sys
import tempfile

os.environ["HF_HUB_OFFLINE"] = "1"

import torch
import transformers
from safetensors.torch import load_file, save_file

import loading_reference
import synthetic
from cases import CASES
from generate_reference import generate_reference
from lm_reference import lm_reference
from peft_reference import load_base, peft_reference, plain_reference, prompt_model
from variant_reference import variant_reference
from words_reference import words_reference

HERE = pathlib.Path(__file__).resolve().parent
SAMPLES = [("bert.embeddings.word_embeddings.weight", [7, 5]), ("embeddings.word_embeddings.weight", [7, 5]),
           ("bert.encoder.layer.0.attention.self.query.weight", [6, 6]), ("lm_head.layer_norm.weight", [9]),
           ("roberta.encoder.layer.11.output.LayerNorm.gamma", [8]), ("classifier.out_proj.bias", [3]),
           ("distilbert.transformer.layer.2.ffn.lin2.weight", [4, 10]), ("transformer.h.1.attn.c_attn.weight", [4, 12]),
           ("transformer.ln_f.weight", [5]), ("h.0.mlp.c_fc.weight", [4, 6]), ("transformer.wte.weight", [3, 4]),
           ("model.layers.0.self_attn.q_proj.weight", [6, 4]), ("layers.2.post_attention_layernorm.weight", [7]),
           ("model.norm.weight", [5]), ("model.embed_tokens.weight", [4, 4]), ("lm_head.weight", [5, 4]),
           ("transformer.layer.0.attention.q_lin.weight", [4, 4])]


def write_json(path, value):
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(value, indent=1)
    path.write_text(re.sub(r"\[[^][{}]*\]", lambda match: " ".join(match.group().split()), text) + "\n")


def check(condition, what):
    if not condition:
        raise RuntimeError(what)


def close(a, b, tolerance=2e-5):
    return torch.allclose(torch.tensor(a), torch.tensor(b), atol=tolerance)


def check_lively(case, expected):
    """The references must be able to fail: texts have different logits, and training moved them."""
    for what, logits in [("plain", expected["plain"]["logits"]), ("peft", expected["peft"]["logits"])] + [
            (v["name"], v["logits"]) for v in expected["variants"]]:
        spread = torch.tensor(logits).std(dim=0).min().item()
        print(f"  {what:16} spread of logits {spread:.3f}")
        check(spread > 0.02, f"{case.name} {what}: logits hardly depend on the text ({spread})")
    check(not close(expected["peft"]["logits"], expected["peft"]["logits_after"], 1e-2), f"{case.name}: nothing learned")


def check_agreement(case, expected, peft_tensors, variant_tensors):
    """The plain-torch variant that is PEFT's own method must be PEFT."""
    name_of_peft = "prompt-0-last" if case.is_causal() else "prompt-0-first"
    ours = [v for v in expected["variants"] if v["name"] == name_of_peft]
    for variant in ours:
        check(close(variant["logits"], expected["peft"]["logits"]), f"{case.name}: {name_of_peft} is not PEFT's")
        for name, value in peft_tensors.items():
            if name.startswith("grad."):
                other = variant_tensors[f"{name_of_peft}.{name}"]
                check(torch.allclose(value, other, atol=1e-4 * value.abs().max().item()), f"{case.name}: {name}")


def make_lm_head(case, scratch):
    """lm.json and lm.safetensors, of the cases that have a language-model head of their own."""
    if case.name in ("xlm-roberta", "camembert", "roberta-long"):
        return
    folder = HERE / "parity" / case.name
    expected, tensors = lm_reference(case, pathlib.Path(scratch) / case.name / "lm", load_file(
        folder / "adapter" / "adapter_model.safetensors")["prompt_embeddings"])
    write_json(folder / "lm.json", expected)
    save_file(tensors, folder / "lm.safetensors", metadata={"format": "pt"})


def make_words(case, scratch):
    """words.json and words.safetensors: a causal model's prompt trained towards label words."""
    if not case.is_causal():
        return
    folder = HERE / "parity" / case.name
    expected, tensors = words_reference(case, pathlib.Path(scratch) / case.name / "words", load_file(
        folder / "adapter" / "adapter_model.safetensors")["prompt_embeddings"])
    check(expected["losses"][27] < expected["losses"][0] - 1e-3, f"{case.name}: words are not learned")
    write_json(folder / "words.json", expected)
    save_file(tensors, folder / "words.safetensors", metadata={"format": "pt"})


def make_generation(case, scratch):
    """generate.json, of the two kinds of decoders: learned positions and rotary ones."""
    if case.name not in ("gpt2", "llama"):
        return
    folder = HERE / "parity" / case.name
    write_json(folder / "generate.json", generate_reference(case, pathlib.Path(scratch) / case.name / "generate", load_file(
        folder / "adapter" / "adapter_model.safetensors")["prompt_embeddings"]))


def make_case(case, scratch):
    folder = HERE / "parity" / case.name
    folder.mkdir(parents=True, exist_ok=True)
    base_folder = pathlib.Path(scratch) / case.name / "base"
    synthetic.write_model(base_folder, case.config())
    examples = case.examples()

    base = load_base(base_folder)
    expected = {"num_virtual_tokens": case.num_virtual_tokens, "num_labels": case.labels, "examples": examples}
    expected["plain"], plain_tensors = plain_reference(base, case, examples)
    expected["peft"], peft_tensors = peft_reference(prompt_model(base, case), case, examples, folder)
    adapter = load_file(folder / "adapter" / "adapter_model.safetensors")
    expected["variants"], variant_tensors = variant_reference(load_base(base_folder), case, examples, adapter)

    check_lively(case, expected)
    check_agreement(case, expected, peft_tensors, variant_tensors)
    (folder / "config.json").write_text((base_folder / "config.json").read_text())
    write_json(folder / "expected.json", expected)
    for name, tensors in (("plain", plain_tensors), ("peft", peft_tensors), ("variants", variant_tensors)):
        tensors = {key: value.detach().contiguous() for key, value in tensors.items()}
        save_file(tensors, folder / f"{name}.safetensors", metadata={"format": "pt"})


def make_synthetic():
    """Values that both generators must agree on; C++ compares them bit by bit."""
    rows = [{"name": name, "shape": shape, "bits": synthetic.values(name, shape).view("uint32").ravel().tolist()}
            for name, shape in SAMPLES]
    write_json(HERE / "synthetic.json", rows)


def main(wanted):
    transformers.logging.set_verbosity_error()
    torch.set_num_threads(1)
    make_synthetic()
    with tempfile.TemporaryDirectory() as scratch:
        for name in loading_reference.CASES:
            write_json(HERE / "loading" / f"{name}.json", loading_reference.loading_reference(name, scratch))
        for case in CASES:
            if not wanted or case.name in wanted:
                print(case.name)
                make_case(case, scratch)
                make_lm_head(case, scratch)
                make_words(case, scratch)
                make_generation(case, scratch)


if __name__ == "__main__":
    main(sys.argv[1:])
