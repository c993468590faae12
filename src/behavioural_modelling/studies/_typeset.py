"""Tables and paragraphs in Markdown and LaTeX, without the libraries that pandas would need for it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np

from . import _in_words

if TYPE_CHECKING:
    from pandas import DataFrame

__all__: list[str] = []

LATEX = {c: f"\\{c}" for c in "&%$#_{}"} | {
    "\\": "\\textbackslash{}",
    "~": "\\textasciitilde{}",
    "^": "\\textasciicircum{}",
    "<": "\\textless{}",
    ">": "\\textgreater{}",
    "|": "\\textbar{}",
}
"""Characters that mean something else to LaTeX."""

EXACTLY = {"r_hat": ".3f", "n_effective": ",.0f"}
"""How some columns are printed. A hundredth is all that r-hat may be off."""


def _columns(table: DataFrame) -> tuple[list[str], list[list[str]], list[bool]]:
    """Names, rows in words, and which columns are numbers."""
    table = table if table.index.name is None else table.reset_index()
    numeric = [bool(np.issubdtype(kind, np.number)) for kind in (table[c].to_numpy().dtype for c in table)]
    rows = [[_cell(name, x) for name, x in row.items()] for row in table.to_dict("records")]
    return [str(name) for name in table], rows, numeric


def _cell(column: Any, x: Any) -> str:
    """One entry in words; empty where there is no number."""
    if not isinstance(x, (int, float, np.number)) or isinstance(x, bool):
        return str(x)
    if np.isnan(float(x)):
        return ""
    if column in EXACTLY:
        return format(x, EXACTLY[column])
    # Log-probabilities of models differ in their last digits.
    large = abs(float(x)) >= 100 and float(x) != round(float(x))
    return f"{x:,.1f}" if large else _in_words.number(x)


def escaped(text: str) -> str:
    """Text that Markdown takes for text, also in a cell of a table. What is in back ticks is left."""
    parts = re.split(r"(`[^`]*`)", text)
    plain = [re.sub(r"([\\*_{}\[\]<>#$|])", r"\\\1", one) for one in parts[::2]]
    return "".join(x for pair in zip(plain, [*parts[1::2], ""], strict=True) for x in pair).replace("\n", " ")


def markdown(table: DataFrame) -> str:
    """A table with bars; numbers stand on the right."""
    names, rows, numeric = _columns(table)
    lines = [names, ["---:" if right else "---" for right in numeric]]
    lines[0] = [escaped(name) for name in names]
    lines += [[escaped(cell) for cell in row] for row in rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def latex(text: str) -> str:
    """A paragraph of Markdown in LaTeX: code and bold type are kept, all else is text."""
    parts = re.split(r"`([^`]*)`|\*\*([^*]*)\*\*", text)
    found = []
    for plain, code, bold in zip(parts[::3], [*parts[1::3], None], [*parts[2::3], None], strict=True):
        found += [_plain_latex(plain)]
        found += [f"\\texttt{{{_plain_latex(code)}}}"] if code else []
        found += [f"\\textbf{{{_plain_latex(bold)}}}"] if bold else []
    return "".join(found)


def _plain_latex(text: str) -> str:
    return "".join(LATEX.get(c, c) for c in text)


def latex_table(table: DataFrame) -> str:
    """A `tabular`."""
    names, rows, numeric = _columns(table)
    line = lambda cells: " & ".join(map(latex, cells)) + " \\\\"  # noqa: E731
    sides = "".join("r" if right else "l" for right in numeric)
    lines = [f"\\begin{{tabular}}{{{sides}}}", "\\hline", line(names), "\\hline"]
    return "\n".join([*lines, *map(line, rows), "\\hline", "\\end{tabular}"])
