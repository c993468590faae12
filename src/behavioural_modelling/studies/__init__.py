r"""Studies of a model before it meets data: can its parameters be found, can it be told from others?

`recovery` simulates subjects whose parameters are known and fits them; `comparison` asks which of several
models made the choices, and how often that question is answered wrongly.
"""

from .comparison import Confusion, compare, confusion
from .recovery import Recovery, recovery

__all__ = ["Confusion", "Recovery", "compare", "confusion", "recovery"]
