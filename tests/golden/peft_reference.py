"""What transformers and PEFT compute: plain logits and hidden states, and PEFT's prompt tuning step by step."""

import os
import pathlib

import torch
import torch.nn.functional as F
from peft import PromptTuningConfig, TaskType, get_peft_model
from transformers import AutoModelForSequenceClassification, get_linear_schedule_with_warmup

import synthetic
from cases import BATCH_ROWS, NUM_EXAMPLES

STEPS = 30
WARMUP = 0.06 * STEPS  # stays a fraction, as in PEFT's own examples


def rounded(tensor):
    """An f32 tensor as nested lists with just the digits an f32 has."""
    if tensor.dim() > 0:
        return [rounded(row) for row in tensor]
    return float(f"{tensor.item():.9g}")


def load_base(folder):
    """The base model, loaded by a relative path so that this is what the adapter's config names."""
    here = os.getcwd()
    os.chdir(folder.parent)
    try:
        model = AutoModelForSequenceClassification.from_pretrained(folder.name, attn_implementation="eager")
    finally:
        os.chdir(here)
    return model.eval()


def batch_of(examples, pad_token_id):
    """Right-padded model inputs and labels."""
    width = max(len(e["input_ids"]) for e in examples)
    ids = torch.tensor([e["input_ids"] + [pad_token_id] * (width - len(e["input_ids"])) for e in examples])
    mask = torch.tensor([[1] * len(e["input_ids"]) + [0] * (width - len(e["input_ids"])) for e in examples])
    inputs = {"input_ids": ids, "attention_mask": mask}
    if examples[0]["token_type_ids"] is not None:
        inputs["token_type_ids"] = torch.tensor(
            [e["token_type_ids"] + [0] * (width - len(e["token_type_ids"])) for e in examples])
    return inputs, torch.tensor([e["label"] for e in examples])


def batch_logits(model, examples):
    """[examples, labels]. Encoders in one padded batch; decoders one by one: given embeddings, as PEFT gives them,
    transformers reads the last row of a batch, padding or not."""
    if model.config.model_type not in synthetic.DECODERS:
        inputs, _ = batch_of(examples, model.config.pad_token_id)
        return model(**inputs).logits
    return torch.cat([model(input_ids=torch.tensor([e["input_ids"]])).logits for e in examples])


def batch_loss(model, examples, weight=None):
    labels = torch.tensor([e["label"] for e in examples])
    return F.cross_entropy(batch_logits(model, examples), labels, weight=weight)


def plain_reference(model, case, examples):
    """Logits of the model as it is, without a prompt, and hidden states of a few examples; single runs."""
    logits, tensors = [], {}
    for i, example in enumerate(examples):
        inputs, _ = batch_of([example], model.config.pad_token_id)
        with torch.no_grad():
            output = model(**inputs, output_hidden_states=True)
        logits.append(rounded(output.logits[0]))
        if i in case.hidden_examples:
            for layer, hidden in enumerate(output.hidden_states):
                tensors[f"hidden.{i}.{layer}"] = hidden[0].contiguous()
    return {"logits": logits, "hidden_examples": list(case.hidden_examples)}, tensors


def prompt_model(base, case):
    """PEFT around `base`, its prompt N(0, 1) by the case's seed, its head unlike the base's own."""
    config = PromptTuningConfig(task_type=TaskType.SEQ_CLS, num_virtual_tokens=case.num_virtual_tokens)
    if case.model_type == "distilbert":  # PEFT doesn't know its config's spellings and refuses without these
        config.token_dim, config.num_attention_heads = case.hidden, case.heads
    torch.manual_seed(case.seed)
    model = get_peft_model(base, config).eval()
    with torch.no_grad():
        for name, parameter in trained(model).items():
            if name != "prompt_embeddings":
                parameter.copy_(torch.from_numpy(synthetic.values(name, list(parameter.shape))))
    return model


def saved_name(name):
    """The name that PEFT's file has for a trainable parameter."""
    if name.startswith("prompt_encoder."):
        return "prompt_embeddings"
    return name.replace("modules_to_save.default.", "")


def trained(model):
    """Trainable parameters by the name that PEFT saves them under."""
    return {saved_name(name): p for name, p in model.named_parameters() if p.requires_grad}


def save_adapter(model, folder):
    model.save_pretrained(folder)
    (pathlib.Path(folder) / "README.md").unlink()  # a model card template, nothing measured


def single_logits(model, examples):
    logits = []
    for example in examples:
        inputs, _ = batch_of([example], model.config.pad_token_id)
        with torch.no_grad():
            logits.append(rounded(model(**inputs).logits[0]))
    return logits


def gradients(model, loss):
    parameters = trained(model)
    return dict(zip(parameters, torch.autograd.grad(loss, parameters.values())))


def train(model, examples):
    """The trajectory: losses before each step and the learning rate of each."""
    optimizer = torch.optim.AdamW(trained(model).values(), lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.01)
    schedule = get_linear_schedule_with_warmup(optimizer, WARMUP, STEPS)
    losses, rates = [], []
    for step in range(STEPS):
        rows = [examples[(BATCH_ROWS * step + j) % NUM_EXAMPLES] for j in range(BATCH_ROWS)]
        loss = batch_loss(model, rows)
        optimizer.zero_grad()
        loss.backward()
        rates.append(schedule.get_last_lr()[0])
        optimizer.step()
        schedule.step()
        losses.append(rounded(loss))
    return losses, rates


def peft_reference(model, case, examples, folder):
    """Logits, gradients and 30 training steps of PEFT; writes adapter/ and adapter_after/ into `folder`."""
    save_adapter(model, folder / "adapter")
    trainable, everything = model.get_nb_trainable_parameters()
    loss = batch_loss(model, examples[:BATCH_ROWS])
    weighted = batch_loss(model, examples[:BATCH_ROWS], torch.tensor(case.class_weights()))
    tensors = {f"grad.{name}": value for name, value in gradients(model, loss).items()}
    if case.variants == "all":
        tensors |= {f"weighted_grad.{name}": value for name, value in gradients(model, weighted).items()}
    expected = {"trainable_parameters": trainable, "all_parameters": everything,
                "logits": single_logits(model, examples), "loss": rounded(loss),
                "class_weights": case.class_weights(), "weighted_loss": rounded(weighted)}
    expected["losses"], expected["learning_rates"] = train(model, examples)
    expected["logits_after"] = single_logits(model, examples)
    save_adapter(model, folder / "adapter_after")
    return expected, tensors
