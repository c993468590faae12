"""The notebooks keep the rules of tests/notebook_lint.py."""

import copy
import json
import re
import sys
from pathlib import Path

import notebook_lint as lint
import pytest
import solutions

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "scripts"))
from execute_notebooks import readme_figure  # noqa: E402
from set_repository import UNKNOWN, repository_url  # noqa: E402
from setup_cell import setup_cell  # noqa: E402

NOTEBOOKS = sorted((ROOT / "book").glob("*.ipynb"))
URL = repository_url()

each_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
each_rule = pytest.mark.parametrize("rule", lint.RULES, ids=lambda rule: rule.__name__)


def read(path: Path) -> dict:
    return json.loads(path.read_text(encoding="utf-8"))


def test_there_are_notebooks():
    assert NOTEBOOKS


@each_rule
@each_notebook
def test_notebook_keeps_the_rule(path, rule):
    problems = list(rule(read(path), URL))
    assert not problems, "\n".join([path.name, *problems])


@each_notebook
def test_chapters_have_exercises_numbered_in_order(path):
    chapter = int(path.stem[:2])
    names = [name for name, _ in lint.exercises(read(path))]
    assert names == [f"{chapter}.{i}" for i in range(1, len(names) + 1)]
    assert 2 <= len(names) <= 4 or chapter == 1


def test_the_figure_of_the_readme_is_that_of_a_chapter():
    figures = [figure for path in NOTEBOOKS if (figure := readme_figure(read(path)))]
    assert figures == [(ROOT / "book" / "_static" / "readme-figure.svg").read_text(encoding="utf-8")]


# The rules themselves: a good notebook passes all of them, and each finds what it is there for.


def markdown(text: str) -> dict:
    return {"cell_type": "markdown", "metadata": {}, "source": text}


def code(text: str, count: int, *tags: str, outputs: tuple = (), **metadata) -> dict:
    if tags:
        metadata["tags"] = list(tags)
    return {
        "cell_type": "code",
        "execution_count": count,
        "metadata": metadata,
        "outputs": list(outputs),
        "source": text,
    }


PICTURE = {"image/svg+xml": "<svg></svg>", "image/png": "iVBO", "text/plain": "<Figure>"}
FIGURE = {"output_type": "display_data", "data": PICTURE}
NO_SVG = {"output_type": "display_data", "data": {"image/png": "iVBO", "text/plain": "<Figure>"}}
CAPTION = {"caption": "A line that rises from 1 to 2."}
ALT = {"alt": "A line that rises."}
ERROR = {"output_type": "error", "ename": "ValueError", "evalue": "no", "traceback": ["no"]}
GOOD = {
    "metadata": {},
    "cells": [
        markdown("# A title\n\nA rule, $V$, in `{braces}` and {words}."),
        code(setup_cell(None if URL == UNKNOWN else URL).strip(), 1, "setup", "nbval-ignore-output"),
        markdown("The imports."),
        code("import matplotlib.pyplot as plt", 2),
        markdown("A figure."),
        code(
            "plt.plot([1, 2])\nplt.show()",
            3,
            outputs=(FIGURE,),
            mystnb={"figure": CAPTION, "image": ALT},
        ),
        markdown("An error."),
        code("raise ValueError('no')", 4, "raises-exception", outputs=(ERROR,)),
        markdown("## Exercises\n\n**Behind?** Run the setup, then this cell."),
        code("TWO = 2", 5, "behind"),
        markdown("### Exercise 9.1: Two\n\nReturn 2."),
        code("def two():\n    ...", 6, "exercise"),
        code('check("9.1", two)', 7, "check"),
        markdown(
            "<details><summary>Solution</summary>\n\n```python\ndef two():\n    return TWO\n```\n\n</details>"
        ),
        code("progress(9)", 8, "progress"),
        markdown("An explorer."),
        code("explorers.one_update()", 9, "explorer", "nbval-ignore-output"),
    ],
}
LONG = "\n".join(f"x{i} = {i}" for i in range(21))
STDERR = {"output_type": "stream", "name": "stderr", "text": "a warning"}
PATH = {"output_type": "stream", "name": "stdout", "text": "in /home/ada/course"}
COLAB = "[Colab](https://colab.research.google.com/github/someone/else/blob/main/book/x.ipynb)"
# The rule that must complain, the cell to change (counted from 0), and what is changed in it.
BAD = {
    "no title": (lint.begins_with_a_title, 0, {"source": "No title"}),
    "second title": (lint.begins_with_a_title, 2, {"source": "# Again"}),
    "number in title": (lint.begins_with_a_title, 0, {"source": "# 3 Selecting"}),
    "pinned setup": (lint.begins_with_setup_and_imports, 1, {"source": "%pip install jax==0.5"}),
    "untagged setup": (lint.begins_with_setup_and_imports, 1, {"metadata": {}}),
    "no imports": (lint.begins_with_setup_and_imports, 3, {"source": "x = 1"}),
    "unknown tag": (lint.tags_are_known, 3, {"metadata": {"tags": ["remove-cell"]}}),
    "no alt text": (lint.figures_have_alt_text, 5, {"metadata": {}}),
    "no plt.show": (lint.figures_have_alt_text, 5, {"source": "plt.plot([1, 2])"}),
    "no caption": (lint.figures_have_captions, 5, {"metadata": {"mystnb": {"image": ALT}}}),
    "short caption": (
        lint.figures_have_captions,
        5,
        {"metadata": {"mystnb": {"figure": {"caption": "A rising line."}, "image": ALT}}},
    ),
    "no vector": (lint.figures_are_vectors, 5, {"outputs": [NO_SVG]}),
    "image without alt": (lint.figures_have_alt_text, 2, {"source": "![](figure.png)"}),
    "img without alt": (lint.figures_have_alt_text, 2, {"source": '<img src="figure.png">'}),
    "directive": (lint.markdown_is_plain, 2, {"source": "```{note}\nLook.\n```"}),
    "colon fence": (lint.markdown_is_plain, 2, {"source": ":::{note}\nLook.\n:::"}),
    "role": (lint.markdown_is_plain, 2, {"source": "As {cite:p}`sutton2018` says."}),
    "target": (lint.markdown_is_plain, 2, {"source": "(a-label)=\n## A heading"}),
    "download": (lint.code_stays_offline, 3, {"source": "import urllib.request"}),
    "address in code": (lint.code_stays_offline, 3, {"source": "x = 'https://example.org'"}),
    "install": (lint.code_stays_offline, 3, {"source": "%pip install optax"}),
    "magic": (lint.code_is_plain_python, 3, {"source": "%timeit 1 + 1"}),
    "other repository": (lint.addresses_agree, 2, {"source": COLAB}),
    "not run": (lint.was_run_in_order, 3, {"execution_count": None}),
    "out of order": (lint.was_run_in_order, 3, {"execution_count": 7}),
    "times": (lint.was_run_in_order, 3, {"metadata": {"execution": {"iopub.status.busy": "?"}}}),
    "untagged error": (lint.outputs_are_clean, 7, {"metadata": {}}),
    "no error": (lint.outputs_are_clean, 7, {"outputs": []}),
    "warning": (lint.outputs_are_clean, 3, {"outputs": [STDERR]}),
    "machine path": (lint.outputs_are_clean, 3, {"outputs": [PATH]}),
    "long cell": (lint.code_cells_are_short, 3, {"source": LONG}),
    "no announcement": (lint.code_is_announced, 2, {"cell_type": "raw"}),
    "stub without dots": (lint.exercises_are_complete, 11, {"source": "def two():\n    return 2"}),
    "untagged stub": (lint.exercises_are_complete, 11, {"metadata": {}}),
    "untagged check": (lint.exercises_are_complete, 12, {"metadata": {}}),
    "no solution": (lint.exercises_are_complete, 13, {"source": "The solution is easy."}),
    "answer in a check": (lint.checks_hold_no_answer, 12, {"source": 'check("9.1", two, 2)'}),
    "keyword in a check": (lint.checks_hold_no_answer, 12, {"source": 'check("9.1", two, hint=two)'}),
    "no function in a check": (lint.checks_hold_no_answer, 12, {"source": 'check("9.1")'}),
    "check of another": (lint.checks_hold_no_answer, 12, {"source": 'check("9.2", two)'}),
    "more than a check": (lint.checks_hold_no_answer, 12, {"source": 'print(2)\ncheck("9.1", two)'}),
    "no progress": (lint.progress_is_told_at_the_end, 14, {"metadata": {}}),
    "progress of another": (lint.progress_is_told_at_the_end, 14, {"source": "progress(8)"}),
    "no way in": (lint.latecomers_can_go_on, 9, {"metadata": {}}),
    "nobody told": (lint.latecomers_can_go_on, 8, {"source": "## Exercises"}),
    "explorer compared": (lint.explorers_are_not_compared, 16, {"metadata": {"tags": ["explorer"]}}),
    "heading not matched": (lint.exercises_are_complete, 10, {"source": "## Exercise: two"}),
}


