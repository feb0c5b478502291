"""Which tensors transformers calls unexpected and missing when it loads a checkpoint made for something else."""

import json
import pathlib

import torch
import transformers
from safetensors.torch import load_file, save_file

SIZES = {"vocab_size": 50, "max_position_embeddings": 20}
BERT_SIZES = SIZES | {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 32}
GPT2_SIZES = {"vocab_size": 50, "n_positions": 20, "n_embd": 16, "n_layer": 1, "n_head": 2}
LLAMA_SIZES = BERT_SIZES | {"num_key_value_heads": 1}
DISTILBERT_SIZES = SIZES | {"dim": 16, "n_layers": 1, "n_heads": 2, "hidden_dim": 32}


def old_layer_norm_names(tensors):
    return {name.replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta"): value
            for name, value in tensors.items()}


def with_position_ids(name):
    return lambda tensors: tensors | {name: torch.arange(SIZES["max_position_embeddings"])[None]}


def as_roberta_large(tensors):
    """What the hub's roberta checkpoints of the first years hold besides."""
    hidden = torch.zeros(16, 16)
    return with_position_ids("roberta.embeddings.position_ids")(tensors) | {
        "lm_head.decoder.weight": torch.zeros(50, 16), "roberta.pooler.dense.weight": hidden,
        "roberta.pooler.dense.bias": hidden[0].clone()}


def as_gpt2_hub(tensors):
    """What the hub's gpt2 checkpoints hold besides: the causal mask."""
    return tensors | {"h.0.attn.bias": torch.ones(1, 1, 20, 20)}


def with_frequencies(tensors):
    """A buffer that old releases saved."""
    return tensors | {"model.layers.0.self_attn.rotary_emb.inv_freq": torch.ones(4)}


def same(tensors):
    return tensors


# name: (checkpoint's class, configuration class and sizes, class it is loaded as, what is done to its tensors)
CASES = {
    "roberta-masked-lm": ("RobertaForMaskedLM", "RobertaConfig", BERT_SIZES, "RobertaForSequenceClassification", same),
    "roberta-masked-lm-position-ids": ("RobertaForMaskedLM", "RobertaConfig", BERT_SIZES,
                                       "RobertaForSequenceClassification",
                                       with_position_ids("roberta.embeddings.position_ids")),
    "roberta-masked-lm-old-hub": ("RobertaForMaskedLM", "RobertaConfig", BERT_SIZES,
                                  "RobertaForSequenceClassification", as_roberta_large),
    "roberta-bare": ("RobertaModel", "RobertaConfig", BERT_SIZES, "RobertaForSequenceClassification", same),
    "xlm-roberta-masked-lm": ("XLMRobertaForMaskedLM", "XLMRobertaConfig", BERT_SIZES,
                              "XLMRobertaForSequenceClassification", same),
    "camembert-masked-lm": ("CamembertForMaskedLM", "CamembertConfig", BERT_SIZES,
                            "CamembertForSequenceClassification", same),
    "bert-masked-lm": ("BertForMaskedLM", "BertConfig", BERT_SIZES, "BertForSequenceClassification", same),
    "bert-masked-lm-gamma-beta": ("BertForMaskedLM", "BertConfig", BERT_SIZES, "BertForSequenceClassification",
                                  old_layer_norm_names),
    "bert-pretraining": ("BertForPreTraining", "BertConfig", BERT_SIZES, "BertForSequenceClassification", same),
    "bert-bare": ("BertModel", "BertConfig", BERT_SIZES, "BertForSequenceClassification",
                  with_position_ids("embeddings.position_ids")),
    "bert-classifier": ("BertForSequenceClassification", "BertConfig", BERT_SIZES, "BertForSequenceClassification", same),
    "distilbert-masked-lm": ("DistilBertForMaskedLM", "DistilBertConfig", DISTILBERT_SIZES,
                             "DistilBertForSequenceClassification", same),
    "gpt2-lm": ("GPT2LMHeadModel", "GPT2Config", GPT2_SIZES, "GPT2ForSequenceClassification", same),
    "gpt2-hub": ("GPT2Model", "GPT2Config", GPT2_SIZES, "GPT2ForSequenceClassification", as_gpt2_hub),
    "gpt2-classifier": ("GPT2ForSequenceClassification", "GPT2Config", GPT2_SIZES, "GPT2ForSequenceClassification", same),
    "llama-lm": ("LlamaForCausalLM", "LlamaConfig", LLAMA_SIZES, "LlamaForSequenceClassification", same),
    "llama-lm-tied": ("LlamaForCausalLM", "LlamaConfig", LLAMA_SIZES | {"tie_word_embeddings": True},
                      "LlamaForSequenceClassification", same),
    "llama-lm-old": ("LlamaForCausalLM", "LlamaConfig", LLAMA_SIZES, "LlamaForSequenceClassification", with_frequencies),
    "llama-bare": ("LlamaModel", "LlamaConfig", LLAMA_SIZES, "LlamaForSequenceClassification", same),
    "mistral-lm": ("MistralForCausalLM", "MistralConfig", LLAMA_SIZES, "MistralForSequenceClassification", same),
    "qwen2-classifier": ("Qwen2ForSequenceClassification", "Qwen2Config", LLAMA_SIZES, "Qwen2ForSequenceClassification",
                         same),
    "distilbert-bare": ("DistilBertModel", "DistilBertConfig", DISTILBERT_SIZES, "DistilBertForSequenceClassification",
                        same),
}


def loading_reference(name, scratch):
    """{"config", "checkpoint": [[name, shape, dtype]…], "loaded_as", "unexpected", "missing"}, names sorted."""
    made_for, config_class, sizes, loaded_as, change = CASES[name]
    folder = pathlib.Path(scratch) / name
    model = getattr(transformers, made_for)(getattr(transformers, config_class)(**sizes))
    model.save_pretrained(folder)
    file = folder / "model.safetensors"
    tensors = change(load_file(file))
    save_file(tensors, file, metadata={"format": "pt"})
    _, info = getattr(transformers, loaded_as).from_pretrained(folder, output_loading_info=True)
    if info["mismatched_keys"] or info["error_msgs"]:
        raise RuntimeError(f"{name}: {info}")
    return {"config": json.loads((folder / "config.json").read_text()),
            "checkpoint": [[key, list(value.shape), str(value.dtype).removeprefix("torch.")]
                           for key, value in sorted(tensors.items())],
            "loaded_as": loaded_as, "unexpected": sorted(info["unexpected_keys"]), "missing": sorted(info["missing_keys"])}
