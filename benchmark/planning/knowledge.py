"""Knowledge pooled by domain, and the file that carries it from one planning run to the next."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from modules import PlannedPath
from modules.files import parse_json, write_whole
from modules.offline import evidence
from modules.search import Knowledge
from signatures import RaiseError, current_vocabulary

SCHEMA = 1
KIND = "raise-domain-knowledge"
Pool = Mapping[str, Knowledge]
"""Domain -> what its planned queries taught. Never changed, only replaced."""


def pool_evidence(pool: Pool, paths: Iterable[PlannedPath]) -> Pool:
    """``pool`` with the evidence of ``paths``, added in their order."""
    result = dict(pool)
    for path in paths:
        result[path.domain] = result.get(path.domain, Knowledge(current_vocabulary().names)).learn(evidence(path))
    return result


class KnowledgeFile:
    """Pooled knowledge as JSON: what all runs taught, and where the last one of them began.

    A run that is repeated, or continued after its budget ended, thus begins where it began before and does not learn
    from itself.

    Args:
        file: need not exist yet.

    Raises:
        RaiseError: if it exists and is something else.
    """

    def __init__(self, file: Path) -> None:
        self.file = file
        self._run = ""
        self._before: Pool = {}
        self._pool: Pool = {}
        if file.exists():
            self._read()

    def _read(self) -> None:
        try:
            content = parse_json(self.file.read_text(encoding="utf-8"))
            if content["kind"] != KIND or content["schema"] != SCHEMA:
                raise ValueError(f"not of schema {SCHEMA}")
            self._run = str(content["run"])
            self._before, self._pool = _decode(content["before"]), _decode(content["domains"])
        except (OSError, ValueError, LookupError, TypeError, AttributeError, RaiseError) as error:
            reason = str(error) if isinstance(error, RaiseError) else type(error).__name__
            raise RaiseError(f"{self.file} is no file of pooled knowledge ({reason}): name another one.") from error

    def start(self, run: str) -> Pool:
        """Where the run of this fingerprint begins: with what other runs taught."""
        if run != self._run:
            self._run, self._before = run, self._pool
        return self._before

    def save(self, pool: Pool) -> None:
        """Write down what the started run arrived at."""
        self._pool = pool
        content = {
            "schema": SCHEMA,
            "kind": KIND,
            "run": self._run,
            "queries": {domain: knowledge.queries for domain, knowledge in sorted(pool.items())},
            "before": _encode(self._before),
            "domains": _encode(pool),
        }
        write_whole(self.file, json.dumps(content, ensure_ascii=False) + "\n")


def _encode(pool: Pool) -> dict[str, Any]:
    return {domain: json.loads(knowledge.to_json()) for domain, knowledge in sorted(pool.items())}


def _decode(content: Mapping[str, Any]) -> Pool:
    pool = {domain: Knowledge.from_json(json.dumps(entry)) for domain, entry in content.items()}
    if any(knowledge.attributes != current_vocabulary().names for knowledge in pool.values()):
        raise ValueError("other attributes")
    return pool
