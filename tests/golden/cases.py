"""The parity cases: what model, which inputs. Everything follows from the case's name, sizes and seed."""

import dataclasses

import numpy as np

from synthetic import DECODERS

BATCH_ROWS = 8
NUM_EXAMPLES = 12


@dataclasses.dataclass(frozen=True)
class Case:
    name: str
    seed: int
    model_type: str
    hidden: int
    layers: int
    heads: int
    inner: int
    labels: int
    num_virtual_tokens: int
    lengths: tuple  # of the examples, special tokens included; NUM_EXAMPLES of them
    insert_layers: tuple  # at which the late variants join
    vocab_size: int = 200
    hidden_examples: tuple = (1, 4)  # whose hidden states are stored
    variants: str = "all"  # or "few": only what a large head leaves room for
    more: tuple = ()  # further fields of a decoder's config.json: (name, value)

    def is_causal(self):
        return self.model_type in DECODERS

    def config(self):
        """config.json's fields, as its model_type spells them."""
        names = {str(i): f"class_{i}" for i in range(self.labels)}
        common = {"model_type": self.model_type, "vocab_size": self.vocab_size, "id2label": names,
                  "label2id": {name: int(i) for i, name in names.items()}}
        if self.is_causal():
            return common | self._decoder_sizes() | dict(self.more)
        if self.model_type == "distilbert":
            return common | {"architectures": ["DistilBertForSequenceClassification"], "dim": self.hidden,
                             "n_layers": self.layers, "n_heads": self.heads, "hidden_dim": self.inner,
                             "max_position_embeddings": 512, "pad_token_id": 0}
        prefix = {"bert": "Bert", "roberta": "Roberta", "xlm-roberta": "XLMRoberta", "camembert": "Camembert"}
        sizes = {"architectures": [prefix[self.model_type] + "ForSequenceClassification"],
                 "hidden_size": self.hidden, "num_hidden_layers": self.layers,
                 "num_attention_heads": self.heads, "intermediate_size": self.inner}
        if self.model_type == "bert":
            return common | sizes | {"max_position_embeddings": 512, "type_vocab_size": 2, "pad_token_id": 0,
                                     "layer_norm_eps": 1e-12}
        return common | sizes | {"max_position_embeddings": 514, "type_vocab_size": 1, "pad_token_id": 1,
                                 "bos_token_id": 0, "eos_token_id": 2, "layer_norm_eps": 1e-5}

    def _decoder_sizes(self):
        if self.model_type == "gpt2":
            return {"architectures": ["GPT2ForSequenceClassification"], "n_embd": self.hidden, "n_layer": self.layers,
                    "n_head": self.heads, "n_inner": self.inner, "n_positions": 512, "bos_token_id": 0, "eos_token_id": 0}
        prefix = {"llama": "Llama", "mistral": "Mistral", "qwen2": "Qwen2"}
        return {"architectures": [prefix[self.model_type] + "ForSequenceClassification"], "hidden_size": self.hidden,
                "num_hidden_layers": self.layers, "num_attention_heads": self.heads, "intermediate_size": self.inner,
                "max_position_embeddings": 512, "bos_token_id": 1, "eos_token_id": 2}

    def class_weights(self):
        return [0.5 + 1.25 * i for i in range(self.labels)]

    def examples(self):
        """Dicts of input_ids, token_type_ids (None where the family has none) and label. Encoders have special tokens,
        and every third example is a pair."""
        rng = np.random.default_rng(self.seed)
        two_types = self.model_type == "bert"
        wordpiece = self.model_type in ("bert", "distilbert")
        examples = []
        for i, length in enumerate(self.lengths):
            words = [int(x) for x in rng.integers(10, self.vocab_size, size=length)]
            if self.is_causal():
                examples.append({"input_ids": words, "token_type_ids": None, "label": int(rng.integers(0, self.labels))})
                continue
            ids = [2, *words[: length - 2], 3] if wordpiece else [0, *words[: length - 2], 2]
            types = [0] * length
            if length == 1:
                ids = ids[:1]
            elif i % 3 == 1 and length >= 6:
                middle = length // 2
                ids[middle] = 3 if wordpiece else 2
                if not wordpiece:
                    ids[middle + 1] = 2
                types = [int(two_types and j > middle) for j in range(length)]
            examples.append({"input_ids": ids, "token_type_ids": None if self.model_type == "distilbert" else types,
                             "label": int(rng.integers(0, self.labels))})
        return examples


SHORT = (9, 12, 5, 17, 8, 23, 3, 14, 11, 31, 6, 20)
CASES = [
    Case("bert", 11, "bert", 48, 3, 4, 96, 2, 6, SHORT, (1, 2)),
    Case("roberta", 12, "roberta", 48, 3, 4, 96, 3, 5, SHORT, (1, 2)),
    Case("xlm-roberta", 13, "xlm-roberta", 32, 2, 4, 64, 3, 4, SHORT, (1,)),
    Case("camembert", 14, "camembert", 32, 2, 2, 64, 2, 4, SHORT, (1,)),
    Case("distilbert", 15, "distilbert", 48, 3, 4, 96, 3, 6, SHORT, (1, 2)),
    Case("roberta-long", 16, "roberta", 128, 2, 2, 512, 2, 7, (1, 2, 300, 33, 3, 64, 17, 129, 65, 255, 31, 200), (1,),
         vocab_size=300, hidden_examples=(3, 8), variants="few"),
    Case("gpt2", 17, "gpt2", 48, 3, 4, 120, 2, 6, SHORT, (1, 2), more=(("scale_attn_by_inverse_layer_idx", True),)),
    # Heads wider than the hidden size, three to one; every scaling of the angles; every bias.
    Case("llama", 18, "llama", 48, 3, 3, 96, 3, 5, SHORT, (1, 2), more=(
        ("num_key_value_heads", 1), ("head_dim", 64), ("attention_bias", True), ("mlp_bias", True), ("rms_norm_eps", 1e-5),
        ("rope_parameters", {"rope_type": "llama3", "rope_theta": 10000.0, "factor": 8.0, "low_freq_factor": 1.0,
                             "high_freq_factor": 4.0, "original_max_position_embeddings": 64}))),
    Case("mistral", 19, "mistral", 48, 2, 4, 96, 2, 4, SHORT, (1,), more=(
        ("num_key_value_heads", 2), ("sliding_window", 6), ("tie_word_embeddings", True), ("rope_theta", 5000.0))),
    Case("qwen2", 20, "qwen2", 48, 3, 4, 96, 3, 6, SHORT, (1, 2), more=(
        ("num_key_value_heads", 2), ("use_sliding_window", True), ("sliding_window", 8), ("max_window_layers", 1),
        ("tie_word_embeddings", True), ("rope_scaling", {"type": "linear", "factor": 2.0}))),
]
