"""Run notebooks from top to bottom and store their outputs: `make execute`.

Nothing that differs from one run or machine to the next is stored: no times of execution,
no version of Python, no path of this machine in a traceback. The figure of a cell tagged
`readme-figure` is stored for README.md as well, and how long a chapter took for "How this course is tested".
"""

import json
import os
import re
import sys
import sysconfig
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient

ROOT = Path(__file__).resolve().parent.parent
TIMES = ROOT / "book" / "run_times.json"
AFFINITY = hasattr(os, "sched_getaffinity")  # the cores that this program may use; Linux tells
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


def readme_figure(notebook: dict) -> str | None:
    """The SVG that a cell tagged `readme-figure` shows, or None where no cell has the tag."""
    for cell in notebook["cells"]:
        if "readme-figure" in cell["metadata"].get("tags", []):
            for output in cell["outputs"]:
                if "image/svg+xml" in output.get("data", {}):
                    return "".join(output["data"]["image/svg+xml"])
    return None


def with_time(times: dict, chapter: str, seconds: float, cores: int) -> dict:
    """The stored run times with that of one chapter, if it differs by more than a run does from the next.

    A time that is near the stored one leaves it as it is, so that storing outputs anew changes no line for
    nothing.
    """
    stored = times.get(chapter)
    near = stored and stored["cores"] == cores and abs(seconds - stored["seconds"]) < max(3, 0.25 * seconds)
    return times if near else times | {chapter: {"seconds": max(1, round(seconds)), "cores": cores}}


def store_time(chapter: str, seconds: float) -> None:
    """Write the run time of a chapter into the list of all, one line for each."""
    times = json.loads(TIMES.read_text(encoding="utf-8")) if TIMES.exists() else {}
    times = with_time(times, chapter, seconds, len(os.sched_getaffinity(0)) if AFFINITY else os.cpu_count())
    lines = (f"  {json.dumps(name)}: {json.dumps(times[name])}" for name in sorted(times))
    TIMES.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


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
        (ROOT / "book" / "_static" / "readme-figure.svg").write_text(figure, encoding="utf-8")


if __name__ == "__main__":
    # Explorers are stored without Bokeh's script, which the site brings: see behavioural_modelling.explorers.
    os.environ["BEHAVIOURAL_EXPLORERS"] = "stored"
    for name in sys.argv[1:]:
        start = time.perf_counter()
        execute(Path(name))
        seconds = time.perf_counter() - start
        store_time(Path(name).stem, seconds)
        print(f"{name}: {seconds:.0f} s", flush=True)
