"""What tests of serving share."""

from tests.modules.conftest import engine

__all__ = ["engine"]
