"""A small sentence encoder as one of the guard's views, with the extra ``guard``: without it the others do alone.

``encoder.onnx`` holds the first layers of multilingual-e5-small (MIT licence, copyright 2023 Intfloat contributors;
``encoder.LICENSE``), fine-tuned on the labelled lines, in 8-bit integers; ``encoder.npz`` the vectors of 50,000 pieces
of words (of 250,000) in 4 bits, as they were found; ``encoder.tokens.json.gz`` these pieces.
``experiments/crisis/encoder.py`` makes all three.
"""

import gzip
import importlib
import importlib.util
import unicodedata
from pathlib import Path
from typing import Any

import numpy as np
import regex
from numpy.typing import NDArray

from signatures.loading import load_once
from signatures.words import without_invisible

FILE = Path(__file__).with_name("encoder.onnx")
VECTORS = Path(__file__).with_name("encoder.npz")
PIECES = Path(__file__).with_name("encoder.tokens.json.gz")
NEEDED = ("onnxruntime", "tokenizers")
"""Packages of the extra ``guard``."""
TOKENS = 96
"""Pieces of words that are read at most; a window of 400 characters has about as many."""
PART = 32
"""Numbers of a vector that share a scale."""
_KEPT = regex.compile(r"[\w\p{M}'\u2019-]+|[\U0001f300-\U0001faff]")


def as_written(text: str) -> str:
    """``text`` in its own spelling, with accents and capitals, for languages that mean something by them.

    Punctuation is left out, as in ``ngrams.letters_of``: how a line ends must not tell what it is.
    """
    return " ".join(_KEPT.findall(without_invisible(unicodedata.normalize("NFKC", text))))


class Encoder:
    """Reads texts with onnxruntime, on one thread; safe to call from several at once."""

    def __init__(self, file: Path = FILE, vectors: Path = VECTORS, pieces: Path = PIECES) -> None:
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
        with np.load(vectors, allow_pickle=False) as content:
            self._bits, self._scales = content["bits"], content["scales"]

    def logit(self, words: str) -> float:
        """The log odds that ``words`` are acute, as far as it can tell.

        Args:
            words: of an English text as ``ngrams.letters_of`` gives them, of any other ``as_written``.
        """
        ids = self._tokens.encode(words).ids
        (found,) = self._session.run(None, {"vectors": unpack(self._bits[ids], self._scales[ids])[None]})
        return float(found[0])


def unpack(bits: NDArray[np.uint8], scales: NDArray[np.float16]) -> NDArray[np.float32]:
    """Vectors (pieces, width) from two numbers of 4 bits a byte (pieces, width / 2) and a scale for each ``PART``."""
    numbers = np.stack([bits & 15, bits >> 4], axis=-1).astype(np.float32) - 8
    parts = numbers.reshape(len(bits), -1, PART) * scales[..., None].astype(np.float32)
    return np.asarray(parts.reshape(len(bits), -1), dtype=np.float32)


def is_installed() -> bool:
    """Whether the extra is, and the model is there: programs logged to MLflow go without its megabytes."""
    return FILE.exists() and all(importlib.util.find_spec(name) for name in NEEDED)


@load_once
def encoder() -> Encoder | None:
    """The encoder; None without the extra."""
    return Encoder() if is_installed() else None
