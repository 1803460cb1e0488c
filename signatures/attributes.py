"""PENGUIN's ten attributes by name (paper, section 3), and reading an attribute out of a model's reply.

What works with any vocabulary goes by ``signatures.current_vocabulary``; these names are for what is about the
published ten: the authored set, the paper's figures, and posts.
"""

from collections.abc import Collection

from signatures.current import current_vocabulary
from signatures.vocabulary import Attribute, default_vocabulary

ATTRIBUTES: tuple[Attribute, ...] = default_vocabulary().attributes
"""In the order of the published columns."""
ATTRIBUTE_NAMES: tuple[str, ...] = default_vocabulary().names


def default_burdens() -> dict[str, float]:
    """Attribute name -> burden, as the vocabulary has it; of the ten all 1.0, the paper's uniform cost."""
    return current_vocabulary().burdens()


def parse_attribute(text: str, allowed: Collection[str]) -> str | None:
    """The attribute that a model's reply names, or None if it names none of ``allowed``.

    Case, spaces, quotes and hyphens do not matter. A longer reply counts when it names exactly one allowed attribute.
    """
    return current_vocabulary().parse(text, allowed)
