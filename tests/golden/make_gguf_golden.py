"""Writes gguf/types.gguf, a tensor of every type that Incipit reads, and gguf/types.safetensors, the f32 values that
the gguf package makes of it; gguf/tiny.gguf, a vocabulary, and in gguf/tokenizers.json the ids that the reference
tokenizers make of hard texts with it under each pre-tokenizer; gguf/smollm2.json, the same for the whole of SmolLM2.

    python make_gguf_golden.py [SmolLM2-135M-Instruct.Q4_1.gguf]

with gguf, numpy, safetensors, tokenizers, transformers. Without the model's file smollm2.json stays as it is.
"""

import json
import sys
from pathlib import Path

import gguf
import numpy as np
from gguf import GGMLQuantizationType as Type
from gguf import GGUFWriter
from gguf.quants import dequantize
from safetensors.numpy import save_file
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
from transformers.convert_slow_tokenizer import TikTokenConverter
from transformers.models.qwen2.tokenization_qwen2 import PRETOKENIZE_REGEX as QWEN2

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
    every = np.arange(0, 0x10000, 173, dtype=np.uint16)
    exponent = 0x7C00 if kind == Type.F16 else 0x7F80
    return every[(every & exponent) != exponent].view(np.float16 if kind == Type.F16 else np.uint16)


def add_model(writer: GGUFWriter, vocab_size: int = 4) -> None:
    writer.add_context_length(64)
    writer.add_embedding_length(8)
    writer.add_block_count(1)
    writer.add_feed_forward_length(16)
    writer.add_head_count(2)
    writer.add_layer_norm_rms_eps(1e-5)
    words = np.arange(vocab_size * 8, dtype=np.float32).reshape(vocab_size, 8)
    writer.add_tensor("token_embd.weight", words.astype(np.float16))


def finish(writer: GGUFWriter) -> None:
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


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
    finish(writer)
    save_file(expected, FOLDER / "types.safetensors")


# llama.cpp's splits where a file does not name any: see llm_tokenizer_bpe in llama-vocab.cpp.
UNNAMED = [
    r"[\p{P}\$\+<=>\^~\|]+",
    r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)",
    r"\p{N}+",
    r"[0-9][0-9][0-9]",
]
TEXTS = [
    "", " ", "  ", "a", " a", "a ", "The film is good.", "  two  spaces   three", "tab\tnew\nline\r\ncarriage\rend",
    "\n\n\n", " \n x", "x \n", "It's we'll I'M YOU'RE they've 'd' 'S", "1", "12", "123", "1234", "12345678", "a1b22c333",
    "3.14159 and 1,000,000", "10:45pm 2024-01-31", "v1.2.3", "\u0663\u0664\u0665 \u00bd \u2167 \u2460 \uff11\uff12",
    "\u4f60\u597d\uff0c\u4e16\u754c\u3002\u8fd9\u90e8\u7535\u5f71\u5f88\u597d\u770b\uff01", "\u4eca\u5929123\u53f7",
    "\u65e5\u672c\u8a9e\u306e\u30c6\u30ad\u30b9\u30c8", "\ud55c\uad6d\uc5b4", "\u0420\u043e\u0441\u0441\u0438\u044f", "\u0645\u0631\u062d\u0628\u0627",
    "\U0001f642\U0001f469\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466 \U0001f1e8\U0001f1f3 \u2764\ufe0f", "caf\u00e9 cafe\u0301 \u00c5ngstro\u0308m",
    "\x00\x01\x04\x07\x13\x1b[0m\x7f", "a\x04b", "\u200b\u00a0\u2028\u3000x", "\ufeffbom", "\U0010ffff\U000f0000",
    "def f(x):\n    return x ** 2  # comment\n", "if (a<=b && c!=d) { e->f[0] += 1; }", "<html><b>bold</b>&amp;</html>",
    "C:\\path\\to\\file", "https://example.org/?q=a+b&c=%20", "a_b-c.d@e", "!!! ??? ... --- ~~~ $$$ ^^^", "$100 + 5% = <x>",
    "<|endoftext|>", "<|im_start|>user\nhi<|im_end|>\n", "a<|im_end|>b", " <|im_end|> ", "<|im_end", "<tool>x</tool>", "<TOOL>",
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "antidisestablishmentarianism ANTIDISESTABLISHMENT",
]  # fmt: skip


def isolated(expression: str) -> pre_tokenizers.PreTokenizer:
    return pre_tokenizers.Split(Regex(expression), behavior="isolated")


