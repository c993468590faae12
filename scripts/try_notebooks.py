"""Run notebooks as Colab does: each alone in an empty folder, with versions of one's choice.

    python scripts/try_notebooks.py --with jax==0.5.3 --with pandas==2.2.3 book/08-likelihood.ipynb
    python scripts/try_notebooks.py --here --set JAX_ENABLE_X64=1 --set JAX_NUM_CPU_DEVICES=4

A fresh environment gets what stands after --with, as a machine at Colab has its own jax, pandas and so on.
The first cell of the first notebook then installs the package, from the last commit of this repository: git
is told to look here for the made-up address in that cell. A notebook fails where a cell raises, where
anything is printed to stderr, or where what was there beforehand has another version afterwards. With --here
the present environment runs the notebooks instead, and nothing is installed.

With JAX_DEBUG_KEY_REUSE=1, a cell with the mark "# deliberate: the same key twice" may use a key twice.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import textwrap
from pathlib import Path

from setup_cell import with_setup_cell

ROOT = Path(__file__).resolve().parent.parent
ADDRESS = "https://github.com/behavioural-modelling/under-test"
MARK = "# deliberate: the same key twice"
BESIDE = ("jax", "jaxlib", "numpy", "pandas", "matplotlib")
# Runs in the environment under test.
DRIVER = """
import json, sys
import nbformat
from nbclient import NotebookClient
notebook = nbformat.read("notebook.ipynb", as_version=4)
NotebookClient(notebook, timeout=900, kernel_name="python3", extra_arguments=["--log-level=ERROR"]).execute()
said = [output.text for cell in notebook.cells for output in cell.get("outputs", [])
        if output.output_type == "stream" and output.name == "stderr" and output.text.strip()]
sys.exit("printed to stderr: " + said[0] if said else 0)
"""
VERSIONS = "import importlib.metadata as m; print(*(f'{n}=={m.version(n)}' for n in %r))"


def marked(notebook: str) -> str:
    """The notebook with key reuse allowed in the cells that carry the mark."""
    content = json.loads(notebook)
    for cell in content["cells"]:
        code = "".join(cell["source"])
        if cell["cell_type"] == "code" and MARK in code:
            allowed = "import jax\nwith jax.debug_key_reuse(False):\n" + textwrap.indent(code, "    ")
            cell["source"] = allowed.splitlines(keepends=True)
    return json.dumps(content)


def environment(settings: list[str]) -> dict[str, str]:
    """The variables for an installation from this repository, and those after --set."""
    redirect = {
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": f"url.{ROOT.as_uri()}.insteadOf",
        "GIT_CONFIG_VALUE_0": ADDRESS,
    }
    # A package or a cache of the machine must not help.
    clean = {
        name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "JAX", "XLA"))
    }
    return clean | redirect | dict(setting.split("=", 1) for setting in settings)


def fresh_python(folder: Path, packages: list[str]) -> Path:
    """The Python of a new environment with these packages and what runs a notebook."""
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    named = {requirement.split("=")[0] for requirement in packages}
    beside = [*packages, *(name for name in BESIDE if name not in named and name != "jaxlib")]
    pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "ipykernel", "nbclient", "ipython", *beside], check=True)
    return python


def versions(python: Path) -> str:
    """What the environment has of the packages that were there beforehand."""
    return subprocess.run(
        [python, "-c", VERSIONS % (BESIDE,)], capture_output=True, text=True, check=True
    ).stdout


def run(notebook: Path, python: Path, variables: dict[str, str]) -> str:
    """Run a notebook alone in an empty folder; what is wrong, or ""."""
    with tempfile.TemporaryDirectory() as folder:
        text = with_setup_cell(notebook.read_text(encoding="utf-8"), ADDRESS)
        text = marked(text) if variables.get("JAX_DEBUG_KEY_REUSE") == "1" else text
        (Path(folder) / "notebook.ipynb").write_text(text, encoding="utf-8")
        done = subprocess.run(
            [python, "-c", DRIVER], cwd=folder, env=variables, capture_output=True, text=True
        )
    return "" if done.returncode == 0 else done.stderr[-2500:]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--with", dest="packages", action="append", default=[], metavar="PACKAGE==VERSION")
    parser.add_argument("--set", dest="settings", action="append", default=[], metavar="NAME=VALUE")
    parser.add_argument("--here", action="store_true", help="run in the present environment")
    parser.add_argument("notebooks", nargs="*", type=Path, default=sorted((ROOT / "book").glob("*.ipynb")))
    options = parser.parse_args()
    variables, failed = environment(options.settings), 0
    with tempfile.TemporaryDirectory() as folder:
        python = Path(sys.executable) if options.here else fresh_python(Path(folder), options.packages)
        before = versions(python)
        print(before.strip(), flush=True)
        for notebook in options.notebooks:
            problem = run(notebook.resolve(), python, variables)
            if (now := versions(python)) != before:
                problem += f"the versions changed to {now}"
            failed += bool(problem)
            print(f"{notebook.name}: {problem or 'good'}", flush=True)
    return min(failed, 1)


if __name__ == "__main__":
    sys.exit(main())
