"""Where the example files of hBayesDM lie, and their rows."""

from __future__ import annotations

from . import _installed, _tables

__all__: list[str] = []


def rows(
    loader: str, name: str, columns: tuple[str, ...], *, people: int, rows: int, sum_of_file: int
) -> _tables.Rows:
    """The rows of an example file, compared with what is known of it: see `_tables.read`."""
    file = _installed.data_file("hbayesdm", f"common/extdata/{name}", loader, "--no-deps hbayesdm")
    return _tables.read(file, columns, people=people, rows=rows, sum_of_file=sum_of_file)
