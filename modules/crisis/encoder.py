"""A small sentence encoder as one of the guard's views, with the extra ``guard``: without it the others do alone.

``encoder.onnx`` holds the first six layers of multilingual-e5-small (MIT licence, copyright 2023 Intfloat contributors)
in 8-bit integers, with 20,000 pieces of words left of 250,000; ``encoder.tokens.json.gz`` holds these pieces, and
``head.npz`` what each of the 384 numbers that the encoder makes of a text weighs. ``experiments/crisis/encoder.py``
makes the first two, ``python -m experiments.crisis --fit`` the head.
"""

import gzip
import importlib
import importlib.util
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from signatures.loading import load_once

FILE = Path(__file__).with_name("encoder.onnx")
PIECES = Path(__file__).with_name("encoder.tokens.json.gz")
HEAD = Path(__file__).with_name("head.npz")
NEEDED = ("onnxruntime", "tokenizers")
"""Packages of the extra ``guard``."""
TOKENS = 96
"""Pieces of words that are read at most; a window of 400 characters has about as many."""

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Head:
    """What each number of a vector weighs; logistic regression, for all languages together."""

    weight: Floats
    bias: float

    def score(self, vector: Floats) -> float:
        """The logit of a text."""
        return self.bias + float(vector @ self.weight)


class Encoder:
    """Reads texts with onnxruntime, on one thread; safe to call from several at once."""

    def __init__(self, file: Path = FILE, pieces: Path = PIECES) -> None:
        onnxruntime, tokenizers = (importlib.import_module(name) for name in NEEDED)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3
        self._session: Any = onnxruntime.InferenceSession(
            file.read_bytes(), options, providers=["CPUExecutionProvider"]
        )
        self._tokens: Any = tokenizers.Tokenizer.from_str(gzip.decompress(pieces.read_bytes()).decode())
        self._tokens.no_padding()
        self._tokens.enable_truncation(TOKENS)

    def vector(self, letters: str) -> Floats:
        """The mean over the pieces of ``letters`` (``ngrams.letters_of``): 384 numbers, without a unit."""
        pieces = np.array([self._tokens.encode(letters).ids], dtype=np.int64)
        (found,) = self._session.run(None, {"ids": pieces})
        return np.asarray(found[0], dtype=np.float32)


def is_installed() -> bool:
    """Whether the extra is, and the model is there: programs logged to MLflow go without its 19 MB."""
    return FILE.exists() and all(importlib.util.find_spec(name) for name in NEEDED)


@load_once
def encoder() -> Encoder | None:
    """The encoder; None without the extra."""
    return Encoder() if is_installed() else None


@load_once
def load_head(file: Path = HEAD) -> Head:
    """The head in ``file``."""
    with np.load(file, allow_pickle=False) as content:
        return Head(content["weight"].astype(np.float32), float(content["bias"]))


def save_head(head: Head, file: Path = HEAD) -> None:
    """Write what ``load_head`` reads."""
    np.savez_compressed(file, allow_pickle=False, weight=head.weight.astype(np.float32), bias=np.float64(head.bias))
