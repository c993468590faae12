"""Run a notebook as "Run all" would, and each exercise with its solution in place.

Run by test_solutions.py in a process of its own, since a chapter may set up JAX before it is used:

    python solutions.py NOTEBOOK

A solution sees what "Run all" up to its exercise defines, with the earlier stubs unsolved. With it in
place the check must say "Correct"; with the stub it must not, and must not raise.
"""

import contextlib
import io
import json
import os
import sys
from pathlib import Path

import notebook_lint as lint


def run_code(code: str, namespace: dict, name: str) -> str:
    """Run code as a cell would; returns what it printed."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(code, name, "exec"), namespace)
    return printed.getvalue()


def run_cell(cell: dict, namespace: dict, name: str) -> str:
    """Run a cell; one that is tagged so must raise, and which error it is is the lesson of the cell."""
    if "raises-exception" not in lint.tags(cell):
        return run_code(lint.source(cell), namespace, name)
    try:
        run_code(lint.source(cell), namespace, name)
    except Exception:
        return ""
    raise AssertionError(f"{name}: raised nothing")


def check_exercise(parts: list[dict], namespace: dict, name: str) -> None:
    """Put the solution in the place of the stub, and run the check."""
    stub, check, answer = parts
    run_cell(stub, namespace, name)
    run_code(lint.solution(answer), namespace, f"{name}, solution")
    printed = run_cell(check, namespace, f"{name}, check")
    assert says_correct(printed), f"{name}: with the solution in place the check says {printed!r}"


def says_correct(printed: str) -> bool:
    return any(line.startswith("Correct") for line in printed.splitlines())


def run_notebook(path: Path) -> int:
    """Run all cells up to the last exercise; the number of exercises."""
    notebook = json.loads(path.read_text(encoding="utf-8"))
    cells, found = notebook["cells"], {start: name for name, start in lint.exercises(notebook)}
    namespace = {"__name__": "__main__", "display": print}
    for i, cell in enumerate(cells[: max(found, default=-1) + 4]):
        if i in found:
            parts = lint.exercise_cells(notebook, i)
            check_exercise(parts, dict(namespace), f"{path.name}, {found[i]}")
        if cell["cell_type"] == "code" and "setup" not in lint.tags(cell):
            printed = run_cell(cell, namespace, f"{path.name}, cell {i + 1}")
            if "check" in lint.tags(cell):
                assert printed.strip(), f"cell {i + 1}: the check of the unsolved stub says nothing"
                assert not says_correct(printed), f"cell {i + 1}: the unsolved stub is {printed!r}"
    return len(found)


if __name__ == "__main__":
    os.environ["MPLBACKEND"] = "Agg"
    notebook_path = Path(sys.argv[1]).resolve()
    os.chdir(notebook_path.parent)
    import matplotlib.pyplot as plt

    plt.show = lambda *args, **kwargs: plt.close("all")
    print(run_notebook(notebook_path), "exercises")
