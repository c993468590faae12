"""Tidy tables of trials in and out: pandas data frames with one row per trial.

`Trials.from_dataframe` and `Trials.to_dataframe` say what the arguments mean; here they become plain
arrays, and arrays become a table. Both import this module when they are called, as it imports pandas.
"""

from ._reading import read as read
from ._writing import beside as beside
from ._writing import write as write

__all__: list[str] = []
