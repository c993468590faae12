"""The public surface: `__all__`, docstrings, doctests, and who imports whom."""

import ast
import doctest
import importlib
import inspect
import pkgutil
import re
import subprocess
import sys
from pathlib import Path

import pytest

import behavioural_modelling

PACKAGE = Path(behavioural_modelling.__file__).parent
REFERENCE = Path(__file__).resolve().parent.parent / "book" / "api"
NAMES = [name for _, name, _ in pkgutil.walk_packages([str(PACKAGE)], "behavioural_modelling.")]
MODULES = {name: importlib.import_module(name) for name in ["behavioural_modelling", *NAMES]}

# DESIGN.md's table, from the inside out; around it what every module may use or what uses every module, and
# before the three drivers what they have in common.
ROWS = [
    *("_types", "_checks", "_compute", "_dirichlet", "decision_rules", "utils", "learning", "planning"),
    *("models", "tasks", "trials"),
    *("_play", "_by_trial", "_shapes", "_levels", "_door", "_parameters", "_scoring", "_ready"),
    *("simulation", "likelihood", "replaying", "fitting", "posteriors", "studies", "plotting", "testing"),
    *("explorers", "exercises"),
]
ON_THEIR_OWN = {"versions"}


def public_objects():
    """Every public function and class, where it is defined."""
    return [
        pytest.param(thing, id=f"{module_name}.{name}".removeprefix("behavioural_modelling."))
        for module_name, module in MODULES.items()
        for name, thing in vars(module).items()
        if name in module.__all__ and getattr(thing, "__module__", None) == module_name
    ]


def public_functions():
    return [p for p in public_objects() if inspect.isfunction(p.values[0])]


def public_classes():
    return [p for p in public_objects() if inspect.isclass(p.values[0])]


each_module = pytest.mark.parametrize("module", MODULES.values(), ids=MODULES)


def test_the_tables_are_not_empty():
    assert len(MODULES) >= 10 and len(public_functions()) >= 18 and len(public_classes()) >= 4


@each_module
def test_every_module_says_what_is_public(module):
    assert isinstance(module.__all__, list)
    assert module.__all__ == sorted(set(module.__all__))
    assert all(hasattr(module, name) for name in module.__all__)
    assert module.__doc__, "the module has no docstring"


@each_module
def test_nothing_public_is_left_out(module):
    if any(part.startswith("_") for part in module.__name__.split(".")):
        assert module.__all__ == []
        return
    defined = {
        name
        for name, thing in vars(module).items()
        if not name.startswith("_") and getattr(thing, "__module__", None) == module.__name__
    }
    assert defined <= set(module.__all__)


def test_the_package_offers_the_fixed_calls():
    assert set(behavioural_modelling.__all__) >= {
        *("Confusion", "Fit", "Model", "Recovery", "Trace", "Trials", "compare", "confusion"),
        *("decision_rules", "fit", "learning", "log_likelihood", "models", "recovery", "replay", "responses"),
        *("simulate", "tasks", "testing", "transforms", "trials", "utils"),
    }


@pytest.mark.parametrize("function", public_functions())
def test_every_function_is_documented(function):
    doc = inspect.getdoc(function)
    assert doc and doc.splitlines()[0].endswith((".", ":")), "no one-line summary"
    signature = inspect.signature(function)
    if signature.parameters:
        args = doc.split("Args:", 1)[1].split("Returns:")[0].split("Raises:")[0]
        for name in signature.parameters:
            assert f"    {name}: " in args, f"{name} is not explained"
    if signature.return_annotation not in (None, "None"):
        assert "Returns:" in doc
    if "_checks." in inspect.getsource(function):
        assert "Raises:" in doc
    assert all(p.annotation is not p.empty for p in signature.parameters.values())
    assert signature.return_annotation is not signature.empty


