"""Our own methods in plain torch over transformers' layers, one example at a time, no padding.

method `head`: no virtual tokens. `prompt`: virtual rows in front of the word embeddings, as PEFT has them. `late`:
layers 0 to k-1 run on the text alone, then the virtual rows are put in front of [CLS] as raw hidden rows, and layer k
(insert_layer) is the first to see them. The head reads row 0 (`first`), the [CLS] row (`cls`), or the mean of the
text's rows, special tokens included (`mean`), or a decoder's last row (`last`). BERT's pooler is applied to `first` and
`cls`, not to a mean. A decoder's late rows stand at position 0, and the text counts from 0 whatever stands before it.
"""

import torch
import torch.nn.functional as F

from cases import BATCH_ROWS
from peft_reference import rounded
from synthetic import DECODERS


def backbone_of(model):
    return getattr(model, model.base_model_prefix)


def layers_of(model):
    backbone = backbone_of(model)
    return backbone.transformer.layer if model.config.model_type == "distilbert" else backbone.encoder.layer


def embed(model, example, prompt):
    """Rows that enter layer 0; `prompt` in front of the words unless None."""
    embeddings = backbone_of(model).embeddings
    ids = torch.tensor([example["input_ids"]])
    if prompt is None:
        inputs = {"input_ids": ids}
        types = example["token_type_ids"]
    else:
        inputs = {"input_ids": None, "inputs_embeds": torch.cat([prompt[None], embeddings.word_embeddings(ids)], dim=1)}
        types = example["token_type_ids"] and [0] * len(prompt) + example["token_type_ids"]
    if types is not None:
        inputs["token_type_ids"] = torch.tensor([types])
    return embeddings(**inputs)


def causal_mask(rows, window):
    """[1, 1, rows, rows], added to the scores."""
    place = torch.arange(rows)
    seen = place[None, :] <= place[:, None]
    if window:
        seen &= place[None, :] > place[:, None] - window
    return torch.where(seen, 0.0, torch.finfo(torch.float32).min)[None, None]


def window_of(config, layer):
    if config.model_type == "qwen2":
        return config.sliding_window if config.layer_types[layer] == "sliding_attention" else None
    return getattr(config, "sliding_window", None)


def decoder_rows(model, example, method, insert_layer, prompt):
    backbone, gpt2 = backbone_of(model), model.config.model_type == "gpt2"
    words = (backbone.wte if gpt2 else backbone.embed_tokens)(torch.tensor(example["input_ids"]))
    rows = torch.cat([prompt, words]) if method == "prompt" else words
    positions = torch.arange(len(rows))
    if gpt2:
        rows = rows + backbone.wpe(positions)
    rows = rows[None]
    for index, layer in enumerate(backbone.h if gpt2 else backbone.layers):
        if method == "late" and index == insert_layer:
            rows = torch.cat([prompt[None], rows], dim=1)
            positions = torch.cat([torch.zeros(len(prompt), dtype=torch.long), positions])
        turned = {} if gpt2 else {"position_embeddings": backbone.rotary_emb(rows, positions[None])}
        output = layer(rows, attention_mask=causal_mask(rows.shape[1], window_of(model.config, index)), **turned)
        rows = output[0] if isinstance(output, tuple) else output
    return (backbone.ln_f if gpt2 else backbone.norm)(rows)[0]


def hidden_rows(model, example, method, insert_layer, prompt):
    """[rows, hidden] after the last layer, virtual rows first."""
    if model.config.model_type in DECODERS:
        return decoder_rows(model, example, method, insert_layer, prompt)
    rows = embed(model, example, prompt if method == "prompt" else None)
    for index, layer in enumerate(layers_of(model)):
        if method == "late" and index == insert_layer:
            rows = torch.cat([prompt[None], rows], dim=1)
        rows = layer(rows, attention_mask=None)
    return rows[0]


def head_logits(model, head, vector, pooled):
    """`head`: weights by PEFT's names without `base_model.`."""
    kind = model.config.model_type
    if kind in DECODERS:
        return F.linear(vector, head["score.weight"])
    if kind == "bert":
        if pooled:
            vector = torch.tanh(backbone_of(model).pooler.dense(vector))
        return F.linear(vector, head["classifier.weight"], head["classifier.bias"])
    if kind == "distilbert":
        vector = torch.relu(F.linear(vector, head["pre_classifier.weight"], head["pre_classifier.bias"]))
        return F.linear(vector, head["classifier.weight"], head["classifier.bias"])
    vector = torch.tanh(F.linear(vector, head["classifier.dense.weight"], head["classifier.dense.bias"]))
    return F.linear(vector, head["classifier.out_proj.weight"], head["classifier.out_proj.bias"])


def logits_of(model, head, example, method, insert_layer, head_input, prompt):
    rows = hidden_rows(model, example, method, insert_layer, prompt)
    text = rows[len(rows) - len(example["input_ids"]):]
    vector = {"first": rows[0], "cls": text[0], "mean": text.mean(dim=0), "last": text[-1]}[head_input]
    return head_logits(model, head, vector, head_input != "mean")


def variants_of(case):
    """(method, insert_layer, head_input) of every variant of a case."""
    if case.is_causal():
        variants = [("head", 0, "last"), ("head", 0, "mean"), ("prompt", 0, "last"), ("prompt", 0, "mean")]
        return variants + [("late", k, read) for k in case.insert_layers for read in ("last", "mean")]
    if case.variants == "few":
        return [("late", 1, "first"), ("late", 1, "mean")]
    variants = [("head", 0, "cls"), ("head", 0, "mean"), ("prompt", 0, "first"), ("prompt", 0, "cls"), ("prompt", 0, "mean")]
    return variants + [("late", k, read) for k in case.insert_layers for read in ("first", "cls", "mean")]


def variant_reference(model, case, examples, adapter):
    """Logits, loss and gradients of every variant, prompt and head as in `adapter` (PEFT's names → tensors)."""
    weights = {name: value.clone().requires_grad_() for name, value in adapter.items()}
    head = {name.removeprefix("base_model."): w for name, w in weights.items() if name != "prompt_embeddings"}
    labels = torch.tensor([e["label"] for e in examples[:BATCH_ROWS]])
    expected, tensors = [], {}
    for method, insert_layer, head_input in variants_of(case):
        name = f"{method}-{insert_layer}-{head_input}"
        logits = torch.stack([logits_of(model, head, e, method, insert_layer, head_input, weights["prompt_embeddings"])
                              for e in examples])
        loss = F.cross_entropy(logits[:BATCH_ROWS], labels)
        of = [n for n in weights if method != "head" or n != "prompt_embeddings"]
        for weight, gradient in zip(of, torch.autograd.grad(loss, [weights[n] for n in of])):
            tensors[f"{name}.grad.{weight}"] = gradient
        expected.append({"name": name, "method": method, "insert_layer": insert_layer, "head_input": head_input,
                         "logits": rounded(logits.detach()), "loss": rounded(loss.detach())})
    return expected, tensors
