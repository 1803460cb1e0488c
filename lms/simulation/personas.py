"""Personas: the traits that tell one stand-in from another, read from ``personas.toml``."""

import tomllib
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Persona:
    """Traits of one stand-in; ``personas.toml`` explains them. Chances are in [0, 1]."""

    name: str
    caution: float = 0.5
    help: float = 0.4
    validate: float = 0.6
    encourage: float = 0.5
    steps: float = 0.6
    use: float = 0.7
    risk: float = 0.5
    crisis: float = 0.3
    capacity: int = 5
    acuity: float = 0.7
    enough_gain: float = 5.0
    enough_bias: float = 0.0
    noise: float = 0.5
    learns: float = 0.7
    comfort: int = 3000
    misread: float = 0.0


def _load() -> dict[str, Persona]:
    with Path(__file__).with_name("personas.toml").open("rb") as file:
        return {name: Persona(name, **traits) for name, traits in tomllib.load(file).items()}


PERSONAS: dict[str, Persona] = _load()
"""Persona by name; the model string is ``sim/<name>``."""
