"""Model weights that nobody has to store: every value is a function of its tensor's name and its index.

tests/support/synthetic_model.cc computes the same bits in C++. The value of element i (row-major) of a tensor is

    h     = mix_bits(fnv1a64(canonical name) ^ i * 0xd1342543de82ef95)        modulo 2^64
    value = f32(center + scale * ((h >> 40) / 2^23 - 1))                      computed in f64, scale an f32

so it is uniform in center ± scale and the same on every machine. The canonical name leaves out a model prefix
("bert.") and has weight/bias for the old LayerNorm names gamma/beta: one model under all of its spellings.
"""

import json
import math
import pathlib

import numpy as np

MASK = (1 << 64) - 1
INDEX_STEP = 0xD1342543DE82EF95
PREFIXES = ("bert.", "roberta.", "distilbert.", "model.")
FAMILY_PREFIX = {"bert": "bert.", "roberta": "roberta.", "xlm-roberta": "roberta.", "camembert": "roberta.",
                 "distilbert": "distilbert.", "gpt2": "transformer.", "llama": "model.", "mistral": "model.",
                 "qwen2": "model."}
DECODERS = ("gpt2", "llama", "mistral", "qwen2")
CHUNK = 1 << 22


def fnv1a64(text):
    value = 14695981039346656037
    for byte in text.encode():
        value = ((value ^ byte) * 1099511628211) & MASK
    return value


def mix_bits(x):
    """SplitMix64's finaliser on a uint64 array; see src/base/rng.h."""
    x = x + np.uint64(0x9E3779B97F4A7C15)
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))


def canonical_name(name):
    for prefix in PREFIXES:
        if name.startswith(prefix):
            name = name[len(prefix):]
            break
    else:  # GPT-2's; a bare DistilBERT has "transformer.layer."
        if name.startswith("transformer.") and not name.startswith("transformer.layer."):
            name = name[len("transformer."):]
    for old, new in ((".gamma", ".weight"), (".beta", ".bias")):
        if name.endswith(old):
            name = name[:-len(old)] + new
    return name


def center_and_scale(name, shape):
    """Scales that keep activations, attention and gradients lively through all layers."""
    name = canonical_name(name)
    if any(part in name for part in ("LayerNorm", "layer_norm", "layernorm", "ln_")) or name == "norm.weight":
        return (1.0 if name.endswith("weight") else 0.0), 0.1
    if len(shape) == 1:
        return 0.0, 0.1
    if any(part in name for part in ("embeddings.", "embed_tokens", "wte", "wpe")):
        return 0.0, 0.5
    into_attention = any(part in name for part in ("query", "key", "value", "q_lin", "k_lin", "v_lin", "q_proj", "k_proj",
                                                   "v_proj", "c_attn"))
    stored_transposed = any(part in name for part in ("c_attn", "c_proj", "c_fc"))
    return 0.0, (1.5 if into_attention else 1.0) * math.sqrt(3.0 / shape[0 if stored_transposed else 1])


def chunks(name, shape):
    """The values of a tensor as f32 arrays, one after another."""
    center, scale = center_and_scale(name, shape)
    scale = np.float64(np.float32(scale))
    key = np.uint64(fnv1a64(canonical_name(name)))
    count = math.prod(shape)
    for begin in range(0, count, CHUNK):
        index = np.arange(begin, min(count, begin + CHUNK), dtype=np.uint64)
        bits = mix_bits(key ^ (index * np.uint64(INDEX_STEP))) >> np.uint64(40)
        yield (center + scale * (bits.astype(np.float64) / 2.0**23 - 1.0)).astype(np.float32)


def values(name, shape):
    return np.concatenate(list(chunks(name, shape))).reshape(shape)


def _linear(name, rows, cols):
    return [(name + ".weight", [rows, cols]), (name + ".bias", [rows])]


def _norm(name, size):
    return [(name + ".weight", [size]), (name + ".bias", [size])]


def _bert_backbone(config):
    hidden, inner = config["hidden_size"], config["intermediate_size"]
    tensors = [("embeddings.word_embeddings.weight", [config["vocab_size"], hidden]),
               ("embeddings.position_embeddings.weight", [config["max_position_embeddings"], hidden]),
               ("embeddings.token_type_embeddings.weight", [config["type_vocab_size"], hidden])]
    tensors += _norm("embeddings.LayerNorm", hidden)
    for i in range(config["num_hidden_layers"]):
        layer = f"encoder.layer.{i}."
        for part in ("query", "key", "value"):
            tensors += _linear(layer + "attention.self." + part, hidden, hidden)
        tensors += _linear(layer + "attention.output.dense", hidden, hidden)
        tensors += _norm(layer + "attention.output.LayerNorm", hidden)
        tensors += _linear(layer + "intermediate.dense", inner, hidden)
        tensors += _linear(layer + "output.dense", hidden, inner)
        tensors += _norm(layer + "output.LayerNorm", hidden)
    if config["model_type"] == "bert":
        tensors += _linear("pooler.dense", hidden, hidden)
    return tensors


def _distilbert_backbone(config):
    hidden, inner = config["dim"], config["hidden_dim"]
    tensors = [("embeddings.word_embeddings.weight", [config["vocab_size"], hidden]),
               ("embeddings.position_embeddings.weight", [config["max_position_embeddings"], hidden])]
    tensors += _norm("embeddings.LayerNorm", hidden)
    for i in range(config["n_layers"]):
        layer = f"transformer.layer.{i}."
        for part in ("q_lin", "k_lin", "v_lin", "out_lin"):
            tensors += _linear(layer + "attention." + part, hidden, hidden)
        tensors += _norm(layer + "sa_layer_norm", hidden)
        tensors += _linear(layer + "ffn.lin1", inner, hidden)
        tensors += _linear(layer + "ffn.lin2", hidden, inner)
        tensors += _norm(layer + "output_layer_norm", hidden)
    return tensors


