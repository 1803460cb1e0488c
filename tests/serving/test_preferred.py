"""Accept-Language decides the language where words do not tell, and nothing else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modules.crisis.guard import help_first
from modules.languages.detection import LANGUAGES
from serving.preferred import preferred_language
from tests.servers.raise_server import RaiseServer


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("es-MX,es;q=0.9,en;q=0.8", "es"),
        ("sv, de;q=0.5, fr;q=0.7", "fr"),
        ("PT-br", "pt"),
        ("zh-Hant-TW", "zh"),
        ("en;q=0, ar", "ar"),
        ("*", ""),
        ("sv", ""),
        ("", ""),
        ("es;q=nan, ;;;", ""),
    ],
)
def test_what_is_preferred_most_of_what_there_is(header: str, language: str) -> None:
    assert preferred_language(header) == language


@given(st.text(max_size=80))
def test_any_header_is_read(header: str) -> None:
    assert preferred_language(header) in {"", *LANGUAGES}


def test_it_counts_only_where_words_do_not_tell(raise_server: RaiseServer) -> None:
    def reply(words: str, header: str) -> str:
        body = {"messages": [{"role": "user", "content": words}], "x_raise": True}
        got = raise_server.client.post("/v1/chat/completions", json=body, headers={"Accept-Language": header}).json()
        assert got["x_raise"]["language"] in LANGUAGES
        return str(got["choices"][0]["message"]["content"])

    assert reply("quiero morir esta noche", "pl-PL") == help_first(language="es")
    assert reply("I want to kill myself tonight", "de-DE") == help_first()
    assert reply("je veux mourir ce soir", "fr-CA") == help_first(language="fr")  # no contacts of Canada
