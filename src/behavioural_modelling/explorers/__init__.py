"""Explorers: what a reader can try out on a page, without a kernel, computed by the package's own equations.

A cell that ends with one shows it, such as `explorers.one_update()`. They need the extra `course`, which
brings Bokeh; it is imported when an explorer is shown. `javascript` turns functions of JAX into functions of
a page.
"""

from . import controls, javascript, layers
from .confusion import confusion
from .designer import designer
from .explorer import Explorer, explorer
from .learner import learner
from .likelihood import likelihood
from .model_explorer import model_explorer
from .model_functions import model_functions
from .one_update import one_update
from .shrinkage import shrinkage
from .softmax import softmax

__all__ = [
    "Explorer",
    "confusion",
    "controls",
    "designer",
    "explorer",
    "javascript",
    "layers",
    "learner",
    "likelihood",
    "model_explorer",
    "model_functions",
    "one_update",
    "shrinkage",
    "softmax",
]
