"""Tables of numbers in text files: read, compared with what they are said to be, and laid out by person."""

from __future__ import annotations

import zlib
from pathlib import Path
from typing import Any, NamedTuple, cast

import numpy as np

from .. import _checks

__all__: list[str] = []


class Rows(NamedTuple):
    """The rows of a file.

    Attributes:
        person: Whose row it is: people are counted from 0 as they appear.
        place: Which of the person's rows it is, from 0.
        columns: The numbers, by the names of the columns.
    """

    person: np.ndarray
    place: np.ndarray
    columns: dict[str, np.ndarray]

    def laid_out(self, values: np.ndarray, fill: float = 0) -> np.ndarray:
        """A number per row as an array by person and place; `fill` where a person has no such row."""
        shape = (self.person.max() + 1, self.place.max() + 1)
        laid = np.full(shape, fill, values.dtype)
        laid[self.person, self.place] = values
        return laid

    def whole(self, name: str, less: int = 0) -> np.ndarray:
        """A column of whole numbers, laid out, and reduced by `less`, such as 1 where they count from 1."""
        return self.laid_out(self.columns[name].astype(np.int32) - np.int32(less))

    def real(self, name: str) -> np.ndarray:
        """A column, laid out."""
        return self.laid_out(self.columns[name])

    @property
    def there(self) -> np.ndarray:
        """Where a person has a row."""
        return self.laid_out(np.ones(len(self.person), bool))


def read(
    file: Path, names: tuple[str, ...], *, people: int, rows: int, sum_of_file: int, delimiter: str = "\t"
) -> Rows:
    """The rows of a file; the first of `names` is the column that says whose they are.

    Args:
        file: Where it lies.
        names: The columns that are needed.
        people: How many people there are in it.
        rows: How many rows.
        sum_of_file: The check sum of the numbers in these columns: other numbers are another file.
        delimiter: What stands between columns.

    Raises:
        ValueError: If the file is not the one described.
    """
    table = np.genfromtxt(file, delimiter=delimiter, names=True, usecols=cast(Any, names), deletechars="")
    numbers = np.stack([table[name].astype("<f8") for name in names])
    begins = np.flatnonzero(np.diff(numbers[0], prepend=np.nan) != 0)
    person = np.cumsum(np.isin(np.arange(numbers.shape[1]), begins)) - 1
    expected = f"{rows} rows of {people} people"
    if (numbers.shape[1], len(begins)) != (rows, people):
        _checks.fail(file.name, expected, f"{numbers.shape[1]} rows of {len(begins)} people")
    found = zlib.crc32(np.ascontiguousarray(numbers).tobytes())
    if found != sum_of_file:
        _checks.fail(file.name, f"{expected} with the check sum {sum_of_file}", f"other numbers, {found}")
    return Rows(person, np.arange(rows) - begins[person], dict(zip(names, numbers, strict=True)))
