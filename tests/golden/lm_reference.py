"""What a language-model head of transformers says: log-probabilities of words, and the gradient of a prompt by them.

Causal models are asked for the word that follows each row, masked ones for the row's own word.
"""

import torch
import torch.nn.functional as F
from transformers import AutoModelForCausalLM, AutoModelForMaskedLM

import synthetic
from peft_reference import rounded


def load(folder, causal):
    kind = AutoModelForCausalLM if causal else AutoModelForMaskedLM
    return kind.from_pretrained(folder, attn_implementation="eager").eval()


def log_probabilities(model, example, prompt, causal):
    """(rows, words, log-probabilities) of one text behind the prompt; rows count from the first virtual token."""
    ids = torch.tensor([example["input_ids"]])
    embeddings = torch.cat([prompt[None], model.get_input_embeddings()(ids)], dim=1)
    inputs = {"inputs_embeds": embeddings}
    if example["token_type_ids"] is not None:
        inputs["token_type_ids"] = torch.tensor([[0] * len(prompt) + example["token_type_ids"]])
    logits = F.log_softmax(model(**inputs).logits[0], dim=-1)
    first = len(prompt) - 1 if causal else len(prompt)
    rows = torch.arange(first, first + ids.shape[1])
    return rows.tolist(), example["input_ids"], logits[rows, ids[0]]


def lm_reference(case, folder, prompt):
    """{"examples": [{"rows", "words", "log_probabilities"}]} of the first examples, behind the adapter's prompt, and
    grad.prompt_embeddings of the mean of all of them."""
    config = case.config()
    synthetic.write_model(folder, config, classifier=False, more=synthetic.lm_head_tensors(config))
    model = load(folder, case.is_causal())
    prompt = prompt.clone().requires_grad_()
    expected, values = [], []
    for example in case.examples()[:4]:
        rows, words, logs = log_probabilities(model, example, prompt, case.is_causal())
        expected.append({"rows": rows, "words": words, "log_probabilities": rounded(logs.detach())})
        values.append(logs)
    gradient, = torch.autograd.grad(torch.cat(values).mean(), [prompt])
    return {"examples": expected}, {"grad.prompt_embeddings": gradient.contiguous()}
