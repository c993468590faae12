"""Run notebooks from top to bottom and store their outputs: `make execute`.

Nothing that differs from one run or machine to the next is stored: no times of execution,
no version of Python, no path of this machine in a traceback. The figure of a cell tagged
`readme-figure` is stored for README.md as well.
"""

import base64
import re
import sys
import sysconfig
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient

ROOT = Path(__file__).resolve().parent.parent
# Longest first, so that the environment inside the repository is recognised before the repository.
PATHS = [(sysconfig.get_path("purelib"), "site-packages"), (sysconfig.get_path("stdlib"), "python")]
PATHS += [(sys.prefix, "environment"), (f"{ROOT}/", ""), (f"{Path.home()}/", "~/")]


def without_paths(text: str) -> str:
    """The text without directories of this machine."""
    for path, short in PATHS:
        text = text.replace(path, short)
    return re.sub(r"/tmp/ipykernel_\d+/", "", text)


def tidy(notebook: nbformat.NotebookNode) -> None:
    """Remove what depends on the machine, in place."""
    notebook.metadata = nbformat.from_dict(
        {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        }
    )
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
        for output in cell.get("outputs", []):
            if "traceback" in output:
                output.traceback = [without_paths(line) for line in output.traceback]
            if "text" in output:
                output.text = without_paths(output.text)


def readme_figure(notebook: dict) -> bytes | None:
    """The picture that a cell tagged `readme-figure` shows, or None where no cell has the tag."""
    for cell in notebook["cells"]:
        if "readme-figure" in cell["metadata"].get("tags", []):
            for output in cell["outputs"]:
                if "image/png" in output.get("data", {}):
                    return base64.b64decode(output["data"]["image/png"])
    return None


def execute(path: Path) -> None:
    """Run one notebook in its own kernel and store it with its outputs."""
    notebook = nbformat.read(path, as_version=4)
    where = {"metadata": {"path": str(path.parent)}}
    NotebookClient(
        notebook,
        timeout=600,
        kernel_name="python3",
        resources=where,
        record_timing=False,
        coalesce_streams=True,
        extra_arguments=["--log-level=ERROR"],
    ).execute()
    tidy(notebook)
    nbformat.write(notebook, path)
    if figure := readme_figure(notebook):
        (ROOT / "book" / "_static" / "readme-figure.png").write_bytes(figure)


if __name__ == "__main__":
    for name in sys.argv[1:]:
        start = time.perf_counter()
        execute(Path(name))
        print(f"{name}: {time.perf_counter() - start:.0f} s", flush=True)
