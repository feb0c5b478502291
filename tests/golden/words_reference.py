"""PEFT's prompt tuning of a causal language model whose target is a label's word: scores, a gradient, 30 steps."""

import torch
import torch.nn.functional as F
from peft import PromptTuningConfig, TaskType, get_peft_model
from transformers import AutoModelForCausalLM, get_linear_schedule_with_warmup

import synthetic
from cases import BATCH_ROWS, NUM_EXAMPLES
from peft_reference import STEPS, WARMUP, rounded

IGNORED = -100


def words_of(case):
    """Ids of each label's word: every second one has two tokens."""
    return [[20 + 3 * label] + ([21 + 3 * label] if label % 2 else []) for label in range(case.labels)]


def batch_of(examples, words):
    """Right-padded texts with their words, which alone are targets."""
    rows = [(e["input_ids"], words[e["label"]]) for e in examples]
    width = max(len(ids) + len(word) for ids, word in rows)
    pad = [width - len(ids) - len(word) for ids, word in rows]
    return {"input_ids": torch.tensor([ids + word + [0] * n for (ids, word), n in zip(rows, pad)]),
            "attention_mask": torch.tensor([[1] * (width - n) + [0] * n for n in pad]),
            "labels": torch.tensor([[IGNORED] * len(ids) + word + [IGNORED] * n for (ids, word), n in zip(rows, pad)])}


def score(model, example, word):
    """log p of a word after the prompt and the text."""
    with torch.no_grad():
        logits = model(input_ids=torch.tensor([example["input_ids"] + word])).logits[0]
    rows = F.log_softmax(logits[-len(word) - 1:-1], dim=-1)
    return rounded(sum(rows[i, token] for i, token in enumerate(word)))


def words_reference(case, folder, prompt):
    """({"words", "scores", "losses"}, {"grad", "after"}): [examples][labels] scores at the start; the prompt's gradient
    of the first batch; the prompt after the steps."""
    config = case.config()
    synthetic.write_model(folder, config, classifier=False, more=synthetic.lm_head_tensors(config))
    base = AutoModelForCausalLM.from_pretrained(folder, attn_implementation="eager")
    model = get_peft_model(base, PromptTuningConfig(task_type=TaskType.CAUSAL_LM, num_virtual_tokens=len(prompt))).eval()
    trained, = (p for p in model.parameters() if p.requires_grad)
    with torch.no_grad():
        trained.copy_(prompt)
    words, examples = words_of(case), case.examples()
    scores = [[score(model, example, word) for word in words] for example in examples]
    optimizer = torch.optim.AdamW([trained], lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.01)
    schedule = get_linear_schedule_with_warmup(optimizer, WARMUP, STEPS)
    losses, gradient = [], None
    for step in range(STEPS):
        rows = [examples[(BATCH_ROWS * step + j) % NUM_EXAMPLES] for j in range(BATCH_ROWS)]
        loss = model(**batch_of(rows, words)).loss
        optimizer.zero_grad()
        loss.backward()
        gradient = trained.grad.clone() if gradient is None else gradient
        optimizer.step()
        schedule.step()
        losses.append(rounded(loss))
    return {"words": words, "scores": scores, "losses": losses}, {"grad": gradient, "after": trained.detach().clone()}
