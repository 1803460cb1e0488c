"""A small sentence encoder as one of the guard's views, with the extra ``guard``: without it the others do alone.

``encoder.onnx`` holds the first layers of multilingual-e5-small (MIT licence, copyright 2023 Intfloat contributors;
``encoder.LICENSE``), fine-tuned on the labelled lines, in 8-bit integers, with 20,000 pieces of words left of 250,000;
``encoder.tokens.json.gz`` holds these pieces. ``experiments/crisis/encoder.py`` makes both.
"""

import gzip
import importlib
import importlib.util
from pathlib import Path
from typing import Any

import numpy as np

from signatures.loading import load_once

FILE = Path(__file__).with_name("encoder.onnx")
PIECES = Path(__file__).with_name("encoder.tokens.json.gz")
NEEDED = ("onnxruntime", "tokenizers")
"""Packages of the extra ``guard``."""
TOKENS = 96
"""Pieces of words that are read at most; a window of 400 characters has about as many."""


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

    def logit(self, letters: str) -> float:
        """The log odds that ``letters`` (``ngrams.letters_of``) are acute, as far as it can tell."""
        pieces = np.array([self._tokens.encode(letters).ids], dtype=np.int64)
        (found,) = self._session.run(None, {"ids": pieces})
        return float(found[0])


def is_installed() -> bool:
    """Whether the extra is, and the model is there: programs logged to MLflow go without its megabytes."""
    return FILE.exists() and all(importlib.util.find_spec(name) for name in NEEDED)


@load_once
def encoder() -> Encoder | None:
    """The encoder; None without the extra."""
    return Encoder() if is_installed() else None