@pytest.mark.parametrize("kind", public_classes())
def test_every_class_is_documented(kind):
    doc = inspect.getdoc(kind)
    fields = doc.split("Args:" if "Args:" in doc else "Attributes:", 1)[1]
    for name in getattr(kind, "_fields", None) or inspect.signature(kind).parameters:
        assert f"    {name}: " in fields, f"{name} is not explained"
    for name, method in vars(kind).items():
        if not name.startswith("_") and (inspect.isfunction(method) or isinstance(method, property)):
            assert inspect.getdoc(method), f"{name} is not explained"


@pytest.mark.parametrize("thing", public_objects())
def test_every_public_name_has_a_test(thing):
    here = Path(__file__).parent
    tests = "".join(path.read_text() for path in here.glob("test_*.py"))
    assert thing.__name__ in tests


def test_every_public_name_is_on_one_page_of_the_reference():
    text = "".join(path.read_text(encoding="utf-8") for path in REFERENCE.glob("*.md"))
    shown = re.findall(r"automodule:: (\S+)\n   :members:\n", text)
    assert len(shown) == len(set(shown))
    missing = [thing.id for thing in public_objects() if thing.values[0].__module__ not in shown]
    assert missing == []


def test_the_overview_of_the_package_names_each_page_of_the_reference_in_order():
    toc = (REFERENCE.parent.parent / "_toc.yml").read_text(encoding="utf-8")
    overview = REFERENCE.with_suffix(".md").read_text(encoding="utf-8")
    pages = re.findall(r"^\| \[[^]]+\]\(api/([\w-]+)\.md\) \|", overview, re.MULTILINE)
    assert pages == re.findall(r"file: book/api/([\w-]+)", toc)
    assert sorted(pages) == sorted(path.stem for path in REFERENCE.glob("*.md"))


@each_module
def test_the_examples_of_the_docstrings(module):
    found = doctest.testmod(module)
    assert found.failed == 0


def test_there_are_examples():
    examples = sum(
        len(test.examples) for module in MODULES.values() for test in doctest.DocTestFinder().find(module)
    )
    assert examples >= 10


def imported_by(path):
    """The top-level names of the package's own modules that a file imports, at any depth.

    What is imported for the types alone is left out: when the package runs, nobody imports it.
    """
    package = path.relative_to(PACKAGE).parent.parts
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for_types = [n for n in ast.walk(tree) if isinstance(n, ast.If) and "TYPE_CHECKING" in ast.dump(n.test)]
    left_out = {inner for node in for_types for child in node.body for inner in ast.walk(child)}
    for node in set(ast.walk(tree)) - left_out:
        if isinstance(node, ast.ImportFrom) and node.level:
            above = package[: len(package) - (node.level - 1)]
            full = (*above, *(node.module or "").split(".")) if node.module else above
            yield from [full[0]] if full else [alias.name for alias in node.names]
        else:
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            names += [node.module] if isinstance(node, ast.ImportFrom) else []
            inside = [n.split(".") for n in names if n.split(".")[0] == "behavioural_modelling"]
            assert not inside, f"{path.name}: import the package's own modules relatively"


@pytest.mark.parametrize(
    "path", sorted(PACKAGE.rglob("*.py")), ids=lambda p: p.relative_to(PACKAGE).as_posix()
)
def test_modules_import_only_from_the_rows_above(path):
    top = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
    imported = set(imported_by(path)) - {top}
    if top == "__init__":
        assert "plotting" not in imported
        return
    if top in ON_THEIR_OWN:
        assert imported == set()
        return
    assert imported <= set(ROWS[: ROWS.index(top)])


def test_importing_the_package_imports_nothing_heavy():
    code = (
        "import sys, behavioural_modelling;"
        "heavy = ('matplotlib', 'pandas', 'numpyro', 'optax', 'colormaps', 'fontpkg', 'cpm', 'scipy.stats');"
        "print([name for name in heavy if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda p: p.name)
def test_modules_stay_short(path):
    # STYLE.md: about 250 lines of code. Docstrings, comments and empty lines are not counted.
    text = path.read_text(encoding="utf-8")
    lines = {node.lineno for node in ast.walk(ast.parse(text)) if isinstance(node, ast.stmt)}
    assert len(lines) < 250
