r"""Tests for a model of your own: does it fit together, is it a probability, can it be found again?"""

from .model_check import Check, Finding, check_model

__all__ = ["Check", "Finding", "check_model"]
