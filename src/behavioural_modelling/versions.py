"""What is installed here, for the first cell of a notebook and for a report of a problem."""

from __future__ import annotations

import importlib.metadata
import os
import platform
from pathlib import Path

__all__ = ["show_versions"]

NAMES = ("jax", "jaxlib", "numpy", "numpyro", "pandas", "matplotlib")


def show_versions(*, device: bool = True) -> None:
    """Print where the package lies, the versions of what it works with, and the device that JAX uses.

    Args:
        device: Whether to ask JAX for its device. From then on JAX's settings of devices are fixed: False
            leaves them open.

    Example:
        >>> show_versions()  # doctest: +SKIP
        behavioural_modelling 0.1.0 in ../src/behavioural_modelling
        Python 3.11.7, jax 0.10.2, jaxlib 0.10.2, numpy 2.4.6
        device: cpu
    """
    print(f"behavioural_modelling {_version('behavioural-modelling')} in {_short(Path(__file__).parent)}")
    versions = [f"{name} {_version(name)}" for name in NAMES]
    print(", ".join([f"Python {platform.python_version()}", *versions]))
    if device:
        import jax

        kinds = [one.device_kind for one in jax.devices()]
        print("device:", ", ".join(f"{kind} x {kinds.count(kind)}" for kind in dict.fromkeys(kinds)))


def _version(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return "missing"


def _short(folder: Path) -> str:
    """The folder as seen from the working directory, where that is shorter."""
    try:
        return min(os.path.relpath(folder), str(folder), key=len)
    except ValueError:  # another drive of Windows
        return str(folder)
