"""A model of roberta-large's true shapes with random weights, laid out as its masked-LM checkpoint on the hub is.

    python3 examples/report/make_roberta_large.py --tokenizer TOKENIZER.JSON --output roberta-large

For speed and memory at the true size, and for the lines that the report printed: no machine needs to reach a hub for
them. What it predicts means nothing. Needs numpy; writes 1.4 GB.
"""

import argparse
import pathlib
import shutil
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent.parent / "tests" / "golden"))
import synthetic

HIDDEN, LAYERS, HEADS, INNER, VOCABULARY = 1024, 24, 16, 4096, 50265
CONFIG = {"model_type": "roberta", "architectures": ["RobertaForMaskedLM"], "vocab_size": VOCABULARY,
          "hidden_size": HIDDEN, "num_hidden_layers": LAYERS, "num_attention_heads": HEADS, "intermediate_size": INNER,
          "max_position_embeddings": 514, "type_vocab_size": 1, "pad_token_id": 1, "bos_token_id": 0, "eos_token_id": 2,
          "layer_norm_eps": 1e-5, "hidden_act": "gelu", "hidden_dropout_prob": 0.1,
          "attention_probs_dropout_prob": 0.1, "initializer_range": 0.02}
LM_HEAD = [("lm_head.bias", [VOCABULARY]), ("lm_head.dense.weight", [HIDDEN, HIDDEN]), ("lm_head.dense.bias", [HIDDEN]),
           ("lm_head.layer_norm.weight", [HIDDEN]), ("lm_head.layer_norm.bias", [HIDDEN])]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--tokenizer", type=pathlib.Path, required=True, help="RoBERTa's tokenizer.json")
    parser.add_argument("--output", type=pathlib.Path, required=True)
    options = parser.parse_args()
    synthetic.write_model(options.output, CONFIG, classifier=False, more=LM_HEAD)
    shutil.copyfile(options.tokenizer, options.output / "tokenizer.json")
    print(options.output)


if __name__ == "__main__":
    main()
