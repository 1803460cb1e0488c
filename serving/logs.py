"""The log of a server: one JSON object a line, without anything that anybody said."""

import logging
import sys
from datetime import UTC, datetime
from typing import Any, TextIO

import orjson

requests = logging.getLogger("serving.requests")
"""One record a request; its ``fields`` are what is told of it."""
OURS = ("serving", "uvicorn")
"""Loggers whose messages quote nothing; of others only where they come from is told, as theirs may."""


class JsonLines(logging.Formatter):
    """A record as one line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        """The line, without its end."""
        told: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
        }
        if record.name.partition(".")[0] in OURS:
            told["message"] = record.getMessage()
        else:
            told["place"] = f"{record.module}:{record.lineno}"
        told |= getattr(record, "fields", {})
        if record.exc_info and record.exc_info[0]:
            told["error"] = record.exc_info[0].__name__  # its message may quote what was said
        return orjson.dumps(told, default=str).decode()


def write_json_lines(stream: TextIO | None = None) -> None:
    """Have all records of this process written to ``stream`` (stderr) from now on: ours from INFO, others from WARNING.

    Loggers with handlers of their own, as after ``raise -v``, keep those.
    """
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonLines())
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.WARNING)
    for name in OURS:
        logging.getLogger(name).setLevel(logging.INFO)
