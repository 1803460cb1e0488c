"""Secrets out of text: passwords and keys in URLs, and keys that a server repeats in its errors."""

import os
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

MASK = "***"
SHORTEST = 4
"""Characters of the shortest secret that is looked for by its value; a shorter one would garble every sentence."""
_URL = re.compile(r"\b([a-z][a-z0-9+.-]*)://([^\s\"'<>`]+)", re.IGNORECASE)
_PORT = re.compile(r"[^:]*:\d{0,5}")
_NAMES = r"[\w.-]*(?:key|token|secret|passw|pwd|sig|auth|credential)[\w.-]*|code|pw|pass"
_BARE = re.compile(r"(?<![\w:.])[\w.%~+-]+:[^\s/@:]+@(?=[\w.\[])")  # "failed to connect to user:password@host:80"
_QUERY = re.compile(rf"(?<=[?&;])({_NAMES})=([^&;#\s\"'<>`]*)", re.IGNORECASE)
_NAMED = re.compile(  # "Incorrect API key provided: k3y", "password=...", "x-api-key: ..."
    r"(\b(?:api|access|secret|private|subscription)[ _-]?(?:key|token)\b[^:=\n]{0,20}[:=]\s*|\bpass(?:word|wd)?=)"
    r"[\"']?(?!\*\*\*)[^\s\"',;]{4,}",
    re.IGNORECASE,
)
_TOKEN = re.compile(
    r"(?<![A-Za-z0-9])(?:sk-|(?:(?:pk|rk|gsk|xai|nvapi|hf|r8|gh[opsu]|glpat)[-_]|AIza|AKIA|eyJ)(?=[\w.*-]*[\d*]))"
    r"[\w.*-]{8,}"
)
_SCHEME = re.compile(r"\b((?i:Bearer|Basic))\s+(?=\S*(?:[\d=*]|[a-z][A-Z]))[\w.~+/=*-]{8,}")
_KEY_VARIABLE = re.compile(r"(?:^|_)(?:KEY|TOKEN|SECRET|PASSWORD|CREDENTIALS)$")
_VALUE_AT_LEAST = 8
"""Characters of an environment variable's value that is taken for a secret: shorter ones are switches."""


def masked(text: str, secrets: Iterable[str] = ()) -> str:
    """``text`` with ``***`` for everything in it that looks like a secret; masking twice changes nothing more.

    Masked are user names and passwords of URLs, values of query parameters named like keys, what has the form of a
    provider's key, and the values of environment variables named like keys (``..._API_KEY``).

    Args:
        secrets: further values that must not be shown, whatever they look like.
    """
    own = (value for name, value in os.environ.items() if _KEY_VARIABLE.search(name) and len(value) >= _VALUE_AT_LEAST)
    for secret in sorted({*own, *secrets}, key=len, reverse=True):
        if len(secret) >= SHORTEST:
            text = text.replace(secret, MASK)
    text = _BARE.sub(f"{MASK}@", _URL.sub(_without_userinfo, text))
    text = _QUERY.sub(rf"\1={MASK}", text)
    text = _SCHEME.sub(rf"\1 {MASK}", _TOKEN.sub(MASK, text))
    return _NAMED.sub(rf"\1{MASK}", text)


def _without_userinfo(url: re.Match[str]) -> str:
    scheme, rest = url[1], url[2]
    authority = re.split(r"[/?#]", rest, maxsplit=1)[0]
    if "@" in authority:
        rest = f"{MASK}@{rest[authority.rindex('@') + 1 :]}"
    elif ":" in authority and "@" in rest and not (scheme.lower().startswith("http") and _PORT.fullmatch(authority)):
        rest = f"{MASK}@{rest.rpartition('@')[2]}"  # a password with a slash in it, as SQLAlchemy takes it
    return f"{scheme}://{rest}"


def holds_secret(url: str) -> bool:
    """Whether there is a user name, a password or a key in ``url``."""
    return masked(url) != url


@contextmanager
def masked_errors(secrets: Iterable[str] = ()) -> Iterator[None]:
    """Errors that leave the block say what they said, without secrets; so do those that they come from.

    Args:
        secrets: as for ``masked``.
    """
    try:
        yield
    except Exception as error:
        for each in _chain(error):
            each.args = tuple(masked(arg, secrets) if isinstance(arg, str) else arg for arg in each.args)
            message = getattr(each, "message", None)  # some of LiteLLM's errors print this instead
            if isinstance(message, str):
                each.message = masked(message, secrets)  # type: ignore[attr-defined]
        raise


def _chain(error: BaseException) -> Iterator[BaseException]:
    """``error``, and what it came from."""
    seen: set[int] = set()
    following: BaseException | None = error
    while following is not None and id(following) not in seen:
        seen.add(id(following))
        yield following
        following = following.__cause__ or following.__context__
