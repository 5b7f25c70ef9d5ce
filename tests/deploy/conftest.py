"""The session's trained model."""

from tests.trained import trained

__all__ = ["trained"]
