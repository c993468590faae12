"""The figures of the page "How this course is tested", counted anew at each build.

The directive `how-tested` shows a list of counts, or with the argument `chapters` a table with one row for
each chapter. Everything is counted in the files of the repository; run times are those that
`make execute` stored in `book/run_times.json`.
"""

import ast
import json
import textwrap
from pathlib import Path
from typing import NamedTuple

import nbformat
from docutils import nodes
from docutils.statemachine import StringList
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from behavioural_modelling import exercises
from behavioural_modelling.exercises import registry

ROOT = Path(__file__).resolve().parent.parent.parent
TIMES = ROOT / "book" / "run_times.json"
HEADER = (
    "| chapter | cells compared | cells that may differ | assertions | exercises | known mistakes | run |"
)


class Chapter(NamedTuple):
    """What is tested in one notebook."""

    name: str
    compared: int
    may_differ: int
    assertions: int
    exercises: int
    mistakes: int
    seconds: int | None
    cores: int | None


def chapter_of(path: Path, times: dict) -> Chapter:
    """Count in a notebook, and in the exercises of its chapter."""
    cells = [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]
    may_differ = sum("nbval-ignore-output" in cell.metadata.get("tags", []) for cell in cells)
    number = int(path.name[:2])
    of_it = exercises.of_chapter(number) if number in registry.chapters() else ()
    time = times.get(path.stem, {})
    return Chapter(
        path.name,
        len(cells) - may_differ,
        may_differ,
        sum(assertions_in(cell.source) for cell in cells),
        len(of_it),
        sum(len(exercise.mistakes) for exercise in of_it),
        time.get("seconds"),
        time.get("cores"),
    )


def assertions_in(source: str) -> int:
    """How many `assert` statements a cell has."""
    return sum(isinstance(node, ast.Assert) for node in ast.walk(ast.parse(source)))


def chapters() -> list[Chapter]:
    """All chapters, in order."""
    times = json.loads(TIMES.read_text(encoding="utf-8")) if TIMES.exists() else {}
    return [chapter_of(path, times) for path in sorted((ROOT / "book").glob("[0-9][0-9]-*.ipynb"))]


def test_functions() -> tuple[int, int]:
    """How many test functions there are, and in how many files."""
    counts = []
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        functions = (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))
        counts.append(sum(function.name.startswith("test_") for function in functions))
    return sum(counts), len(counts)


def counts_text(found: list[Chapter]) -> str:
    """The list of counts, in Markdown."""
    columns = list(zip(*found, strict=True))
    total = Chapter("", *(sum(column) for column in columns[1:6]), None, None)
    functions, files = test_functions()
    return textwrap.dedent(f"""\
        - {total.compared} cells of {len(found)} chapters are run again, and what they print is compared with
          what the page shows, letter by letter.
        - {total.may_differ} cells print what may differ between machines, such as times. They run as well.
        - {total.assertions} assertions in the chapters hold the text to its claims.
        - {total.exercises} exercises are solved by their references, and {total.mistakes} known mistakes are
          recognised and named.
        - {functions} test functions in {files} files test the package, the notebooks, the tools and the site.
          Many of them run for each model, page or message.
        """)


def run_time(chapter: Chapter) -> str:
    """The stored time of a chapter, or that there is none."""
    if chapter.seconds is None:
        return "not measured"
    return f"{chapter.seconds} s, {chapter.cores} cores"


def table_text(found: list[Chapter]) -> str:
    """The table of chapters, in Markdown."""
    rows = [HEADER, "|---" + "|--:" * 5 + "|---|"]
    for chapter in found:
        numbers = " | ".join(str(number) for number in chapter[1:6])
        rows.append(f"| [{chapter.name[:2].lstrip('0')}]({chapter.name}) | {numbers} | {run_time(chapter)} |")
    return "\n".join(rows)


class HowTested(SphinxDirective):
    """`how-tested`: the counts; `how-tested` with the argument `chapters`: the table."""

    optional_arguments = 1

    def run(self) -> list[nodes.Node]:
        texts = {(): counts_text, ("chapters",): table_text}
        wanted = tuple(self.arguments)
        if wanted not in texts:
            raise self.error(f"how-tested: expected nothing or 'chapters', got {' '.join(wanted)!r}")
        self.env.note_reread()  # the counts are of other files than the page
        container = nodes.container()
        lines = texts[wanted](chapters()).splitlines()
        self.state.nested_parse(StringList(lines, self.get_source_info()[0]), 0, container)
        return container.children


def setup(app: Sphinx) -> dict[str, bool]:
    app.add_directive("how-tested", HowTested)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
