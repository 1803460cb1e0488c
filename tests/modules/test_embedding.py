"""Similar queries by TF-IDF, by a hosted embedding model over HTTP, and what happens when that fails."""

import sys
from collections.abc import Iterator

import numpy as np
import pytest

from modules import RAISE, AgentSettings, PathIndex, PlannedPath
from modules.embedding import similarity
from signatures import RaiseError
from tests.servers.embeddings_server import EmbeddingsServer

STORED = ["how do I sleep better at night", "should I quit my job", "is my rash dangerous"]
PATHS = [
    PlannedPath(query=query, path=("age",), value=3.0 + i / 10, evaluations=15, origin=f"o{i}")
    for i, query in enumerate(STORED)
]
MODEL = "openai/words"


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[EmbeddingsServer]:
    """A hosted embedding model, on loopback."""
    with EmbeddingsServer() as running:
        monkeypatch.setenv("OPENAI_API_KEY", "none")
        monkeypatch.setenv("OPENAI_API_BASE", running.url)
        yield running


@pytest.mark.parametrize("query", ["quit job", "should I leave my job now"])
def test_tfidf_finds_shared_words(query: str) -> None:
    assert int(np.argmax(similarity("tfidf", STORED)(query))) == 1


def test_tfidf_of_words_that_say_nothing_is_zero() -> None:
    assert list(similarity("tfidf", ["the", "and"])("the")) == [0, 0]


def test_a_hosted_model_is_asked_once_for_the_stored_and_once_for_each_query(server: EmbeddingsServer) -> None:
    index = PathIndex(PATHS).with_embedder(MODEL)
    for _ in range(3):
        [nearest] = index.nearest("should I quit my course", 1)
        assert nearest.query == STORED[1]
    assert server.requests == [STORED, ["should I quit my course"]]


def test_similarities_are_cosines(server: EmbeddingsServer) -> None:
    same, *others = similarity(MODEL, STORED)(STORED[0])
    assert same == pytest.approx(1)
    assert all(-1 <= other < 1 for other in others)


def test_the_leak_guard_holds_for_every_embedder(server: EmbeddingsServer) -> None:
    for embedder in ("tfidf", MODEL):
        found = PathIndex(PATHS, embedder).nearest(STORED[1], 3, excluding="o1")
        assert {path.origin for path in found} == {"o0", "o2"}


def test_when_the_model_fails_in_a_conversation_tfidf_stands_in(server: EmbeddingsServer) -> None:
    index = PathIndex(PATHS, MODEL)
    index.nearest(STORED[0], 1)
    server.broken = True
    with pytest.warns(UserWarning, match="TF-IDF stands in"):
        [nearest] = index.nearest("is a rash bad", 1)
    assert nearest.query == STORED[2]


def test_when_the_model_fails_at_the_start_one_sentence_says_so(server: EmbeddingsServer) -> None:
    server.broken = True
    with pytest.raises(RaiseError, match="openai/words-broken"):
        PathIndex(PATHS, f"{MODEL}-broken").nearest("anything", 1)


def test_without_the_extra_the_local_model_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sentence_transformers", None)
    with pytest.raises(RaiseError, match=r"raise-penguin\[embeddings\]"):
        PathIndex(PATHS, "sentence-transformers/all-MiniLM-L6-v2").nearest("anything", 1)


def test_a_program_uses_the_embedder_of_its_settings_also_after_loading(tmp_path: object) -> None:
    program = RAISE(PathIndex(PATHS), AgentSettings(embedder=MODEL))
    assert program.paths.embedder == MODEL
    program.save(f"{tmp_path}/p")
    assert RAISE.load(f"{tmp_path}/p", hosted_embedder=True).paths.embedder == MODEL
