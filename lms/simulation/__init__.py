"""Stand-in models: deterministic, offline, causal through text only. Never evidence about real models.

A stand-in sees the messages of one request and nothing else, and recognizes its role by the output fields asked for.
"""

from lms.simulation.engine import StandIn
from lms.simulation.personas import PERSONAS, Persona, persona_named

WORLD = 2
"""Version of the world that the stand-ins make up. Another number means: figures of before do not compare with today's.

1: the same background mattered for all questions. 2: the question decides what matters (``lms.simulation.topics``).
"""

__all__ = ["PERSONAS", "WORLD", "Persona", "StandIn", "persona_named"]
