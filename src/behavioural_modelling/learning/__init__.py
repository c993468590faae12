"""Learning rules: how one outcome changes the values of the actions."""

from . import rescorla_wagner

__all__ = ["rescorla_wagner"]