@each_rule
@pytest.mark.parametrize("url", [UNKNOWN, "https://github.com/ada/lab-course"])
def test_good_notebook_passes(rule, url):
    notebook = copy.deepcopy(GOOD)
    notebook["cells"][1]["source"] = setup_cell(None if url == UNKNOWN else url).strip()
    assert list(rule(notebook, url)) == []


def test_a_setup_cell_of_another_address_is_found():
    home = "https://github.com/ada/lab-course"
    assert list(lint.begins_with_setup_and_imports(GOOD, home if URL == UNKNOWN else UNKNOWN))


@pytest.mark.parametrize("name", BAD)
def test_rule_finds_the_bad_notebook(name):
    rule, index, change = BAD[name]
    notebook = copy.deepcopy(GOOD)
    notebook["cells"][index].update(change)
    assert list(rule(notebook, URL))


def test_every_rule_has_a_bad_notebook():
    assert {rule for rule, _, _ in BAD.values()} == set(lint.RULES)


def check_two(number, two):
    print("Correct." if two() == 2 else "two() should be 2")


def test_solution_that_is_wrong_is_found():
    parts = copy.deepcopy(lint.exercise_cells(GOOD, 10))
    namespace = {"check": check_two, "TWO": 2}
    solutions.check_exercise(parts, namespace, "the good one")
    parts[2]["source"] = re.sub("return TWO", "return 3", parts[2]["source"])
    with pytest.raises(AssertionError, match="should be 2"):
        solutions.check_exercise(parts, namespace, "the bad one")


@pytest.mark.parametrize("value, differs", [("2", False), ("3", True), ("[2, 2]", True), ("{'a': 2}", True)])
def test_a_latecomer_gets_the_values_of_the_chapter(value, differs):
    late = code(f"import math\n\nTWO = {value}", 1, "behind")
    namespace = {"TWO": 2, "three": 3}
    if differs:
        with pytest.raises(AssertionError, match="TWO differs"):
            solutions.come_late(late, "x = 1", namespace, "cell 10")
    else:
        got = solutions.come_late(late, "x = 1", namespace, "cell 10")
        assert (got["TWO"], got["x"], "three" in got) == (2, 1, False)
