"""Run a notebook as "Run all" would, and each exercise with its solution in place.

Run by test_solutions.py in a process of its own, since a chapter may set up JAX before it is used:

    python solutions.py NOTEBOOK

A solution sees what a reader has who ran the imports and the last cell tagged `behind`, and nothing else;
the values of that cell must be those of the chapter. Without such a cell it sees what "Run all" up to its
exercise defines. The earlier stubs stay unsolved. With the solution in place the check must say "Correct";
with the stub it must not, and must not raise. Cells that no exercise needs are left out: nbval runs those.
A name that is missed stops the run with a NameError.
"""

import ast
import builtins
import contextlib
import io
import json
import os
import symtable
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


def names(code: str) -> tuple[set[str], set[str], set[str]]:
    """The names that code binds for other cells, those that it may change beside, and those that it uses."""
    table = symtable.symtable(code, "cell", "exec")
    bound = {name.get_name() for name in table.get_symbols() if name.is_assigned() or name.is_imported()}
    changed = set()
    for node in ast.walk(ast.parse(code)):
        # What is written into, and what a method is called of for its own sake, as of a list to append to.
        writes = isinstance(node, (ast.Subscript, ast.Attribute)) and not isinstance(node.ctx, ast.Load)
        if writes or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)):
            inner = node if writes else node.value.func
            while isinstance(inner, (ast.Subscript, ast.Attribute, ast.Call)):
                inner = inner.func if isinstance(inner, ast.Call) else inner.value
            changed |= {inner.id} if isinstance(inner, ast.Name) else set()
    return bound, changed - set(dir(builtins)), used_globals(table)


def used_globals(table: symtable.SymbolTable) -> set[str]:
    """The names of the module that are looked up, at any depth."""
    used = {
        name.get_name()
        for name in table.get_symbols()
        if name.is_referenced() and (table.get_type() == "module" or name.is_global())
    }
    return used.union(*map(used_globals, table.get_children()))


def is_plain(cell: dict) -> bool:
    """Whether a cell of code is Python: the one that may install the package is IPython's."""
    return "setup" not in lint.tags(cell)


def needed(notebook: dict) -> set[int]:
    """The cells that the exercises need: their own, those that make what these use, imports and settings."""
    cells, keep, wanted = notebook["cells"], set(), set()
    sources = "\n".join(lint.source(cell) for _, cell in lint.code_cells(notebook) if is_plain(cell))
    modules = {
        name.get_name() for name in symtable.symtable(sources, "", "exec").get_symbols() if name.is_imported()
    }
    end = max((start for _, start in lint.exercises(notebook)), default=-5) + 5
    for i, cell in reversed(list(enumerate(cells[:end]))):
        is_code = cell["cell_type"] == "code" and is_plain(cell)
        code = lint.source(cell) if is_code else lint.solution(cell)
        bound, changed, used = names(code)
        imports = is_code and any(
            isinstance(node, (ast.Import, ast.ImportFrom)) for node in ast.parse(code).body
        )
        settings = any(word in code for word in ("config", "environ"))
        part = not is_code or {"exercise", "check"} & {*lint.tags(cell)}
        behind = "behind" in lint.tags(cell)
        if code and (imports or settings or part or behind or (bound | changed) & wanted - modules):
            keep.add(i)
            # A name that is bound anew here, without its old value, may have been anything before.
            wanted = (wanted - (set() if part or behind else bound - used)) | used
            # What a latecomer's cell binds, the chapter must bind as well: the two are compared.
            wanted |= bound if behind else set()
    return keep


def come_late(cell: dict, imports: str, namespace: dict, name: str) -> dict:
    """What a reader has who ran the imports and this cell; its values must be those of the chapter."""
    late = {"__name__": "__main__", "display": print}
    run_code(imports, late, f"{name}, imports")
    before = set(late)
    run_cell(cell, late, name)
    for word in (set(late) - before) & set(namespace):
        if word != "_" and is_value(late[word]):
            assert is_value(namespace[word]), f"{name}: {word} is a value only here"
            assert same(late[word], namespace[word]), f"{name}: {word} differs from that of the chapter"
    return late


def is_value(thing: object) -> bool:
    """Whether something is a number, an array, or a nest of such: what can be compared."""
    import jax

    leaves = jax.tree.leaves(thing)
    return bool(leaves) and all(
        isinstance(leaf, (bool, int, float, str)) or hasattr(leaf, "dtype") for leaf in leaves
    )


def same(one: object, other: object) -> bool:
    """Whether two nests hold the same: strings and keys exactly, numbers but for rounding."""
    import jax

    def pair(a, b):
        if isinstance(a, str) or jax.numpy.issubdtype(getattr(a, "dtype", float), jax.dtypes.prng_key):
            return bool(jax.numpy.all(a == b)) if not isinstance(a, str) else a == b
        return jax.numpy.shape(a) == jax.numpy.shape(b) and bool(
            jax.numpy.allclose(a, b, rtol=1e-4, atol=1e-5, equal_nan=True)
        )

    same_form = jax.tree.structure(one) == jax.tree.structure(other)
    return same_form and all(map(pair, jax.tree.leaves(one), jax.tree.leaves(other)))


def run_notebook(path: Path) -> int:
    """Run the cells that the exercises need; the number of exercises."""
    notebook = json.loads(path.read_text(encoding="utf-8"))
    cells, found = notebook["cells"], {start: name for name, start in lint.exercises(notebook)}
    imports = lint.source(lint.code_cells(notebook)[1][1])
    namespace, keep = {"__name__": "__main__", "display": print}, needed(notebook)
    late = namespace
    for i, cell in enumerate(cells[: max(found, default=-1) + 4]):
        name, tags = f"{path.name}, cell {i + 1}", lint.tags(cell)
        if i in found:
            parts = lint.exercise_cells(notebook, i)
            check_exercise(parts, dict(late), f"{path.name}, {found[i]}")
        if "behind" in tags:
            late = come_late(cell, imports, namespace, name)
        elif cell["cell_type"] == "code" and i in keep:
            part = {"exercise", "check"} & {*tags}
            printed = run_cell(cell, late if part else namespace, name)
            if "check" in tags:
                assert printed.strip(), f"{name}: the check of the unsolved stub says nothing"
                assert not says_correct(printed), f"{name}: the unsolved stub is {printed!r}"
    return len(found)


if __name__ == "__main__":
    os.environ["MPLBACKEND"] = "Agg"
    notebook_path = Path(sys.argv[1]).resolve()
    os.chdir(notebook_path.parent)
    import matplotlib.pyplot as plt

    plt.show = lambda *args, **kwargs: plt.close("all")
    print(run_notebook(notebook_path), "exercises")
