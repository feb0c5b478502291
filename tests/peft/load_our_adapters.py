"""Adapters that `incipit train` wrote, loaded in real PEFT: the logits must be those of `incipit predict`.

    tests/peft/load_our_adapters.py INCIPIT    (exit code 77 where transformers or PEFT is not installed)

Also: PEFT must refuse, by name, the adapters that it could only load wrongly; and a prompt that PEFT itself wrote for a
language model must score words in `incipit` as it does in PEFT.
"""

import json
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests" / "golden"))

try:
    import torch
    from peft import PeftModel, PromptTuningConfig, get_peft_model
    from tokenizers import Tokenizer
    from transformers import AutoModelForCausalLM, AutoModelForSequenceClassification
    import synthetic
except ImportError as error:
    print(f"skipped: {error}")
    sys.exit(77)

TEXTS = [("a fine film", "good"), ("b c d", "bad"), ("hello hello", "good"), ("x y z w v u", "bad"), ("a", "good")] * 4
COMMON = {"vocab_size": 600, "num_labels": 2, "max_position_embeddings": 80, "pad_token_id": 1}
BERT_LIKE = {"hidden_size": 48, "num_hidden_layers": 3, "num_attention_heads": 4, "intermediate_size": 96}
CONFIGS = {
    "bert": {**COMMON, **BERT_LIKE, "model_type": "bert", "type_vocab_size": 2, "pad_token_id": 0},
    "roberta": {**COMMON, **BERT_LIKE, "model_type": "roberta", "type_vocab_size": 1},
    "distilbert": {**COMMON, "model_type": "distilbert", "dim": 48, "n_layers": 3, "n_heads": 4, "hidden_dim": 96,
                   "pad_token_id": 0},
    "gpt2": {"vocab_size": 600, "num_labels": 2, "model_type": "gpt2", "n_embd": 48, "n_layer": 3, "n_head": 4,
             "n_positions": 80, "eos_token_id": 0, "bos_token_id": 0},
    "llama": {**COMMON, **BERT_LIKE, "model_type": "llama", "num_key_value_heads": 2, "pad_token_id": None},
}


