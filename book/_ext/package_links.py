"""Names of the package in inline code, such as `bm.simulate`, lead to their entry in the reference.

Only the first mention on a page does: a text in which every other word is a link is hard to read, and each is
one more stop of the tab key. Names that the reference does not have stay as they are.
"""

import importlib.util
import inspect
import re

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.util.nodes import make_refnode

import behavioural_modelling

SHORT = {"bm", "behavioural_modelling"}
NAME = re.compile(r"([A-Za-z_]\w*(?:\.\w+)*)(?:\(.*\))?", re.DOTALL)
# Where no link is wanted: in a link, a heading, the API's own entries.
NOT_WITHIN = (nodes.reference, nodes.title, addnodes.desc, addnodes.pending_xref)


def entry_name(code: str, documented: dict) -> str | None:
    """The name under which the reference has what inline code names; None where it has no such thing.

    `bm.fit(...)` is looked up in the package; a bare name must have an underscore, so that it is no plain
    word, and be that of one function only.
    """
    found = NAME.fullmatch(code.strip())
    if not found:
        return None
    parts = found[1].split(".")
    if len(parts) == 1:
        same = [name for name in documented if name.split(".")[-1] == parts[0] and "_" in parts[0].strip("_")]
        functions = [name for name in same if documented[name].objtype == "function"]
        return functions[0] if len(same) == len(functions) == 1 else None
    return _home(parts[parts[0] in SHORT :])


def _home(parts: list[str]) -> str | None:
    """The whole name of an object of the package, at the module that defines it."""
    thing = behavioural_modelling
    for number, part in enumerate(parts, start=1):
        if not inspect.ismodule(thing):
            return None
        thing = getattr(thing, part, None) or _module(f"{thing.__name__}.{part}")
        if inspect.isclass(thing) or inspect.isroutine(thing):
            return ".".join([thing.__module__, thing.__qualname__, *parts[number:]])
    return thing.__name__ if inspect.ismodule(thing) else None


def _module(name: str):
    """A room of the package that is imported on its own, such as plotting."""
    return importlib.import_module(name) if importlib.util.find_spec(name) else None


def link_names(app: Sphinx, doctree: nodes.document, page: str) -> None:
    """Make the first mention of each name on a page a link."""
    objects, seen = app.env.get_domain("py").objects, set()
    for literal in list(doctree.findall(nodes.literal)):
        name = entry_name(literal.astext(), objects)
        entry = objects.get(name) if name not in seen else None
        if entry is None or entry.docname == page or _is_within(literal):
            continue
        seen.add(name)
        link = make_refnode(app.builder, page, entry.docname, entry.node_id, literal.deepcopy(), name)
        link["classes"].append("package-name")
        literal.replace_self(link)


def _is_within(node: nodes.Node) -> bool:
    while node := node.parent:
        if isinstance(node, NOT_WITHIN):
            return True
    return False


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect("doctree-resolved", link_names)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
