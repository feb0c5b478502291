#!/usr/bin/env python3
"""Writes tests/golden/adapters/: small adapter folders of several layouts, saved by PEFT itself, and expected.json.

Needs torch, transformers and peft 0.21.2:  python make_adapter_fixtures.py
Each folder is named for its layout; expected.json says what a reader must find in it. The base models are tiny and
random, the seed is fixed, and only what a reader looks at is kept (PEFT's README.md is not). Two runs differ in the
files of torch's old format alone: it names storages by their addresses.
"""

import json
import shutil
import warnings
import zipfile
from pathlib import Path

import torch
from peft import PromptEncoderConfig, PromptTuningConfig, get_peft_model
from peft.utils import get_peft_model_state_dict
from transformers import (
    BertConfig,
    BertForSequenceClassification,
    LlamaConfig,
    LlamaForCausalLM,
    RobertaConfig,
    RobertaForSequenceClassification,
)

OUTPUT = Path(__file__).resolve().parent / "adapters"
HIDDEN = 16
SIZES = dict(
    vocab_size=50,
    hidden_size=HIDDEN,
    num_hidden_layers=2,
    num_attention_heads=4,
    intermediate_size=32,
    max_position_embeddings=40,
    num_labels=3,
)


def roberta():
    model = RobertaForSequenceClassification(RobertaConfig(**SIZES))
    model.config._name_or_path = model.name_or_path = "tiny/roberta"
    return model


def bert():
    model = BertForSequenceClassification(BertConfig(**SIZES))
    model.config._name_or_path = model.name_or_path = "tiny/bert"
    return model


def llama():
    """A language model as wide as the tests' synthetic decoders."""
    sizes = dict(vocab_size=50, hidden_size=48, num_hidden_layers=1, num_attention_heads=4, intermediate_size=16)
    model = LlamaForCausalLM(LlamaConfig(**sizes))
    model.config._name_or_path = model.name_or_path = "tiny/llama"
    return model


def prompt_tuning(**options):
    return PromptTuningConfig(task_type="SEQ_CLS", num_virtual_tokens=4, **options)


def describe(tensors):
    """Per tensor: its shape, two values, and sum of (i + 1) * value, which changes when any two values are swapped."""
    described = {}
    for name, tensor in sorted(tensors.items()):
        values = tensor.detach().float().reshape(-1).tolist()
        weighted = 0.0
        for i, value in enumerate(values):
            weighted += (i + 1) * value
        described[name] = {"shape": list(tensor.shape), "first": values[0], "last": values[-1], "weighted": weighted}
    return described


def save(name, model, **options):
    """Saves with PEFT and returns what must be read back."""
    folder = OUTPUT / name
    model.save_pretrained(folder, **options)
    (folder / "README.md").unlink()
    return describe(get_peft_model_state_dict(model))


def keep_keys(name, keys):
    """Cuts a config down to what an old release wrote."""
    path = OUTPUT / name / "adapter_config.json"
    config = json.loads(path.read_text())
    path.write_text(json.dumps({key: config[key] for key in keys}, indent=2, sort_keys=True))


def write_state_dicts(expected):
    """torch.save files that no PEFT release writes but that a state_dict may well be."""
    base = torch.arange(24, dtype=torch.float32).reshape(4, 6) / 7
    views = {"contiguous": base, "transposed": base.t(), "slice": base[1:3, 2:5], "column": base[:, 3], "step": base[::2]}
    module = torch.nn.Linear(5, 2)
    folder = OUTPUT / "state_dicts"
    folder.mkdir()
    torch.save(views, folder / "views.bin")
    torch.save(views, folder / "views_legacy.bin", _use_new_zipfile_serialization=False)
    torch.save(module.state_dict(), folder / "module.bin")  # an OrderedDict with _metadata
    torch.save({"parameter": torch.nn.Parameter(base)}, folder / "parameter.bin")
    torch.save({"count": torch.arange(3)}, folder / "integers.bin")
    with zipfile.ZipFile(folder / "compressed.bin", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("compressed/data.pkl", bytes(100_000))
    expected["state_dicts"] = {"views": describe(views), "module": describe(module.state_dict())}


def main():
    warnings.filterwarnings("ignore")
    torch.manual_seed(20)
    shutil.rmtree(OUTPUT, ignore_errors=True)
    OUTPUT.mkdir(parents=True)
    expected = {}

    expected["prompt_tuning"] = save("prompt_tuning", get_peft_model(roberta(), prompt_tuning()))
    expected["prompt_tuning_bin"] = save(
        "prompt_tuning_bin", get_peft_model(bert(), prompt_tuning()), safe_serialization=False
    )
    expected["p_tuning"] = save(
        "p_tuning",
        get_peft_model(
            roberta(), PromptEncoderConfig(task_type="SEQ_CLS", num_virtual_tokens=5, encoder_hidden_size=8)
        ).eval(),
    )
    expected["old_config"] = save("old_config", get_peft_model(bert(), prompt_tuning()))
    keep_keys("old_config", ["base_model_name_or_path", "num_virtual_tokens", "peft_type", "task_type"])

    expected["prompt_tuning_f16"] = save("prompt_tuning_f16", get_peft_model(roberta(), prompt_tuning()).half())

    legacy = get_peft_model(bert(), prompt_tuning()).bfloat16()
    expected["legacy_bin_bf16"] = save("legacy_bin_bf16", legacy)
    (OUTPUT / "legacy_bin_bf16" / "adapter_model.safetensors").unlink()
    torch.save(
        get_peft_model_state_dict(legacy),
        OUTPUT / "legacy_bin_bf16" / "adapter_model.bin",
        _use_new_zipfile_serialization=False,
    )

    write_state_dicts(expected)
    language_prompt = PromptTuningConfig(task_type="CAUSAL_LM", num_virtual_tokens=4)
    expected["language_prompt"] = save("language_prompt", get_peft_model(llama(), language_prompt))
    (OUTPUT / "expected.json").write_text(json.dumps(expected, indent=1, sort_keys=True) + "\n")
    for path in OUTPUT.rglob("*"):
        if path.is_file():
            assert path.stat().st_size < 20_000, f"{path} is too large to commit"
            path.chmod(0o644)  # safetensors writes 0600


if __name__ == "__main__":
    main()
