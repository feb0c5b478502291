#!/usr/bin/env python3
"""Writes small valid inputs for one fuzz target into a folder: what tests/golden has, small GGUF files, and
lines of text formats."""

import pathlib
import struct
import sys
import zipfile

GOLDEN = pathlib.Path(__file__).resolve().parent.parent / "tests" / "golden"

TABLES = {
    # The first byte names the format; see table_fuzz.cc.
    "tsv": b"tid\ttext\tlabel\n1\ta b\tyes\n2\tc\tno\n",
    "csv": b'cid,text,label\r\n1,"a ""b""\nc",yes\r\n2,d,no\r\n',
    "jsonl": b'j{"text": "a \\u00e4", "label": 1}\n{"text": "b", "label": 0, "id": "x"}\n',
}
TEMPLATES = {
    "short": b"{text_a} It was {mask}. {text_b}",
    "openprompt": rb'{"placeholder":"text_a","shortenable":true}\n{"soft":"so it is","soft_id":1} '
    rb'{"soft":null,"duplicate":3,"same":true}{"special":"</s>"}{{}}{"text":"x"}{"mask"}',
}


# Of ggml.h: its number, weights and bytes of a block.
GGML_BLOCKS = {
    "f32": (0, 1, 4),
    "f16": (1, 1, 2),
    "bf16": (30, 1, 2),
    "q4_0": (2, 32, 18),
    "q4_1": (3, 32, 20),
    "q5_0": (6, 32, 22),
    "q5_1": (7, 32, 24),
    "q8_0": (8, 32, 34),
    "q4_k": (12, 256, 144),
    "q5_k": (13, 256, 176),
    "q6_k": (14, 256, 210),
}


def gguf_text(text):
    encoded = text.encode()
    return struct.pack("<Q", len(encoded)) + encoded


def gguf_value(value):
    """A value with its type in front: a truth value, a small number, a text or a list of them."""
    if isinstance(value, bool):
        return struct.pack("<I?", 7, value)
    if isinstance(value, int):
        return struct.pack("<II", 4, value)
    if isinstance(value, float):
        return struct.pack("<If", 6, value)
    if isinstance(value, str):
        return struct.pack("<I", 8) + gguf_text(value)
    elements = [gguf_value(element) for element in value]
    return struct.pack("<I", 9) + elements[0][:4] + struct.pack("<Q", len(value)) + b"".join(e[4:] for e in elements)


def small_gguf(architecture, more, tensors):
    """The files of tests/golden are so large that most changes to one hit weights: this is hardly more than a header."""
    norm = "layer_norm_epsilon" if architecture == "gpt2" else "layer_norm_rms_epsilon"
    own = {
        "embedding_length": 2,
        "block_count": 1,
        "feed_forward_length": 2,
        "context_length": 8,
        "attention.head_count": 1,
        f"attention.{norm}": 1e-5,
        **more,
    }
    metadata = {
        "general.architecture": architecture,
        "general.alignment": 8,
        **{f"{architecture}.{key}": value for key, value in own.items()},
        "tokenizer.ggml.model": "gpt2",
        "tokenizer.ggml.pre": "gpt-2",
        "tokenizer.ggml.tokens": ["a", "b", "ab", "\u00e4"],
        "tokenizer.ggml.token_type": [1, 1, 4, 3],
        "tokenizer.ggml.merges": ["a b"],
        "tokenizer.ggml.add_bos_token": True,
        "tokenizer.ggml.bos_token_id": 3,
        "tokenizer.ggml.eos_token_id": 2,
    }
    header = b"GGUF" + struct.pack("<IQQ", 3, len(tensors), len(metadata))
    for key, value in metadata.items():
        header += gguf_text(key) + gguf_value(value)
    data = b""
    for name, (kind, *shape) in tensors.items():
        number, weights, size = GGML_BLOCKS[kind]
        header += gguf_text(name) + struct.pack(f"<I{len(shape)}QIQ", len(shape), *shape, number, len(data))
        count = 1
        for length in shape:
            count *= length
        data += b"\0" * (count // weights * size)
        data += b"\0" * (-len(data) % 8)
    return header + b"\0" * (-len(header) % 8) + data


def ggufs():
    blocks = {f"blk.0.{kind}.weight": (kind, weights) for kind, (_, weights, _) in GGML_BLOCKS.items()}
    llama = {
        "token_embd.weight": ("f16", 2, 4),
        "blk.0.attn_q.weight": ("f32", 2, 2),
        "blk.0.attn_k.bias": ("f32", 2),
        "rope_freqs.weight": ("f32", 1),
    }
    gpt2 = {"token_embd.weight": ("bf16", 2, 4), "blk.0.attn_qkv.weight": ("f32", 2, 6)}
    rope = {"rope.freq_base": 10000.0, "rope.scaling.type": "linear", "rope.scaling.factor": 2.0}
    made = {
        "small-llama": small_gguf("llama", {"attention.head_count_kv": 1, "rope.dimension_count": 2, **rope}, llama),
        "small-gpt2": small_gguf("gpt2", {}, gpt2),
        "small-blocks": small_gguf("qwen2", {}, {"token_embd.weight": ("f32", 2, 4), **blocks}),
    }
    return {**made, **golden("gguf/*.gguf")}


def golden(pattern):
    return {"-".join(path.parts[-2:]): path.read_bytes() for path in sorted(GOLDEN.glob(pattern))}


def pickles():
    found = {}
    for path in sorted(GOLDEN.glob("adapters/*/*.bin")):
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                for entry in archive.infolist():
                    if entry.filename.endswith("/data.pkl") and entry.compress_type == zipfile.ZIP_STORED:
                        found["-".join(path.parts[-2:])] = archive.read(entry)
    return found


SEEDS = {
    "gguf": ggufs,
    "pickle": pickles,
    "safetensors": lambda: golden("adapters/*/*.safetensors"),
    "table": lambda: TABLES,
    "template": lambda: TEMPLATES,
    "torch": lambda: golden("adapters/*/*.bin"),
}


def main():
    target, folder = sys.argv[1], pathlib.Path(sys.argv[2])
    folder.mkdir(parents=True, exist_ok=True)
    seeds = SEEDS[target]()
    if not seeds:
        sys.exit(f"there are no seeds for {target}")
    for name, content in seeds.items():
        (folder / name).write_bytes(content)


main()