def pre_tokenizer_of(name: str) -> pre_tokenizers.PreTokenizer:
    bytes_alone = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    bytes_and_words = pre_tokenizers.ByteLevel(add_prefix_space=False)
    if name == "smollm":
        return pre_tokenizers.Sequence([pre_tokenizers.Digits(individual_digits=True), bytes_and_words])
    if name == "qwen2":
        return pre_tokenizers.Sequence([isolated(QWEN2), bytes_alone])
    if name == "llama-bpe":
        return pre_tokenizers.Sequence([isolated(TikTokenConverter("").pattern), bytes_alone])
    if name == "default":
        return pre_tokenizers.Sequence([isolated(each) for each in UNNAMED] + [bytes_alone])
    return bytes_and_words


def reference(name: str, tokens: list[str], merges: list[str], types: list[int], bos: int | None) -> Tokenizer:
    """The tokenizer that the model's own tokenizer.json describes."""
    vocabulary = {token: id_ for id_, token in enumerate(tokens)}
    pairs = [tuple(merge.split(" ")) for merge in merges]
    tokenizer = Tokenizer(models.BPE(vocabulary, pairs, ignore_merges=name == "llama-bpe"))
    if name == "qwen2":
        tokenizer.normalizer = normalizers.NFC()
    tokenizer.pre_tokenizer = pre_tokenizer_of(name)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens([AddedToken(tokens[i], normalized=False) for i, t in enumerate(types) if t == 3])
    tokenizer.add_tokens([AddedToken(tokens[i], normalized=False) for i, t in enumerate(types) if t == 4])
    if bos is not None:
        token = tokens[bos]
        tokenizer.post_processor = processors.TemplateProcessing(
            single=f"{token} $A", pair=f"{token} $A {token}:1 $B:1", special_tokens=[(token, bos)]
        )
    return tokenizer


def trained() -> tuple[list[str], list[str], list[int]]:
    """Tokens, merges and types of a small vocabulary that has words with digits, blanks and signs inside, so that
    every pre-tokenizer gives other ids. Some bytes have no token."""
    alphabet = [c for c in pre_tokenizers.ByteLevel.alphabet() if c not in "\u0104\u0113"]
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    special = ["<|endoftext|>", "<|im_start|>", "<|im_end|>", "<tool>"]
    trainer = trainers.BpeTrainer(vocab_size=700, initial_alphabet=alphabet, special_tokens=special, show_progress=False)
    tokenizer.train_from_iterator([text for text in TEXTS for _ in range(3)], trainer)
    model = json.loads(tokenizer.to_str())["model"]
    known = set("".join(alphabet))
    tokens = [t for t, _ in sorted(model["vocab"].items(), key=lambda item: item[1]) if t in special or set(t) <= known]
    merges = [" ".join(pair) for pair in model["merges"] if set("".join(pair)) <= known]
    return tokens, merges, [3, 3, 3, 4] + [1] * (len(tokens) - 4)


def write_tokenizers() -> None:
    tokens, merges, types = trained()
    writer = GGUFWriter(FOLDER / "tiny.gguf", "llama")
    add_model(writer, len(tokens))
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("smollm")
    writer.add_token_list(tokens)
    writer.add_token_types(types)
    writer.add_token_merges(merges)
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_add_bos_token(False)
    writer.add_chat_template("{% for message in messages %}{{ message['content'] }}{% endfor %}")
    finish(writer)
    expected = {}
    for name in ["gpt-2", "smollm", "qwen2", "llama-bpe", "default"]:
        bos = 1 if name == "llama-bpe" else None
        expected[name] = cases(reference(name, tokens, merges, types, bos))
    lines = [f"{json.dumps(name)}: [\n{rows}\n]" for name, rows in expected.items()]
    (FOLDER / "tokenizers.json").write_text("{" + ",\n".join(lines) + "}\n")


def cases(tokenizer: Tokenizer) -> str:
    """A line [text, ids, text without special tokens] each."""
    rows = []
    for text in TEXTS:
        ids = tokenizer.encode(text).ids
        rows.append(json.dumps([text, ids, tokenizer.decode(ids, skip_special_tokens=True)]))
    return ",\n".join(rows)


def write_smollm2(path: str) -> None:
    fields = gguf.GGUFReader(path).fields
    parts = [fields[f"tokenizer.ggml.{key}"].contents() for key in ["tokens", "merges", "token_type"]]
    (FOLDER / "smollm2.json").write_text("[\n" + cases(reference("smollm", *parts, None)) + "\n]\n")


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    write_types()
    write_tokenizers()
    if len(sys.argv) > 1:
        write_smollm2(sys.argv[1])
