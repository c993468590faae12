r"""Data: the trials that people played, the trace that a driver leaves, and the bundled data set."""

from .bundled import load_bandit
from .record import Trials
from .trace import Trace

__all__ = ["Trace", "Trials", "load_bandit"]
