"""Personas: the traits that tell one stand-in from another, read from ``personas.toml``."""

from dataclasses import dataclass, fields, replace

from lms.simulation.tables import read_table


@dataclass(frozen=True)
class Persona:
    """Traits of one stand-in; ``personas.toml`` explains them. Chances are in [0, 1], ``latency`` is in seconds."""

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
    refuse: float = 0.0
    truncate: float = 0.0
    latency: float = 0.0
    volunteers: float = 0.0
    declines: float = 0.0
    contradicts: float = 0.0
    terse: float = 0.0
    vague: float = 0.0
    invent: float = 0.0
    miss: float = 0.0
    presume: float = 0.0


PERSONAS: dict[str, Persona] = {name: Persona(name, **traits) for name, traits in read_table("personas").items()}
"""Persona by name; the model string is ``sim/<name>``."""


def persona_named(text: str) -> Persona:
    """The persona of ``name`` or ``name?trait=number&...``, with those traits overridden.

    Raises:
        KeyError: if there is no such persona or trait.
        ValueError: if a value is not a number.
    """
    name, _, query = text.partition("?")
    persona = PERSONAS[name]
    known = {field.name for field in fields(Persona)} - {"name"}
    overrides: dict[str, float] = {}
    for pair in filter(None, query.split("&")):
        trait, _, value = pair.partition("=")
        if trait not in known:
            raise KeyError(trait)
        overrides[trait] = float(value)
    return replace(persona, **overrides)  # type: ignore[arg-type]
