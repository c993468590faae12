r"""Data of the deterministic two-step task, of a study and of an app: files that cpm-toolbox bundles."""

from __future__ import annotations

import csv
import zlib
from pathlib import Path

import numpy as np

from .. import _checks
from . import _installed, _tables
from .record import Trials

__all__ = ["load_two_step_adults", "load_two_step_app"]

MOST = 9
"""The most points that a planet pays in either file."""

ADULTS = ("ppt", "stake", "s1", "choice", "stimuli_left", "points", "timeout_1", "timeout_2")
APP = ("userID", "trial", "stimuli", "s", "stake", "points", "planet")
APP_ROWS, APP_PEOPLE, SESSION = 8001, 93, 80
APP_SUM = 1_623_923_039
EXPECTED = f"{APP_ROWS} rows of {APP_PEOPLE} people"


def load_two_step_adults() -> Trials:
    """The deterministic two-step task played by 24 adults of a study, 140 trials each.

    The spaceship that flies to planet 1 is action 0 at either start, that to planet 2 is action 1. (In the
    file odd spaceships fly to planet 2.) Outcomes are the points collected, 0 to 9, divided by 9; what
    the other planet would have paid is in the file, was not seen, and is left out.

    23 trials have no choice: they are masked. In 70 the spaceship was chosen but nothing collected
    in time: these are choices without feedback, which are scored and teach nothing. The published analysis
    left out both.

    Returns:
        `Trials` with choices, outcomes, mask and feedback of shape (24, 140), and the inputs "start", 0 or 1,
        "stake", 1 or 5, and "left", the action shown on the left.

    Raises:
        ModuleNotFoundError: If cpm-toolbox is not installed.
        ValueError: If the file is not the one described here.

    Example:
        >>> trials = load_two_step_adults()
        >>> trials.shape, int(trials.mask.sum()), int((trials.mask & ~trials.feedback).sum())
        ((24, 140), 3337, 70)

    Source:
        cpm-toolbox, two_step_adults.csv: the adults of Smid et al. (2023), doi 10.1111/desc.13295.
    """
    path = "datasets/data/two_step_adults.csv"
    file = _installed.data_file("cpm", path, "load_two_step_adults", "cpm-toolbox")
    rows = _tables.read(file, ADULTS, people=24, rows=3360, sum_of_file=3_974_048_483, delimiter=",")
    # Odd spaceships fly to planet 2. Where the choice is -1, the trial is masked.
    actions = {name: rows.whole(name) % 2 for name in ("choice", "stimuli_left")}
    responded, collected = (rows.whole(name) == 0 for name in ("timeout_1", "timeout_2"))
    return Trials(
        np.where(responded, actions["choice"], 0),
        np.where(responded, _outcomes(rows.real("points") * MOST), 0),
        mask=responded,
        feedback=collected,
        inputs={
            "start": rows.whole("s1", less=1),
            "stake": rows.whole("stake"),
            "left": actions["stimuli_left"],
        },
    )


def load_two_step_app() -> Trials:
    """The deterministic two-step task played by 93 people in an app, one or two sessions of 80 trials.

    The spaceship that flies to planet 1 is action 0 at either start, that to planet 2 is action 1. Outcomes
    are the points received, 0 to 9, divided by 9. 7 people played twice, with planets that began
    elsewhere: before the second session the model starts anew. The 50th person has 81 trials. All others
    are padded to 160 trials, and the padding is masked.

    The columns `rews` and `theor_best_choice` of the file are not what they are said to be; neither is used.

    Returns:
        `Trials` with choices, outcomes, mask and reset of shape (93, 160), and the inputs "start",
        0 or 1, "stake", 1 or 5, and "left", the action shown on the left.

    Raises:
        ModuleNotFoundError: If cpm-toolbox is not installed.
        ValueError: If the file is not the one described here.

    Example:
        >>> trials = load_two_step_app()
        >>> trials.shape, int(trials.mask.sum()), int(trials.reset.sum())
        ((93, 160), 8001, 7)

    Source:
        cpm-toolbox, model_based_model_free.csv; the task is that of Kool, Cushman & Gershman (2016), doi
        10.1371/journal.pcbi.1005090.
    """
    path = "datasets/data/model_based_model_free.csv"
    columns = _app_columns(_installed.data_file("cpm", path, "load_two_step_app", "cpm-toolbox"))
    person, trial = columns["userID"] - 1, columns["trial"]
    # The two sessions of a person need not stand together, but the first stands first.
    session = np.zeros_like(person)
    for who in np.unique(person):
        session[person == who] = np.cumsum(trial[person == who] == 1) - 1
    place = session * SESSION + trial - 1

    def laid_out(values):
        laid = np.zeros((APP_PEOPLE, 2 * SESSION), values.dtype)
        laid[person, place] = values
        return laid

    return Trials(
        laid_out(columns["planet"] - 1),
        laid_out(_outcomes(columns["points"])),
        mask=laid_out(np.ones(len(person), bool)),
        reset=laid_out((session == 1) & (trial == 1)),
        inputs={
            "start": laid_out(columns["s"] - 1),
            "stake": laid_out(columns["stake"]),
            "left": laid_out((columns["stimuli"] + 1) % 2),  # odd spaceships fly to planet 1
        },
    )


def _outcomes(points: np.ndarray) -> np.ndarray:
    """Shares of the most points. One file has them rounded to six digits, so they are made whole first."""
    return np.round(points) / MOST


def _app_columns(file: Path) -> dict[str, np.ndarray]:
    """The columns that are needed; of those that hold a pair, such as "[1, 2]", the first of it."""
    with open(file, newline="", encoding="utf-8") as lines:
        table = list(csv.DictReader(lines))
    if len(table) != APP_ROWS or not set(APP) <= set(table[0]):
        _checks.fail(file.name, f"{EXPECTED}, with columns {', '.join(APP)}", f"{len(table)} rows")
    first = lambda cell: int(cell.strip("[").split(",")[0])  # noqa: E731
    numbers = np.array([[first(row[name]) for name in APP] for row in table], "<i4").T
    found = zlib.crc32(np.ascontiguousarray(numbers).tobytes())
    if found != APP_SUM:
        _checks.fail(file.name, EXPECTED, f"other numbers, with the check sum {found}")
    return dict(zip(APP, numbers, strict=True))
