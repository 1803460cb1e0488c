"""The HTTP application: OpenAI's chat API over the members of an offer, probes, counts, and a page to chat on."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, StreamingResponse
from starlette.exceptions import HTTPException

from lms import LanguageModels
from serving.door import Admitted, Observed, error_response
from serving.limits import Limits, read_body
from serving.members import Member
from serving.metrics import CONTENT_TYPE, Metrics
from serving.page import add_page
from serving.preferred import preferred_language
from serving.responses import ResponseRequest
from serving.tracing import Count, NoTraces, Traces
from serving.turns import Turns
from serving.wire import WAITING, ApiError, ChatRequest, Reply, parse_request

PATIENCE = 10.0
"""Seconds after which a stream begins although its answer is not there, and between signs of life from then on. Before
that a failure still has a status of its own."""
CHAT, RESPONSES = "/v1/chat/completions", "/v1/responses"
Asked = ChatRequest | ResponseRequest
STREAM = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}


def make_app(
    members: Sequence[Member],
    models: LanguageModels,
    *,
    key: str | None = None,
    limits: Limits | None = None,
    traces: Callable[[Count], Traces] | None = None,
) -> FastAPI:
    """The application.

    Args:
        members: programs by id; the first is the default.
        models: the target answers.
        key: what clients must send; without one only names of this machine are answered to.
        traces: makes what becomes of the turns, given what counts them; without it nothing is traced.
    """
    metrics = Metrics()
    kept = traces(metrics.count_traces) if traces else NoTraces()
    turns = Turns(members, models, limits or Limits(), metrics, kept)

    @asynccontextmanager
    async def life(app: FastAPI) -> AsyncIterator[None]:
        yield
        await asyncio.to_thread(kept.close)

    # FastAPI's own pages load scripts from elsewhere
    app = FastAPI(title="RAISE", docs_url=None, redoc_url=None, lifespan=life)
    app.add_middleware(Admitted, key=key)
    app.add_middleware(Observed, metrics=metrics)
    for kind in (ApiError, HTTPException, RequestValidationError):
        app.add_exception_handler(kind, _told)
    _add_chat(app, turns)
    _add_models(app, turns)
    _add_probes(app, turns)
    add_page(app)
    _describe(app)
    return app


async def _told(request: Request, error: Exception) -> Response:
    """An error of ours, or one of the router's, as a JSON error."""
    if isinstance(error, ApiError):
        return error_response(error)
    if not isinstance(error, HTTPException):
        return error_response(ApiError(400, "a parameter of the address is not what it should be.", "invalid_request"))
    code = "not_found" if error.status_code == HTTPStatus.NOT_FOUND else "invalid_request"
    response = error_response(ApiError(error.status_code, f"{HTTPStatus(error.status_code).phrase}.", code))
    response.headers.update(error.headers or {})
    return response


def _add_chat(app: FastAPI, turns: Turns) -> None:
    @app.post(CHAT, response_model=None)
    async def complete(request: Request) -> Response:
        """The next message of a conversation: a question, or the answer."""
        return await _answer(request, turns, parse_request(ChatRequest, await read_body(request, turns.limits)))

    @app.post(RESPONSES, response_model=None)
    async def respond(request: Request) -> Response:
        """The same, in the form of the Responses API."""
        return await _answer(request, turns, parse_request(ResponseRequest, await read_body(request, turns.limits)))


async def _answer(request: Request, turns: Turns, asked: Asked) -> Response:
    """The reply, whole or as a stream."""
    making = asyncio.ensure_future(_noted(request, turns, turns.member(asked.model), asked))
    if not asked.stream:
        return JSONResponse(asked.body(await making))
    await asyncio.wait({making}, timeout=PATIENCE)
    if making.done():
        making.result()  # an error is told with its status
    return StreamingResponse(_stream(making, asked), media_type="text/event-stream", headers=STREAM)


async def _noted(request: Request, turns: Turns, member: Member, asked: Asked) -> Reply:
    """The reply, with what may be told of it in the note for the log."""
    note = request.state.note
    note["model"] = member.id
    try:
        preferred = preferred_language(request.headers.get("accept-language", ""))
        reply = await turns.take(member, asked.history(), preferred, note["request_id"])
    except ApiError as error:
        note["code"] = error.code
        if error.__cause__ is not None:
            note["cause"] = type(error.__cause__).__name__
        raise
    note |= reply.noted()
    return reply


async def _stream(making: asyncio.Future[Reply], asked: Asked) -> AsyncIterator[bytes]:
    """The events of a reply; whoever hangs up ends its making."""
    try:
        while not (await asyncio.wait({making}, timeout=PATIENCE))[0]:
            yield WAITING
        for chunk in asked.events(making.result()):
            yield chunk
    except ApiError as error:
        yield asked.failure(error)
    finally:
        making.cancel()


def _add_models(app: FastAPI, turns: Turns) -> None:
    made = 0  # programs have no date of their own

    def described(member: Member, *, told: bool) -> dict[str, Any]:
        body = {"id": member.id, "object": "model", "created": made, "owned_by": "raise"}
        return {**body, "x_raise": member.described()} if told else body

    @app.get("/v1/models")
    async def models(x_raise: bool = False) -> dict[str, Any]:
        """The models there are, the default first."""
        return {"object": "list", "data": [described(member, told=x_raise) for member in turns.members.values()]}

    @app.get("/v1/models/{name}")
    async def model(name: str, x_raise: bool = False) -> dict[str, Any]:
        """One model."""
        return described(turns.member(name), told=x_raise)


def _add_probes(app: FastAPI, turns: Turns) -> None:
    @app.get("/health")
    async def health() -> dict[str, str]:
        """Whether the process is alive."""
        return {"status": "ok"}

    @app.get("/ready")
    async def ready() -> JSONResponse:
        """Whether there is room for another turn."""
        free = turns.places.free
        return JSONResponse({"status": "ready" if free else "busy"}, 200 if free else 503)

    @app.get("/metrics", response_model=None)
    async def metrics() -> Response:
        """Counts for Prometheus."""
        return Response(turns.metrics.text(), media_type=CONTENT_TYPE)


def _describe(app: FastAPI) -> None:
    """Add to the description of the API what is read by hand: the bodies of requests."""
    described = app.openapi()
    schemas = described.setdefault("components", {}).setdefault("schemas", {})
    for path, kind in ((CHAT, ChatRequest), (RESPONSES, ResponseRequest)):
        schema = kind.model_json_schema(ref_template="#/components/schemas/{model}")
        schemas.update({**schema.pop("$defs", {}), kind.__name__: schema})
        reference = {"schema": {"$ref": f"#/components/schemas/{kind.__name__}"}}
        described["paths"][path]["post"]["requestBody"] = {"required": True, "content": {"application/json": reference}}
