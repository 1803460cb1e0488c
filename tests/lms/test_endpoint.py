"""Bodies of OpenAI-compatible servers in the standard form: nothing said is lost, and what is in that form stays."""

import json

import pytest
from dspy.lm15 import Config, Message, Request
from hypothesis import given
from hypothesis import strategies as st

from lms.endpoint import MOST, Endpoint, proxy_for, standard_form
from tests.servers.openai_server import OpenAIServer

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**31), 2**31) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
WORDS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=50)
GOOD = {"choices": [{"message": {"content": "fine"}}]}


@given(st.binary(max_size=50) | JSON.map(lambda content: json.dumps(content).encode()))
def test_a_good_reply_and_what_is_no_object_are_left_as_they_are(body: bytes) -> None:
    result = standard_form(200, body)
    assert result == body or b"choices" in body


@given(st.integers(400, 599), JSON)
def test_every_error_object_has_a_message_afterwards(status: int, content: object) -> None:
    result = standard_form(status, json.dumps(content).encode())
    if isinstance(content, dict):
        message = json.loads(result)["error"]["message"]
        assert isinstance(message, str)
        assert len(message) <= MOST or result == json.dumps(content).encode()


@given(
    WORDS,
    st.sampled_from(
        [
            lambda words: {"error": words},
            lambda words: {"message": words},
            lambda words: {"detail": words},
            lambda words: {"detail": [{"loc": ["body"], "msg": words}]},
            lambda words: {"error": {"detail": {"reason": words}}},
            lambda words: {"object": "error", "message": words, "code": 400},
            lambda words: {"error": {"message": words}},
        ]
    ),
)
def test_the_server_s_words_are_kept(words: str, shape: object) -> None:
    content = shape(words)  # type: ignore[operator]
    assert json.loads(standard_form(400, json.dumps(content).encode()))["error"]["message"] == words


@pytest.mark.parametrize("error", [{"message": "late"}, "late", {}])
def test_an_error_beside_a_reply_is_dropped(error: object) -> None:
    assert json.loads(standard_form(200, json.dumps({**GOOD, "error": error}).encode())) == GOOD


@pytest.mark.parametrize("choices", [None, [], [None], [{"message": {"content": None}}], "x"])
def test_an_error_without_a_reply_is_kept(choices: object) -> None:
    body = json.dumps({"choices": choices, "error": {"message": "down"}}).encode()
    assert standard_form(200, body) == body


@pytest.mark.parametrize(
    ("proxies", "url", "expected"),
    [
        ({}, "http://127.0.0.1:8000/v1", None),
        ({"http_proxy": "http://proxy:3128"}, "http://models.example/v1", "http://proxy:3128"),
        ({"http_proxy": "http://proxy:3128"}, "https://models.example/v1", None),
        ({"all_proxy": "http://proxy:3128"}, "https://models.example/v1", "http://proxy:3128"),
        ({"http_proxy": "http://proxy:3128", "no_proxy": "models.example"}, "http://models.example:8000/v1", None),
    ],
)
def test_the_proxy_of_the_environment_is_used(
    monkeypatch: pytest.MonkeyPatch, proxies: dict[str, str], url: str, expected: str | None
) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    for name, value in proxies.items():
        monkeypatch.setenv(name, value)
    assert proxy_for(url) == expected


def test_requests_go_through_the_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server on loopback stands for the proxy; the endpoint's name cannot be resolved."""
    with OpenAIServer() as server:
        monkeypatch.setenv("http_proxy", server.url.removesuffix("/v1"))
        monkeypatch.setenv("no_proxy", "")
        endpoint = Endpoint("openai/some-model", "http://models.invalid/v1", "none", 10.0)
        request = Request(model="openai/some-model", messages=(Message.user("hello"),), config=Config())
        endpoint.complete(request)
        assert server.count == 1