def run(incipit, *words):
    result = subprocess.run([incipit, *map(str, words)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if result.returncode != 0:
        sys.exit(f"{' '.join(map(str, words))}: {result.stderr}")
    return result.stdout


def make_base(folder, kind):
    classes = {"bert": "Bert", "roberta": "Roberta", "distilbert": "DistilBert", "gpt2": "GPT2", "llama": "Llama"}
    config = dict(CONFIGS[kind], architectures=[f"{classes[kind]}ForSequenceClassification"])
    synthetic.write_model(folder, config, classifier=False)
    names = "roberta" if kind == "roberta" else "bert"
    tokenizer = (ROOT / "tests/golden/tokenizers" / names / "tokenizer.json").read_text()
    (folder / "tokenizer.json").write_text(tokenizer)


def our_logits(incipit, base, adapter, data):
    lines = run(incipit, "predict", "--model", base, "--adapter", adapter, "--data", data, "--logits").splitlines()
    return torch.tensor([json.loads(line)["logits"] for line in lines])


def tokenizer_of(base):
    tokenizer = Tokenizer.from_file(str(base / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return tokenizer


def peft_logits(base, adapter):
    model = AutoModelForSequenceClassification.from_pretrained(base)
    model = PeftModel.from_pretrained(model, adapter).eval()
    tokenizer = tokenizer_of(base)
    rows = []
    for text, _ in TEXTS:
        ids = torch.tensor([tokenizer.encode(text).ids])
        with torch.no_grad():
            rows.append(model(input_ids=ids, attention_mask=torch.ones_like(ids)).logits[0])
    return torch.stack(rows)


def check(incipit, scratch, kind):
    base, data = scratch / kind, scratch / "data.tsv"
    make_base(base, kind)
    data.write_text("text\tlabel\n" + "".join(f"{text}\t{label}\n" for text, label in TEXTS))
    for name, flags in {"prompt": [], "mean": ["--head-input", "mean"], "late": ["--method", "late"]}.items():
        adapter = scratch / f"{kind}-{name}"
        run(incipit, "train", "--model", base, "--data", data, "--validation-split", 0, "--epochs", 2, "--lr", "1e-2",
            "--num-virtual-tokens", 4, "--output", adapter, *flags)
        if name == "prompt":
            ours, theirs = our_logits(incipit, base, adapter, data), peft_logits(base, adapter)
            difference = (ours - theirs).abs().max().item()
            print(f"{kind}: largest logit {theirs.abs().max().item():.3f}, largest difference {difference:.2e}")
            if not difference < 1e-4 * max(1.0, theirs.abs().max().item()):
                sys.exit(f"{kind}: PEFT gives other logits")
            continue
        try:
            peft_logits(base, adapter)
        except Exception as error:  # whatever PEFT raises, it must name the type
            if "INCIPIT" not in str(error):
                sys.exit(f"{kind} {name}: refused, but not by name: {error}")
            print(f"{kind} {name}: refused by PEFT ({type(error).__name__}: {error})")
        else:
            sys.exit(f"{kind} {name}: PEFT loaded an adapter that it cannot compute")


WORDS = {"bad": "bad", "good": "good"}  # of each label


def make_language_model(folder, kind):
    config = dict(CONFIGS[kind], architectures=["GPT2LMHeadModel" if kind == "gpt2" else "LlamaForCausalLM"])
    synthetic.write_model(folder, config, classifier=False, more=synthetic.lm_head_tensors(config))
    (folder / "tokenizer.json").write_text((ROOT / "tests/golden/tokenizers/bert/tokenizer.json").read_text())


def peft_scores(model, incipit, base, text):
    """log p of each label's word after the ids that `incipit tokenize` shows."""
    ids = json.loads(run(incipit, "tokenize", "--model", base, "--template", "{text_a} is{mask}", "--json", text))
    ids = [token["id"] for token in ids["tokens"]]
    tokenizer, scores = tokenizer_of(base), []
    for word in WORDS.values():
        word = tokenizer.encode(word, add_special_tokens=False).ids
        with torch.no_grad():
            logits = model(input_ids=torch.tensor([ids + word])).logits[0]
        rows = torch.log_softmax(logits[-len(word) - 1:-1].double(), dim=-1)
        scores.append(sum(rows[i, token] for i, token in enumerate(word)))
    return torch.stack(scores)


def check_language_prompt(incipit, scratch, kind):
    base, data, folder = scratch / f"{kind}-language", scratch / "data.tsv", scratch / f"{kind}-prompt"
    make_language_model(base, kind)
    torch.manual_seed(7)
    model = AutoModelForCausalLM.from_pretrained(base)
    model = get_peft_model(model, PromptTuningConfig(task_type="CAUSAL_LM", num_virtual_tokens=4)).eval()
    model.save_pretrained(folder)
    adapter = scratch / f"{kind}-words"
    run(incipit, "train", "--model", base, "--data", data, "--validation-split", 0, "--epochs", 0, "--init", folder,
        "--template", "{text_a} is", "--verbalizer", json.dumps(WORDS), "--output", adapter)
    ours = our_logits(incipit, base, adapter, data)
    theirs = torch.stack([peft_scores(model, incipit, base, text) for text, _ in TEXTS])
    difference = (ours - theirs).abs().max().item()
    print(f"{kind}: PEFT's prompt of a language model, largest difference of log p {difference:.2e}")
    if not difference < 1e-3:
        sys.exit(f"{kind}: a prompt that PEFT wrote scores other words here")


def main():
    with tempfile.TemporaryDirectory() as scratch:
        for kind in CONFIGS:
            check(sys.argv[1], pathlib.Path(scratch), kind)
        for kind in ("gpt2", "llama"):
            check_language_prompt(sys.argv[1], pathlib.Path(scratch), kind)


if __name__ == "__main__":
    main()
