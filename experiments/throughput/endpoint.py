"""An OpenAI-compatible endpoint that answers after a fixed time and takes as little of the machine as it can.

Run by ``experiments.throughput`` as a process of its own; it ends when its stdin is closed.
"""

import asyncio
import hashlib
import json
import sys
from pathlib import Path
from typing import Any

import orjson


def key_of(messages: list[dict[str, Any]]) -> str:
    """What a reply is found by: the words of a request."""
    return hashlib.sha256("\0".join(str(message["content"]) for message in messages).encode()).hexdigest()


def packet(text: str) -> bytes:
    """A whole HTTP response whose completion says ``text``."""
    body = orjson.dumps(
        {
            "id": "chatcmpl-1",
            "object": "chat.completion",
            "created": 0,
            "model": "gpt-4o-mini",
            "choices": [{"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}],
            "usage": {"prompt_tokens": 400, "completion_tokens": 60, "total_tokens": 460},
        }
    )
    return b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(body) + body


class Connection(asyncio.Protocol):
    """One connection, with one request at a time."""

    def __init__(self, replies: dict[str, bytes], other: bytes, latency: float) -> None:
        self._replies, self._other, self._latency = replies, other, latency
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer once the request is whole."""
        self._received += data
        head, found, body = self._received.partition(b"\r\n\r\n")
        if not found:
            return
        length = next(int(line[15:]) for line in head.split(b"\r\n") if line[:15].lower() == b"content-length:")
        if len(body) < length:
            return
        self._received = b""
        reply = self._replies.get(key_of(orjson.loads(body)["messages"]), self._other)
        asyncio.get_running_loop().call_later(self._latency, self._send, reply)

    def _send(self, reply: bytes) -> None:
        if not self._transport.is_closing():
            self._transport.write(reply)


async def serve(replies: dict[str, str], latency: float) -> None:
    """Serve until stdin is closed; the port is printed."""
    packets = {key: packet(text) for key, text in replies.items()}
    other = packet("[[ ## answer ## ]]\nfine\n\n[[ ## completed ## ]]")  # of a plain question
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Connection(packets, other, latency), "127.0.0.1", 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    async with server:
        await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(serve(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")), float(sys.argv[2])))
