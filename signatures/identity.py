"""Content ids: one short hash for everything that is found again by what it is, not by what it is called."""

import hashlib
import json


def content_id(*parts: object) -> str:
    """A short stable hash of ``parts``, which JSON can hold; the order of dict keys does not matter."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True, ensure_ascii=False).encode()).hexdigest()[:16]
