"""Writes gguf/types.gguf, a tensor of every type that Incipit reads, and gguf/types.safetensors, the f32 values that
the gguf package makes of it.

    python make_gguf_golden.py        with gguf, numpy, safetensors
"""

from pathlib import Path

import gguf
import numpy as np
from gguf import GGMLQuantizationType as Type
from gguf import GGUFWriter
from gguf.quants import dequantize
from safetensors.numpy import save_file

FOLDER = Path(__file__).parent / "gguf"
# f16 bits: 1, smallest and largest subnormal, smallest normal, largest, zeros, and negative ones
EXTREMES = [0x3C00, 0x0001, 0x03FF, 0x0400, 0x7BFF, 0x0000, 0x8000, 0xBC00, 0x8001, 0xFBFF, 0x2E66, 0x1234]
# Where the f16 numbers of a block are.
SCALES = {Type.Q8_0: [0], Type.Q4_0: [0], Type.Q4_1: [0, 2], Type.Q5_0: [0], Type.Q5_1: [0, 2],
          Type.Q4_K: [0, 2], Type.Q5_K: [0, 2], Type.Q6_K: [208]}  # fmt: skip


def blocks_of(kind: Type, random: np.random.Generator) -> np.ndarray:
    """Blocks of random bits under extreme scales, then all zeros and all ones under a scale of one."""
    size = gguf.GGML_QUANT_SIZES[kind][1]
    count = len(EXTREMES) + 2
    blocks = random.integers(0, 256, (count, size), dtype=np.uint8)
    blocks[-2] = 0
    blocks[-1] = 255
    for place, offset in enumerate(SCALES[kind]):
        for block in range(count):
            bits = EXTREMES[(block * (1 + 4 * place) + place) % len(EXTREMES)] if block < count - 2 else 0x3C00
            blocks[block, offset : offset + 2] = np.frombuffer(np.uint16(bits).tobytes(), np.uint8)
    return blocks


def floats_of(kind: Type) -> np.ndarray:
    if kind == Type.F32:
        bits = np.array([0, 0x80000000, 1, 0x807FFFFF, 0x00800000, 0x7F7FFFFF, 0xFF7FFFFF, 0x3F800001], np.uint32)
        return bits.view(np.float32)
    every = np.arange(0, 0x10000, 37, dtype=np.uint16)
    exponent = 0x7C00 if kind == Type.F16 else 0x7F80
    return every[(every & exponent) != exponent].view(np.float16 if kind == Type.F16 else np.uint16)


def add_model(writer: GGUFWriter) -> None:
    writer.add_context_length(64)
    writer.add_embedding_length(8)
    writer.add_block_count(1)
    writer.add_feed_forward_length(16)
    writer.add_head_count(2)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_tensor("token_embd.weight", np.arange(32, dtype=np.float32).reshape(4, 8))


def write_types() -> None:
    random = np.random.default_rng(7)
    writer = GGUFWriter(FOLDER / "types.gguf", "llama")
    add_model(writer)
    expected = {}
    for kind in [Type.F32, Type.F16, Type.BF16]:
        values = floats_of(kind)
        bytes_ = values.view(np.uint8)
        expected[kind.name] = dequantize(bytes_.reshape(1, -1), kind).reshape(-1)
        writer.add_tensor(kind.name, bytes_, raw_dtype=kind)
    for kind in SCALES:
        blocks = blocks_of(kind, random)
        # Two rows of seven blocks each.
        expected[kind.name] = dequantize(blocks.reshape(2, -1), kind)
        writer.add_tensor(kind.name, blocks.reshape(2, -1), raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    save_file(expected, FOLDER / "types.safetensors")


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    write_types()
