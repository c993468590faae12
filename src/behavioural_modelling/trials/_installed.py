"""Files of other people's packages, found where those are installed and read without importing them."""

from __future__ import annotations

import importlib.machinery
import importlib.util
from pathlib import Path

__all__: list[str] = []


def data_file(package: str, path: str, loader: str, install: str) -> Path:
    """Where an installed package keeps a file.

    Args:
        package: The name that the package is imported by, the first part of it alone: to find a part inside
            would import what it is a part of.
        path: Where the file lies in the package's folder.
        loader: The function that needs it, for the message.
        install: What pip is told to install, likewise.

    Raises:
        ModuleNotFoundError: If the package or the file is not there.
    """
    spec = importlib.util.find_spec(package)
    for folder in _folders(spec):
        if (file := folder / path).is_file():
            return file
    name = install.split()[-1]
    raise ModuleNotFoundError(f"{loader} reads a file of {name}: pip install {install}")


def _folders(spec: importlib.machinery.ModuleSpec | None) -> list[Path]:
    """The folders of a package; several where distributions share its name, which then has no origin."""
    if spec is None:
        return []
    folders = [Path(folder) for folder in spec.submodule_search_locations or ()]
    return [*folders, *([Path(spec.origin).parent] if spec.origin else [])]
