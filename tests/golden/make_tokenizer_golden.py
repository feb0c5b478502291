"""Builds two tiny tokenizers and the ids that the reference package `tokenizers` gives for hostile texts.

Needs only `pip install tokenizers`; writes tests/golden/tokenizers/{bert,roberta}/tokenizer.json and
{bert,roberta}/expected.json, which src/text/tokenizer_golden_test.cc holds the C++ tokenizer against.
Truncation and padding are left switched on in the files, since real ones have them: they must be ignored.
"""

import json
from pathlib import Path

from tokenizers import (AddedToken, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors,
                        trainers)

OUTPUT = Path(__file__).parent / "tokenizers"

SENTENCES = [
    "The old lighthouse keeper wrote down every passing ship, its colours and its hour.",
    "Nobody had expected the second half of the film to be this funny, least of all its director.",
    "A dull, overlong and strangely cheerful story about three brothers who inherit a bakery.",
    "Shares of the company fell 4.5% on Tuesday, its spokesman said, after a weak third quarter.",
    "She couldn't believe it: they'd won, and he'll never hear the end of it!",
    "Prices rose to $1,250 per tonne in 2019; in 2020 they were back at $980.",
    "Is it good? It is good, it is very good, and unbelievably well acted.",
    "The quick brown fox jumps over the lazy dog while the keeper writes in his book.",
    "Le café était déjà fermé, mais la boulangère nous a donné du pain.",
    "Größe, Übermut und ein bißchen Glück.",
    "这部电影很好看,我们都很喜欢。",
    "Привет, мир! Это хорошая книга.",
]

# A text is a string, or [unit, count] for a unit written count times.
# (The reference also makes the overflowing pieces: of a long pair more than memory holds.)
TEXTS = [
    "",
    " ",
    " \t\r\n\u00a0\u3000 ",
    "good",
    "The keeper wrote a very good story.",
    "  leading and trailing   spaces  ",
    "It's the director's cut; they'd won, he'll write, I'm sure we've seen it!?",
    "UNBELIEVABLY Well ACTED",
    "这部电影很好看,我们都很喜欢。龍 𠀀",
    "日本語とEnglishと한국어",
    "Привет, мир! Это хорошая книга.",
    "שלום עולם \u202eabc\u202c مرحبا بالعالم",
    "हिन्दी ไทย ภาษา",
    "👩‍👩‍👧‍👦 family 👍🏽 flag 🇩🇪 ❤️",
    "cafe\u0301 café e\u0301\u0302\u0303\u0304 Z\u0351\u036b\u0343 ﬁ Ⅷ ½ ſ İ",
    "control \u0001\u0002\u0007\u0008\u001b[31m\u007f\u0085 end",
    "nul \u0000 byte\u0000",
    "\u0000",
    "replacement \ufffd bom \ufeff zero\u200bwidth\u200djoiner soft\u00adhyphen",
    "private \ue000 \U000f0000 noncharacter \ufffe \uffff \U0010ffff",
    "line\nbreak\r\nand\ttab\u2028separator\u2029paragraph",
    "[CLS] literal [SEP] special [MASK] tokens [PAD] [UNK]",
    "<s>literal</s> special <mask> tokens <pad> <unk> and<mask>stuck  <mask>  spaced",
    "[sep][SEP][SEP] <S></s></s>[MASK][MASK][MASK]",
    "[NEW] token [new] <new> <NEW>beyond the vocabulary<new>",
    "##good ##ing Ġgood ▁good",
    "$1,250 4.5% 2019/2020 -3e-7 ٣٤٥ ①②",
    "...!!!???---___***\"\"''``",
    "http://example.org/a?b=c&d=%20#e foo@bar.example C:\\temp\\n",
    "\\u0041 \\n <br/> &amp; {\"json\": [1, 2]}",
    ["x", 99],
    ["x", 100],
    ["x", 101],
    ["supercalifragilistic", 12],
    ["!", 90],
    ["good ", 400],
    ["The keeper writes. ", 70],
    ["很", 300],
    ["👍", 100],
    ["[MASK]<mask>", 20],
    [" ", 150],
    ["e\u0301", 150],
]

# Indices of TEXTS.
PAIRS = [(0, 0), (0, 4), (4, 0), (1, 1), (4, 6), (6, 4), (3, 35), (35, 3), (35, 36), (36, 35), (8, 13), (13, 8),
         (21, 22), (22, 21), (24, 16), (11, 14), (33, 34), (39, 35), (35, 39), (39, 39), (17, 40), (30, 32)]
MAX_LENGTHS = [2, 3, 4, 8, 9, 17, 40, 100000]


