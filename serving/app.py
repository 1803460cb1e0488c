"""The HTTP application: OpenAI's chat API over the members of an offer, probes, counts, and a page to chat on."""

import asyncio
from collections.abc import AsyncIterator, Sequence
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
from serving.turns import Turns
from serving.wire import WAITING, ApiError, ChatRequest, Reply, event, parse_request

PATIENCE = 10.0
"""Seconds after which a stream begins although its answer is not there, and between signs of life from then on. Before
that a failure still has a status of its own."""
STREAM = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}


def make_app(
    members: Sequence[Member],
    models: LanguageModels,
    *,
    key: str | None = None,
    limits: Limits | None = None,
) -> FastAPI:
    """The application.

    Args:
        members: programs by id; the first is the default.
        models: the target answers.
        key: what clients must send; without one only names of this machine are answered to.
    """
    metrics = Metrics()
    turns = Turns(members, models, limits or Limits(), metrics)
    app = FastAPI(title="RAISE", docs_url=None, redoc_url=None)  # their pages load scripts from elsewhere
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
    @app.post("/v1/chat/completions", response_model=None)
    async def complete(request: Request) -> Response:
        """The next message of a conversation: a question, or the answer."""
        asked = parse_request(await read_body(request, turns.limits))
        member = turns.member(asked.model)
        making = asyncio.ensure_future(_noted(request, turns, member, asked))
        if not asked.stream:
            return JSONResponse((await making).completion(told=asked.x_raise))
        await asyncio.wait({making}, timeout=PATIENCE)
        if making.done():
            making.result()  # an error is told with its status
        return StreamingResponse(_stream(making, asked), media_type="text/event-stream", headers=STREAM)


async def _noted(request: Request, turns: Turns, member: Member, asked: ChatRequest) -> Reply:
    """The reply, with what may be told of it in the note for the log."""
    note = request.state.note
    note["model"] = member.id
    try:
        preferred = preferred_language(request.headers.get("accept-language", ""))
        reply = await turns.take(member, [message.model_dump() for message in asked.messages], preferred)
    except ApiError as error:
        note["code"] = error.code
        if error.__cause__ is not None:
            note["cause"] = type(error.__cause__).__name__
        raise
    told = reply.told()
    note |= {name: told[name] for name in ("move", "stop_reason", "crisis")}
    note |= {"questions": len(told["asked"]), "calls": reply.took.calls, **reply.took.usage()}
    return reply


async def _stream(making: asyncio.Future[Reply], asked: ChatRequest) -> AsyncIterator[bytes]:
    """The events of a reply; whoever hangs up ends its making."""
    try:
        while not (await asyncio.wait({making}, timeout=PATIENCE))[0]:
            yield WAITING
        for chunk in making.result().chunks(told=asked.x_raise, usage=asked.wants_usage):
            yield chunk
    except ApiError as error:
        yield event(error.body())
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
    """Add to the description of the API what is read by hand: the body of a chat."""
    described = app.openapi()
    schema = ChatRequest.model_json_schema(ref_template="#/components/schemas/{model}")
    parts = {**schema.pop("$defs", {}), "ChatRequest": schema}
    described.setdefault("components", {}).setdefault("schemas", {}).update(parts)
    reference = {"schema": {"$ref": "#/components/schemas/ChatRequest"}}
    chat = described["paths"]["/v1/chat/completions"]["post"]
    chat["requestBody"] = {"required": True, "content": {"application/json": reference}}
