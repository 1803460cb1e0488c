"""The page on which people read and rate conversations, served to this machine alone."""

from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Annotated, Any

import uvicorn
from fastapi import Depends, FastAPI, HTTPException, Request, Response
from pydantic import BaseModel, ConfigDict, Field, field_validator

from benchmark.evaluation.episode import Episode
from benchmark.evaluation.ratings import Ratings
from optimizers.view.page import policy_of, talk_of, write_view
from optimizers.view.source import Shown
from serving.door import header, is_own_name
from signatures import RaiseError, current_rubric

LONGEST_NAME = 60
"""Characters of a rater's name."""


class Given(BaseModel):
    """A rating as the page sends it."""

    model_config = ConfigDict(extra="forbid")
    rater: str = Field(min_length=1, max_length=LONGEST_NAME)
    scores: dict[str, int]

    @field_validator("scores")
    @classmethod
    def _as_the_rubric_has_it(cls, scores: dict[str, int]) -> dict[str, int]:
        rubric = current_rubric()
        if set(scores) != set(rubric.names):
            raise ValueError(f"give a score for each of {', '.join(rubric.names)}")
        if not all(1 <= score <= rubric.highest for score in scores.values()):
            raise ValueError(f"scores go from {rubric.levels}")
        return scores


def make_viewer(shown: Shown, ratings: Ratings) -> FastAPI:
    """The application.

    Args:
        shown: what is read.
        ratings: where ratings go.
    """
    page = write_view(shown, served=True)
    headers = {
        "Content-Security-Policy": f"{policy_of(page)}; frame-ancestors 'none'",
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cache-Control": "no-store",
    }
    app = FastAPI(title="RAISE: conversations", docs_url=None, redoc_url=None, openapi_url=None)

    @app.middleware("http")
    async def guard(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
        if why := _refusal(request):
            return Response(why, HTTPStatus.FORBIDDEN, media_type="text/plain")
        response = await call_next(request)
        response.headers.update(headers)
        return response

    def chosen(number: int) -> Episode:
        if not 0 <= number < len(shown.episodes):
            raise HTTPException(HTTPStatus.NOT_FOUND, "there is no such conversation: load the page anew.")
        return shown.episodes[number]

    @app.get("/")
    def show() -> Response:
        return Response(page, media_type="text/html; charset=utf-8")

    @app.get("/talks/{number}")
    def talk(number: int, episode: Annotated[Episode, Depends(chosen)]) -> dict[str, Any]:
        return {**talk_of(number, episode).model_dump(), "ratings": ratings.of(episode)}

    @app.post("/talks/{number}/ratings")
    def rate(given: Given, episode: Annotated[Episode, Depends(chosen)]) -> dict[str, Any]:
        try:
            return {"ratings": ratings.put(episode, given.rater, given.scores)}
        except RaiseError as error:
            raise HTTPException(HTTPStatus.CONFLICT, str(error)) from error

    return app


def _refusal(request: Request) -> str:
    """Why a request is refused: pages of other sites may neither read nor rate (DNS rebinding, forged requests)."""
    if not is_own_name(header(request.scope, "host")):
        return "this page is for this machine alone: ask for it as localhost."
    origin = header(request.scope, "origin")
    if origin and origin.partition("://")[2] != header(request.scope, "host"):
        return "ratings are taken from this page alone."
    return ""


def serve_viewer(app: FastAPI, host: str, port: int) -> None:
    """Serve until Ctrl-C or SIGTERM."""
    uvicorn.run(app, host=host, port=port, log_level="warning", access_log=False, server_header=False, ws="none")
