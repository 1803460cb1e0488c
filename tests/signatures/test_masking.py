"""No secret survives masking, and nothing else is lost."""

from urllib.parse import quote

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from signatures import RaiseError
from signatures.masking import holds_secret, masked, masked_errors

SECRETS = st.text(st.characters(min_codepoint=33, max_codepoint=0x2FF, exclude_characters="*"), min_size=6)
KEY_NAMES = ["key", "api_key", "api-key", "access_token", "password", "sig", "code", "subscription-key"]
AROUND = st.text("abc .,:'\"()[]@\n", max_size=12)


@given(st.sampled_from(["http", "https", "postgresql+psycopg2", "mysql", "redis"]), SECRETS, SECRETS, AROUND, AROUND)
def test_no_password_of_a_url_survives(scheme: str, user: str, password: str, before: str, after: str) -> None:
    user, password = quote(user, safe=""), quote(password, safe="!$&()*+,;=:@" if scheme == "http" else "")
    for name in (f"{user}:{password}", f":{password}", password):
        text, shown = (f"{before} {scheme}://{part}@host.example:5432/db?x=1 {after}" for part in (name, "***"))
        assume(password not in shown)  # the same characters may stand elsewhere, as no secret
        assert password not in masked(text)
        assert "@host.example:5432/db?x=1" in masked(text)
        assert masked(masked(text)) == masked(text)


@given(st.sampled_from(KEY_NAMES), SECRETS)
def test_no_key_in_a_query_survives(name: str, secret: str) -> None:
    secret = quote(secret, safe="")
    assume(secret not in f"POST http://host/v1?api-version=2024-02-01&{name}=***#top failed")
    text = masked(f"POST http://host/v1?api-version=2024-02-01&{name}={secret}#top failed")
    assert secret not in text
    assert "http://host/v1?api-version=2024-02-01&" in text
    assert text.endswith("failed")


@given(SECRETS, AROUND)
def test_what_is_known_to_be_secret_goes_wherever_it_stands(secret: str, around: str) -> None:
    assert secret not in masked(f"{around}{secret}{around}{secret}", [secret])


@pytest.mark.parametrize(
    "text",
    [
        "Incorrect API key provided: sk-proj-abcDEF123456. You can find your API key at https://host/keys.",
        "Incorrect API key provided: sk-proj-********************wxyz",
        "invalid x-api-key: 9f86d081884c7d65",
        "Authorization: Bearer abc.def-123456 was refused",
        "Authorization: Basic dXNlcjpwYXNz was refused",
        "token hf_abcdefGHIJ0123456789 has expired",
        "API_KEY='AIzaSyA1234567890abcdefg' is disabled",
        "failed to connect to user:sla-sh@127.0.0.1:80: name not known",
        "could not connect: host=db password=correct-horse dbname=x",
        "postgresql://user:12345/x@host/db",
        "http://user:sla/sh@host/v1",
    ],
)
def test_keys_are_known_by_their_form_or_their_place(text: str) -> None:
    parts = [
        "abcDEF123456",
        "wxyz",
        "9f86d081",
        "def-123456",
        "dXNlcjpw",
        "GHIJ0123",
        "AIzaSy",
        "t-horse",
        "12345/",
        "sla",
    ]
    shown = masked(text)
    assert "***" in shown
    assert not [part for part in parts if part in shown]


@pytest.mark.parametrize(
    "text",
    [
        "cannot read the scenario file a@b/c:d.jsonl: no such file.",
        "the model answered 404 at http://127.0.0.1:8000/v1 (max_tokens: 2048)",
        "see https://host/docs/page@v2 and mail me@host.example",
        "http://localhost:8000/models/a@v1",
        "sqlite:////home/me/mlruns/studies.db",
        "unexpected token: line 1 column 5",
        "no key for 'openai/gpt-4o': set OPENAI_API_KEY in the environment or in .env.",
        "hf_hub_download failed; basic authentication is needed; sk-learn",
        "https://h.example/openai?deployment=a&api-version=1",
    ],
)
def test_what_is_no_secret_is_left_alone(text: str) -> None:
    assert masked(text) == text


def test_keys_of_the_environment_are_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_GATEWAY_API_KEY", "plain words only")
    monkeypatch.setenv("MONKEY", "bananas and nuts")
    assert masked("plain words only, bananas and nuts") == "***, bananas and nuts"


def test_a_sentence_for_the_user_is_masked() -> None:
    assert str(RaiseError("cannot open mysql://me:hunter2@host/db.")) == "cannot open mysql://***@host/db."


def fail_with_secrets() -> None:
    try:
        raise KeyError("no zanzibar here")
    except KeyError as error:
        raise ValueError("zanzibar is wrong", 7) from error


def test_errors_and_their_causes_are_masked() -> None:
    with pytest.raises(ValueError, match=r"\*\*\*") as raised, masked_errors(["zanzibar"]):
        fail_with_secrets()
    assert raised.value.args == ("*** is wrong", 7)
    assert raised.value.__cause__ is not None
    assert raised.value.__cause__.args == ("no *** here",)


def test_a_url_that_holds_a_secret_is_told_from_one_that_does_not() -> None:
    assert holds_secret("http://me:pw@host/v1")
    assert holds_secret("http://token@host/v1")
    assert holds_secret("http://host/v1?key=abc")
    assert not holds_secret("http://host:8000/v1?api-version=2024-02-01")
