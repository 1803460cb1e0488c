"""A local endpoint for embeddings, OpenAI's way: the vector of a text counts its words."""

import json
import zlib
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from types import TracebackType
from typing import Self

DIMENSIONS = 64


class EmbeddingsServer:
    """Serves on loopback while the context lasts; ``requests`` has the texts of each request."""

    def __init__(self) -> None:
        self.requests: list[list[str]] = []
        self.broken = False
        owner = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                texts = body["input"] if isinstance(body["input"], list) else [body["input"]]
                owner.requests.append(texts)
                data = [{"object": "embedding", "index": i, "embedding": counts(t)} for i, t in enumerate(texts)]
                usage = {"prompt_tokens": 1, "total_tokens": 1}
                reply = {"object": "list", "data": data, "model": body["model"], "usage": usage}
                raw = json.dumps(reply).encode()
                self.send_response(400 if owner.broken else 200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(raw)))
                self.end_headers()
                self.wfile.write(raw)

            def log_message(self, format: str, *args: object) -> None:
                """Tests keep their output clean."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/v1"

    def __enter__(self) -> Self:
        Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()


def counts(text: str) -> list[float]:
    """How often words fall into each of 64 buckets."""
    vector = [0.0] * DIMENSIONS
    for word in text.lower().split():
        vector[zlib.crc32(word.encode()) % DIMENSIONS] += 1
    return vector
