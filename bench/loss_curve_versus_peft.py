"""The loss of every step of an epoch, Incipit against PEFT, from the same start on the same batches.

    venv/bin/python bench/loss_curve_versus_peft.py --incipit build/release/bin/incipit --model FOLDER \
        --data MRPC/train.tsv          (needs torch, transformers, peft, safetensors, tokenizers)
    … --model ROBERTA_LARGE --steps 2  (a folder of examples/report/make_roberta_large.py)

Prompt tuning as the first report had it: 10 virtual tokens, batches of 32 in the order of the file, AdamW with lr 1e-3
and weight decay 0.01, linear schedule with a fractional warm-up of 6 %; f32, dropout off. Prints the largest
difference of the two curves.
"""

import argparse
import csv
import json
import pathlib
import subprocess
import tempfile

import torch
from peft import PromptTuningConfig, get_peft_model
from safetensors.torch import load_file
from tokenizers import Tokenizer
from transformers import AutoModelForSequenceClassification, get_linear_schedule_with_warmup

BATCH = 32
VIRTUAL_TOKENS = 10


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--incipit", type=pathlib.Path, required=True)
    parser.add_argument("--model", type=pathlib.Path, required=True)
    parser.add_argument("--data", type=pathlib.Path, required=True, help="MRPC's train.tsv")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--steps", type=int, default=0, help="end after so many steps; 0: an epoch")
    return parser.parse_args()


def train_ours(options, folder, *flags):
    subprocess.run([options.incipit, "train", "--model", options.model, "--data", options.data, "--validation-split",
                    "0", "--output", folder, "--num-virtual-tokens", str(VIRTUAL_TOKENS), "--lr", "1e-3", "--batch-size",
                    str(BATCH), "--batching", "file", "--threads", str(options.threads), *flags],
                   check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def our_losses(options, start, scratch):
    log = scratch / "log.jsonl"
    train_ours(options, scratch / "trained", "--init", str(start), "--epochs", "1", "--steps", str(options.steps),
               "--log", str(log))
    return [row["loss"] for row in map(json.loads, log.read_text().splitlines()) if "loss" in row]


def batches(options):
    with open(options.data, encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    tokenizer = Tokenizer.from_file(str(options.model / "tokenizer.json"))
    tokenizer.no_truncation()
    pad = json.loads((options.model / "config.json").read_text())["pad_token_id"]
    tokenizer.enable_padding(pad_id=pad, pad_token=tokenizer.id_to_token(pad))
    for first in range(0, min(len(rows), BATCH * options.steps or len(rows)), BATCH):
        part = rows[first:first + BATCH]
        encodings = tokenizer.encode_batch([(row["#1 String"], row["#2 String"]) for row in part])
        yield ({"input_ids": torch.tensor([e.ids for e in encodings]),
                "attention_mask": torch.tensor([e.attention_mask for e in encodings]),
                "token_type_ids": torch.tensor([e.type_ids for e in encodings])},
               torch.tensor([int(row["Quality"]) for row in part]))


def peft_losses(options, start):
    torch.set_num_threads(options.threads)
    base = AutoModelForSequenceClassification.from_pretrained(options.model, num_labels=2)
    model = get_peft_model(base, PromptTuningConfig(task_type="SEQ_CLS", num_virtual_tokens=VIRTUAL_TOKENS)).eval()
    tensors = load_file(start / "adapter_model.safetensors")
    with torch.no_grad():
        model.prompt_encoder["default"].embedding.weight.copy_(tensors.pop("prompt_embeddings"))
        head = model.base_model.classifier.modules_to_save["default"]
        for name, tensor in tensors.items():
            dict(head.named_parameters())[name.removeprefix("base_model.classifier.")].copy_(tensor)
    data = list(batches(options))
    optimizer = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=1e-3, weight_decay=0.01)
    schedule = get_linear_schedule_with_warmup(optimizer, 0.06 * len(data), len(data))
    losses = []
    for inputs, labels in data:
        loss = model(**inputs, labels=labels).loss
        loss.backward()
        optimizer.step()
        schedule.step()
        optimizer.zero_grad()
        losses.append(loss.item())
    return losses


def main():
    options = arguments()
    with tempfile.TemporaryDirectory() as scratch:
        scratch = pathlib.Path(scratch)
        start = scratch / "start"
        train_ours(options, start, "--epochs", "0")
        ours, theirs = our_losses(options, start, scratch), peft_losses(options, start)
    difference, step = max((abs(a - b), i) for i, (a, b) in enumerate(zip(ours, theirs, strict=True)))
    print(f"{len(ours)} steps: loss {ours[0]:.4f} to {ours[-1]:.4f}; largest difference {difference:.2e}, at step {step}")


if __name__ == "__main__":
    main()