def wordpiece_vocabulary(normalizer, pre_tokenizer):
    """Every character, the sentences' short words and some affixes. (WordPieceTrainer is not deterministic.)"""
    words = {word for sentence in SENTENCES
             for word, _ in pre_tokenizer.pre_tokenize_str(normalizer.normalize_str(sentence))}
    characters = sorted(set("".join(words)) | set("abcdefghijklmnopqrstuvwxyz0123456789"))
    affixes = ["un", "over", "##ly", "##ed", "##ing", "##er", "##able", "##ers", "##believ"]
    tokens = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *characters, *("##" + c for c in characters),
              *affixes, *sorted(word for word in words if len(word) <= 7)]
    return {token: id for id, token in enumerate(dict.fromkeys(tokens))}


def bert():
    normalizer, pre_tokenizer = normalizers.BertNormalizer(lowercase=True), pre_tokenizers.BertPreTokenizer()
    tokenizer = Tokenizer(models.WordPiece(wordpiece_vocabulary(normalizer, pre_tokenizer), unk_token="[UNK]",
                                           max_input_chars_per_word=100))
    tokenizer.normalizer = normalizer
    tokenizer.pre_tokenizer = pre_tokenizer
    tokenizer.add_special_tokens(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"])
    cls, sep = tokenizer.token_to_id("[CLS]"), tokenizer.token_to_id("[SEP]")
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[("[CLS]", cls), ("[SEP]", sep)])
    tokenizer.decoder = decoders.WordPiece()
    tokenizer.add_tokens([AddedToken("[NEW]"), AddedToken("<new>", normalized=True)])
    tokenizer.enable_truncation(max_length=6)
    tokenizer.enable_padding(length=12, pad_id=0, pad_token="[PAD]")
    return tokenizer


def roberta():
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.train_from_iterator(SENTENCES, trainers.BpeTrainer(
        vocab_size=500, special_tokens=["<s>", "<pad>", "</s>", "<unk>"], show_progress=False,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet()))
    tokenizer.add_special_tokens([AddedToken("<mask>", lstrip=True)])
    tokenizer.post_processor = processors.RobertaProcessing(
        ("</s>", tokenizer.token_to_id("</s>")), ("<s>", tokenizer.token_to_id("<s>")),
        trim_offsets=True, add_prefix_space=False)
    tokenizer.enable_truncation(max_length=7)
    tokenizer.enable_padding(length=12, pad_id=1, pad_token="<pad>")
    return tokenizer


def expand(text):
    return text if isinstance(text, str) else text[0] * text[1]


def expected_texts(tokenizer):
    for text in TEXTS:
        ids = tokenizer.encode(expand(text), add_special_tokens=False).ids
        if len(ids) > 300:
            continue
        yield {"text": text, "words": ids, "decoded": tokenizer.decode(ids, skip_special_tokens=False),
               "decoded_without_special": tokenizer.decode(ids, skip_special_tokens=True)}


def expected_encodings(tokenizer):
    inputs = [(text, None) for text in TEXTS] + [(TEXTS[a], TEXTS[b]) for a, b in PAIRS]
    for text_a, text_b in inputs:
        pair = text_b is not None
        arguments = [expand(text) for text in (text_a, text_b) if text is not None]
        added = tokenizer.num_special_tokens_to_add(pair)
        tokenizer.no_truncation()
        whole = len(tokenizer.encode(*arguments).ids)
        for max_length in MAX_LENGTHS:
            previous = max((length for length in MAX_LENGTHS if length < max_length), default=0)
            if max_length < added or previous >= whole or (max_length > 40 and whole > 300):
                continue
            tokenizer.enable_truncation(max_length=max_length, strategy="longest_first")
            encoding = tokenizer.encode(*arguments)
            yield {"text_a": text_a, "text_b": text_b, "max_length": max_length, "ids": encoding.ids,
                   "type_ids": encoding.type_ids, "truncated": whole - len(encoding.ids)}


def write(name, tokenizer):
    folder = OUTPUT / name
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(folder / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    vocabulary = tokenizer.get_vocab()
    special = sorted(id for id, token in tokenizer.get_added_tokens_decoder().items() if token.special)
    head = {"vocab_size": max(vocabulary.values()) + 1, "special": special,
            "tokens": {token: vocabulary[token] for token in sorted(vocabulary)[::25]}}
    with open(folder / "expected.json", "w", encoding="ascii") as file:
        file.write(json.dumps(head)[:-1])
        for key, rows in (("texts", expected_texts(tokenizer)), ("encodings", expected_encodings(tokenizer))):
            lines = ",\n".join(json.dumps(row, separators=(",", ":")) for row in rows)
            file.write(f',\n"{key}": [\n{lines}\n]')
        file.write("}\n")


if __name__ == "__main__":
    write("bert", bert())
    write("roberta", roberta())
