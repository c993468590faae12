"""The first code cell of every notebook: it installs the course's package where that is missing.

`set_repository.py` writes it into the notebooks, with the repository's address once there is one. Plain
Python on purpose: a fork can run this before anything is installed.
"""

import json
import re

__all__ = ["setup_cell", "with_setup_cell"]

# jax and the like are named with the versions that are there, so that pip leaves them alone. Packages with
# data come without what they depend on: their files are read.
INSTALL = """\
# Install the course's package where it is missing, as in Colab. Then say what is there.
import importlib.metadata
import subprocess
import sys

try:
    import behavioural_modelling.exercises
except ModuleNotFoundError as missing:
{refuse}
    found = {{one.name: one.version for one in importlib.metadata.distributions()}}
    keep = {{"jax", "jaxlib", "numpy", "pandas", "matplotlib"}} & {{*found}}
    course = "behavioural-modelling[course] @ git+{url}"
    data = ["--no-deps", "autora-theorist-rnn-sindy-rl", "cpm-toolbox", "hbayesdm"]
    for what in ([course, *(f"{{name}}=={{found[name]}}" for name in keep)], data):
        pip = [sys.executable, "-m", "pip", "install", "--quiet", *what]
        if (done := subprocess.run(pip, capture_output=True, text=True)).returncode:
            raise RuntimeError(f"The installation failed:\\n{{done.stderr[-1500:]}}") from None
    importlib.invalidate_caches()
    import behavioural_modelling.exercises
"""
EXPLAIN = """\
# Say which package this is. Where it is missing, stop here.
try:
    import behavioural_modelling.exercises
except ModuleNotFoundError as missing:
{refuse}
    raise ImportError("the package is missing, with no address to install it from: see README.md") from None
"""
# A package with the same import name has been published elsewhere.
REFUSE = """\
    if missing.name == "behavioural_modelling.exercises":
        raise ImportError("another package is called behavioural_modelling: uninstall it, restart") from None
    if missing.name != "behavioural_modelling":
        raise"""
SHOW = "\nbehavioural_modelling.show_versions({device})\n"
TAGS = ["setup", "nbval-ignore-output"]  # what it prints differs from one machine to the next
# Chapter 7 makes two devices of one processor, which it can only do before JAX looks for devices.
SETS_DEVICES = re.compile(r"jax_num_cpu_devices")


def setup_cell(url: str | None, *, device: bool = True) -> str:
    """The cell. Without an address (None) it does not install anything, and says so.

    Args:
        url: The repository's address.
        device: Whether it asks JAX for its device, which fixes JAX's settings of devices.
    """
    cell = INSTALL if url else EXPLAIN
    cell = cell.format(url=url, refuse=REFUSE)
    return cell + SHOW.format(device="" if device else "device=False")


def with_setup_cell(notebook: str, url: str | None) -> str:
    """The text of a notebook's file with the cell for an address in the place of the one that it has."""
    content = json.loads(notebook)
    device = not SETS_DEVICES.search(notebook)
    for cell in content.get("cells", []):
        if "setup" in cell["metadata"].get("tags", []):
            cell["metadata"]["tags"] = TAGS
            cell["source"] = setup_cell(url, device=device).strip().splitlines(keepends=True)
    # As nbformat writes it.
    return json.dumps(content, indent=1, sort_keys=True, ensure_ascii=False, separators=(",", ": ")) + "\n"
