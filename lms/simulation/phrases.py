"""The sentences stand-in responders are made of. Written for the stand-ins; nothing here reads a prompt."""

from collections.abc import Sequence

from lms.simulation.tables import read_table

_TABLE = read_table("phrases")
VALIDATE: Sequence[str] = _TABLE["validate"]
ENCOURAGE: Sequence[str] = _TABLE["encourage"]
CAUTION: Sequence[str] = _TABLE["caution"]
HELP: Sequence[str] = _TABLE["help"]
TRUSTED: Sequence[str] = _TABLE["trusted"]
CRISIS: Sequence[str] = _TABLE["crisis"]
STEPS: Sequence[str] = _TABLE["steps"]
BLUNT: Sequence[str] = _TABLE["blunt"]
RISK: Sequence[str] = _TABLE["risk"]
TOPIC: dict[str, Sequence[str]] = _TABLE["topic"]
USE: dict[str, Sequence[str]] = _TABLE["use"]
PRESUME: dict[str, Sequence[str]] = _TABLE["presume"]
MISSES: Sequence[str] = _TABLE["misses"]
QUESTIONS: dict[str, Sequence[str]] = _TABLE["questions"]
USE_OWN: Sequence[str] = _TABLE["own"]["use"]
ASK_OWN: Sequence[str] = _TABLE["own"]["ask"]
