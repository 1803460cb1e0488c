"""Similarity of queries: TF-IDF offline, a hosted embedding model, or sentence-transformers as in the paper.

Hosted and local models run behind ``dspy.Embedder``. Stored queries are embedded once a process, others once a query.
"""

import warnings
from collections.abc import Callable, Sequence
from functools import lru_cache
from importlib import import_module
from typing import Any, Protocol

import dspy
import numpy as np
from numpy.typing import NDArray

from signatures import RaiseError
from signatures.masking import masked
from signatures.words import WORD, split_words

Array = NDArray[np.float64]
TFIDF = "tfidf"
LOCAL = "sentence-transformers/"
"""Prefix of models that run on this machine; the paper's is ``sentence-transformers/all-MiniLM-L6-v2``."""
_CACHE_SIZE = 1024
"""Queries whose similarities are kept, since a conversation asks for the same ones at every turn."""


def is_hosted(embedder: str) -> bool:
    """Whether texts leave this machine to be embedded."""
    return embedder != TFIDF and not embedder.startswith(LOCAL)


class Similarity(Protocol):
    """Cosine similarity of a query to stored ones."""

    def __call__(self, query: str) -> Array:
        """One value for each stored query, in order."""
        ...


def similarity(embedder: str, stored: Sequence[str]) -> Similarity:
    """The similarity that ``embedder`` gives.

    Args:
        embedder: ``tfidf``, a model string for ``dspy.Embedder`` such as ``openai/text-embedding-3-small``, or
            ``sentence-transformers/NAME``.
        stored: queries to compare with.

    Raises:
        RaiseError: if the model cannot embed the stored queries.
    """
    plain = _tfidf(stored)
    if embedder == TFIDF or not stored:
        return plain
    embed = _embedder(embedder)
    try:
        rows = _unit(embed(list(stored)))
    except Exception as error:  # whatever a provider raises, the reader needs one sentence
        raise RaiseError(f"the embedder {embedder!r} failed on the stored queries: {error}") from error

    @lru_cache(_CACHE_SIZE)
    def dense(query: str) -> Array:
        try:
            return rows @ _unit(embed([query]))[0]  # type: ignore[no-any-return]
        except Exception as error:  # noqa: BLE001  a person is waiting: worse neighbours are better than no answer
            warnings.warn(f"the embedder {embedder!r} failed ({masked(str(error))}); TF-IDF stands in", stacklevel=2)
            return plain(query)

    return dense


def _tfidf(stored: Sequence[str]) -> Similarity:
    """Words and word pairs; zeros if no stored query has a telling word."""
    from sklearn.feature_extraction.text import TfidfVectorizer  # noqa: PLC0415  takes a second to load

    vectorizer = TfidfVectorizer(
        ngram_range=(1, 2), sublinear_tf=True, stop_words="english", tokenizer=_tokens, token_pattern=None
    )
    try:
        matrix: Any = vectorizer.fit_transform(stored)
    except ValueError:
        return lambda query: np.zeros(len(stored))

    @lru_cache(_CACHE_SIZE)
    def sparse(query: str) -> Array:
        return (matrix @ vectorizer.transform([query]).T).toarray().ravel()  # type: ignore[no-any-return]

    return sparse


def _tokens(text: str) -> list[str]:
    """Words of two letters or more; single characters where a script does not part its words."""
    words = split_words(text)
    return [part for word in words for part in word.text.split("'") if len(part) > 1 or word.worth < WORD]


def _embedder(name: str) -> Callable[[list[str]], Any]:
    model: Any = name
    if name.startswith(LOCAL):
        try:  # an optional extra, and heavy: loaded only where it is asked for
            library = import_module("sentence_transformers")
        except ImportError as error:
            raise RaiseError(f"{name} needs the extra: pip install 'raise-penguin[embeddings]'.") from error
        model = library.SentenceTransformer(name.removeprefix(LOCAL)).encode
    embedder: Callable[[list[str]], Any] = dspy.Embedder(model, caching=False)  # its cache is a pickle on disk
    return embedder


def _unit(vectors: Any) -> Array:
    rows = np.asarray(vectors, dtype=np.float64)
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    scaled: Array = rows / np.where(lengths == 0, 1, lengths)
    return scaled
