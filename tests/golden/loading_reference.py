"""Which tensors transformers calls unexpected and missing when it loads a checkpoint made for something else."""

import json
import pathlib

import torch
import transformers
from safetensors.torch import load_file, save_file

SIZES = {"vocab_size": 50, "max_position_embeddings": 20}
BERT_SIZES = SIZES | {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 32}
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
