"""What transformers' generate() makes greedily of texts, plain and behind a PEFT prompt of a language model."""

import torch
from peft import PromptTuningConfig, get_peft_model
from transformers import AutoModelForCausalLM

import synthetic

NEW_TOKENS = 64
EXAMPLES = 4
LEAST_MARGIN = 2e-4  # between the two largest logits: closer ones are decided by rounding


def load(folder):
    return AutoModelForCausalLM.from_pretrained(folder, attn_implementation="eager").eval()


def by_peft(folder, prompt, ids):
    """Without its cache: with it, PEFT 0.21.2 under transformers 5.23 loses what stands before the newest token."""
    tuned = get_peft_model(load(folder), PromptTuningConfig(task_type="CAUSAL_LM", num_virtual_tokens=len(prompt))).eval()
    tuned.prompt_encoder["default"].embedding.weight.copy_(prompt)
    inputs = torch.tensor([ids])
    made = tuned.generate(input_ids=inputs, attention_mask=torch.ones_like(inputs), max_new_tokens=NEW_TOKENS,
                          do_sample=False, pad_token_id=0, use_cache=False)
    return made[0, len(ids):].tolist()


def by_transformers(model, prompt, ids):
    """With its cache, from embeddings: the prompt's rows and the words'."""
    rows = torch.cat([prompt, model.get_input_embeddings()(torch.tensor(ids))])[None]
    made = model.generate(inputs_embeds=rows, attention_mask=torch.ones(rows.shape[:2]), max_new_tokens=NEW_TOKENS,
                          do_sample=False, pad_token_id=0)
    return made[0].tolist()


def least_margin(model, prompt, ids, made):
    """Of the largest logit over the next, in one pass over everything."""
    rows = torch.cat([prompt, model.get_input_embeddings()(torch.tensor(ids + made))])[None]
    two = model(inputs_embeds=rows).logits[0, -len(made) - 1:-1].topk(2, dim=-1)
    if two.indices[:, 0].tolist() != made:
        raise RuntimeError("generate() does not choose what one pass over everything chooses")
    return (two.values[:, 0] - two.values[:, 1]).min().item()


@torch.no_grad()
def generate_reference(case, folder, prompt):
    """{"plain", "prompt"}, each [{"input_ids", "ids"}] of the first examples; ids end with an end token or with
    NEW_TOKENS of them."""
    config = case.config()
    synthetic.write_model(folder, config, classifier=False, more=synthetic.lm_head_tensors(config))
    model = load(folder)
    expected = {"plain": [], "prompt": []}
    for example in case.examples()[:EXAMPLES]:
        ids = example["input_ids"]
        for name, rows in (("plain", prompt[:0]), ("prompt", prompt)):
            made = by_transformers(model, rows, ids)
            if name == "prompt" and by_peft(folder, rows, ids) != made:
                raise RuntimeError(f"{case.name}: PEFT and transformers do not agree")
            if (margin := least_margin(model, rows, ids, made)) < LEAST_MARGIN:
                raise RuntimeError(f"{case.name} {name}: two words are {margin} apart")
            expected[name].append({"input_ids": ids, "ids": made})
    print(f"  generate: lengths {[len(one['ids']) for name in expected for one in expected[name]]}")
    return expected