def _conv1d(name, rows, cols):
    return [(name + ".weight", [cols, rows]), (name + ".bias", [rows])]


def _gpt2_backbone(config):
    hidden, inner = config["n_embd"], config.get("n_inner") or 4 * config["n_embd"]
    tensors = [("wte.weight", [config["vocab_size"], hidden]), ("wpe.weight", [config["n_positions"], hidden])]
    for i in range(config["n_layer"]):
        layer = f"h.{i}."
        tensors += _norm(layer + "ln_1", hidden) + _norm(layer + "ln_2", hidden)
        tensors += _conv1d(layer + "attn.c_attn", 3 * hidden, hidden) + _conv1d(layer + "attn.c_proj", hidden, hidden)
        tensors += _conv1d(layer + "mlp.c_fc", inner, hidden) + _conv1d(layer + "mlp.c_proj", hidden, inner)
    return tensors + _norm("ln_f", hidden)


def _llama_backbone(config):
    hidden, inner, heads = config["hidden_size"], config["intermediate_size"], config["num_attention_heads"]
    head = config.get("head_dim") or hidden // heads
    query, key = heads * head, config.get("num_key_value_heads", heads) * head
    biased = config.get("attention_bias", False)
    tensors = [("embed_tokens.weight", [config["vocab_size"], hidden]), ("norm.weight", [hidden])]
    for i in range(config["num_hidden_layers"]):
        layer = f"layers.{i}."
        tensors += [(layer + "input_layernorm.weight", [hidden]), (layer + "post_attention_layernorm.weight", [hidden])]
        for part, rows, cols, bias in (
                ("self_attn.q_proj", query, hidden, biased or config["model_type"] == "qwen2"),
                ("self_attn.k_proj", key, hidden, biased or config["model_type"] == "qwen2"),
                ("self_attn.v_proj", key, hidden, biased or config["model_type"] == "qwen2"),
                ("self_attn.o_proj", hidden, query, biased),
                ("mlp.gate_proj", inner, hidden, config.get("mlp_bias", False)),
                ("mlp.up_proj", inner, hidden, config.get("mlp_bias", False)),
                ("mlp.down_proj", hidden, inner, config.get("mlp_bias", False))):
            tensors += _linear(layer + part, rows, cols) if bias else [(layer + part + ".weight", [rows, cols])]
    return tensors


def lm_head_tensors(config):
    """(name, shape) of the language-model head; a matrix tied to the word embeddings is left out."""
    kind, vocab = config["model_type"], config["vocab_size"]
    if kind == "gpt2":
        return []
    if kind in DECODERS:
        return [] if config.get("tie_word_embeddings") else [("lm_head.weight", [vocab, config["hidden_size"]])]
    dense, norm, bias = {"bert": ("cls.predictions.transform.dense", "cls.predictions.transform.LayerNorm",
                                  "cls.predictions.bias"),
                         "distilbert": ("vocab_transform", "vocab_layer_norm", "vocab_projector.bias")}.get(
        kind, ("lm_head.dense", "lm_head.layer_norm", "lm_head.bias"))
    hidden = config["dim" if kind == "distilbert" else "hidden_size"]
    return _linear(dense, hidden, hidden) + _norm(norm, hidden) + [(bias, [vocab])]


def _classifier(config):
    labels = len(config.get("id2label", {0: "", 1: ""}))
    if config["model_type"] in DECODERS:
        return [("score.weight", [labels, config.get("n_embd") or config["hidden_size"]])]
    if config["model_type"] == "bert":
        return _linear("classifier", labels, config["hidden_size"])
    if config["model_type"] == "distilbert":
        return _linear("pre_classifier", config["dim"], config["dim"]) + _linear("classifier", labels, config["dim"])
    return (_linear("classifier.dense", config["hidden_size"], config["hidden_size"])
            + _linear("classifier.out_proj", labels, config["hidden_size"]))


def checkpoint_tensors(config, classifier=True):
    """(name, shape) of a checkpoint of the family's *ForSequenceClassification, or of its backbone alone."""
    backbones = {"distilbert": _distilbert_backbone, "gpt2": _gpt2_backbone} | dict.fromkeys(DECODERS[1:], _llama_backbone)
    backbone = backbones.get(config["model_type"], _bert_backbone)(config)
    prefix = FAMILY_PREFIX[config["model_type"]]
    return [(prefix + name, shape) for name, shape in backbone] + (_classifier(config) if classifier else [])


def write_safetensors(path, tensors):
    """Streams tensors, a list of (name, shape), to an f32 safetensors file."""
    tensors = sorted(tensors)
    header, offset = {"__metadata__": {"format": "pt"}}, 0
    for name, shape in tensors:
        end = offset + 4 * math.prod(shape)
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [offset, end]}
        offset = end
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        for name, shape in tensors:
            for chunk in chunks(name, shape):
                file.write(chunk.astype("<f4").tobytes())


def write_model(folder, config, classifier=True, more=()):
    """Writes config.json and model.safetensors. `config` is a dict as config.json has it; `more`: (name, shape)."""
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(config, indent=2) + "\n")
    write_safetensors(folder / "model.safetensors", checkpoint_tensors(config, classifier) + list(more))
