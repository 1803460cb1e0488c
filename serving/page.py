"""The chat page: three files as they are, which load nothing from anywhere else and may run no other script.

Its texts in all languages come beside them.
"""

from pathlib import Path
from typing import Any

import orjson
from fastapi import FastAPI, Response

from modules.languages.detection import LANGUAGES
from modules.languages.texts import texts_in

FOLDER = Path(__file__).with_name("static")
TYPES = {"html": "text/html", "css": "text/css", "js": "text/javascript"}
FILES = {"/": "chat.html", "/chat.css": "chat.css", "/chat.js": "chat.js"}
"""Path -> file."""
TEXTS = "/texts.json"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}


def add_page(app: FastAPI) -> None:
    """Have ``app`` show the page at ``/``."""
    for path, name in FILES.items():
        _add(app, path, (FOLDER / name).read_bytes(), TYPES[name.rpartition(".")[2]])
    _add(app, TEXTS, orjson.dumps({code: _texts(code) for code in LANGUAGES}), "application/json")


def _texts(code: str) -> dict[str, Any]:
    """What the page says in one language."""
    texts = texts_in(code)
    return {"right_to_left": texts.right_to_left, "about": texts.about, **texts.page}


def _add(app: FastAPI, path: str, content: bytes, kind: str) -> None:
    @app.get(path, include_in_schema=False)
    async def file() -> Response:
        return Response(content, media_type=f"{kind}; charset=utf-8", headers=HEADERS)
