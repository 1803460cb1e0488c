"""What every request passes on its way in: who may ask, and the note of what became of it."""

import hmac
import re
import time
import uuid
from collections.abc import MutableMapping
from ipaddress import ip_address
from typing import Any

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serving import logs
from serving.metrics import Metrics
from serving.page import FILES, TEXTS
from serving.wire import ApiError

REQUEST_ID = "x-request-id"
OPEN = frozenset({"/health", "/ready", TEXTS, *FILES})
"""Paths that need no key: probes, and the page that asks for it."""
_ID = re.compile(r"[\w.:-]{1,128}", re.ASCII)


def error_response(error: ApiError) -> JSONResponse:
    """An error as clients of OpenAI's API expect it."""
    return JSONResponse(error.body(), error.status, error.headers())


def header(scope: Scope, name: str) -> str:
    """The first value of a request's header; empty if there is none."""
    wanted = name.encode()
    return next((value.decode("latin-1") for key, value in scope["headers"] if key == wanted), "")


class Observed:
    """Gives each request an id, and logs and counts what became of it. A mistake of ours is a 500 with a JSON error."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app, self._metrics = app, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, status = time.perf_counter(), 0
        given = header(scope, REQUEST_ID)
        name = given if _ID.fullmatch(given) else uuid.uuid4().hex
        note: MutableMapping[str, Any] = {"request_id": name}
        scope.setdefault("state", {})["note"] = note

        async def noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], (REQUEST_ID.encode(), name.encode())]
            await send(message)

        try:
            await self._app(scope, receive, noted)
        except Exception as error:  # noqa: BLE001  the boundary: it is logged, and the server lives
            logs.requests.error("failed", exc_info=error, extra={"fields": dict(note)})
            if not status:
                fault = ApiError(500, f"this server made a mistake; its log has it under {name}.", "internal_error")
                await error_response(fault)(scope, receive, noted)
        finally:
            route = getattr(scope.get("route"), "path", "none")
            seconds = time.perf_counter() - began
            self._metrics.count_request(route, status, seconds)
            told = {"method": scope["method"], "route": route, "status": status, "seconds": round(seconds, 4)}
            logs.requests.info("request", extra={"fields": {**note, **told}})


class Admitted:
    """Lets those in that have the key; without one, those that ask this machine by its own names.

    The latter keeps out pages of other sites whose name was made to lead here (DNS rebinding).
    """

    def __init__(self, app: ASGIApp, key: str | None) -> None:
        self._app, self._key = app, key

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        refused = self._refusal(scope) if scope["type"] == "http" else None
        await (error_response(refused) if refused else self._app)(scope, receive, send)

    def _refusal(self, scope: Scope) -> ApiError | None:
        if self._key is None:
            if is_own_name(header(scope, "host")):
                return None
            return ApiError(403, "this server is for this machine alone: ask it as localhost.", "forbidden")
        if scope["path"] in OPEN:
            return None
        scheme, _, given = header(scope, "authorization").partition(" ")
        if scheme.lower() == "bearer" and hmac.compare_digest(given.strip().encode(), self._key.encode()):
            return None
        return ApiError(401, "the API key is missing or wrong: send Authorization: Bearer KEY.", "invalid_api_key")


def is_own_name(host: str) -> bool:
    """Whether a Host header names this machine from within."""
    name = host.rpartition(":")[0] if re.search(r":\d*$", host) else host
    name = name.strip("[]").lower()
    try:
        return name == "localhost" or ip_address(name).is_loopback
    except ValueError:
        return False
