"""Stand-in models: deterministic, offline, causal through text only. Never evidence about real models.

A stand-in sees the messages of one request and nothing else, and recognizes its role by the output fields asked for.
"""

from lms.simulation.engine import StandIn
from lms.simulation.personas import PERSONAS, Persona, persona_named

__all__ = ["PERSONAS", "Persona", "StandIn", "persona_named"]
