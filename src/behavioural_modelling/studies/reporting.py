r"""Reports: a methods paragraph and a table, written from fits, posteriors and their models."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from .. import _checks
from ..models import Model
from ..trials import Trials
from . import _of_models, _reported, _typeset

if TYPE_CHECKING:
    from pandas import DataFrame

__all__ = ["Report", "report"]


class Report(NamedTuple):
    """What a paper says of results.

    Attributes:
        methods: The paragraph, in Markdown without mathematics. Where something has not converged, the
            first sentence says so.
        table: Of one result its parameters, of several models how they compare.
        warnings: What speaks against the results, and what was not done, each in a few words.
        equations: Those of the models, in LaTeX.
    """

    methods: str
    table: DataFrame
    warnings: tuple[str, ...]
    equations: tuple[str, ...]

    def to_markdown(self) -> str:
        """The paragraph, the equations between double dollars, the table and the warnings.

        Returns:
            Markdown, as notebooks show it.
        """
        parts = [self.methods, *(f"$$\n{one}\n$$" for one in self.equations), _typeset.markdown(self.table)]
        parts += ["\n".join(f"- {_typeset.escaped(one)}" for one in self.warnings)] if self.warnings else []
        return "\n\n".join(parts) + "\n"

    def to_latex(self) -> str:
        """The same in LaTeX, without any package.

        Returns:
            What goes between `\\begin{document}` and `\\end{document}`.
        """
        parts = [_typeset.latex(self.methods), *(f"\\[\n{one}\n\\]" for one in self.equations)]
        parts += [_typeset.latex_table(self.table)]
        if self.warnings:
            items = [f"  \\item {_typeset.latex(one)}" for one in self.warnings]
            parts += ["\n".join(["\\begin{itemize}", *items, "\\end{itemize}"])]
        return "\n\n".join(parts) + "\n"


def report(
    results: Any,
    *,
    model: Model | Mapping[str, Model] | None = None,
    trials: Trials | None = None,
    priors: Mapping[str, Any] | None = None,
    level: float = 0.95,
    unit: str | None = None,
) -> Report:
    """A methods paragraph and a table, from results and their models.

    All that it says comes from the objects, and what they can prove is looked at: a fit is to have been of
    this model, of these trials and with these priors. What no object knows, such as who took part and why, is
    for the author to add.

    Args:
        results: A `Fit`, a `Posterior`, an `EmpiricalBayes`; or a dict from names of models to such, all of
            one kind and of the same trials.
        model: The model; of several results a dict from their names to models. A `Posterior` has its own.
        trials: What the results are of, to count trials that were left out. A `Posterior` has its own.
        priors: Of a `Fit`, those that it was made with; of several, a dict from names to such.
        level: Of the intervals in the table.
        unit: As in `compare`, where several posteriors are compared.

    Returns:
        A `Report`. The table of one `Posterior` with a group is that of `Posterior.summary`; of an
        `EmpiricalBayes` that of its `summary`. People who were estimated apart are put together: n, mean,
        sd, median and, by the sign test, an interval of the median. Several models are compared by
        `compare`, or by the integrated BIC.

    Raises:
        ValueError: If `results` is none of these; a model is missing, or is not the one that was fitted;
            trials or priors are not those of the fit; `level` is not between 0 and 1; or as in `compare`.

    Example:
        >>> import jax
        >>> import behavioural_modelling as bm
        >>> model = bm.models.rescorla_wagner(n_actions=2)
        >>> true, outcomes = {"alpha": [0.2, 0.3, 0.4], "temperature": 0.2}, [[1.0, 0.0], [0.0, 1.0]] * 100
        >>> trials = bm.Trials(bm.simulate(jax.random.key(0), model, true, outcomes).choices, outcomes)
        >>> written = bm.report(bm.fit(jax.random.key(1), model, trials), model=model, trials=trials)
        >>> "3 people" in written.methods, "maximum likelihood" in written.methods
        (True, True)

    Source:
        Wilson & Collins (2019), doi 10.7554/eLife.49547, rule 10.
    """
    if isinstance(level, bool) or not isinstance(level, (int, float)) or not 0 < level < 1:
        _checks.fail("level", "a number between 0 and 1", repr(level))
    asked = _reported.checked(results, model, trials, priors)
    told = {name: _reported.told(one, level) for name, one in asked.items()}
    table = next(iter(told.values())).table
    if isinstance(results, Mapping):
        table = _reported.comparison(results, unit)
    elif unit is not None:
        _checks.fail("unit", "None, where one model is reported", repr(unit))
    methods = _reported.paragraph(asked, told, comparing=isinstance(results, Mapping))
    warnings = _reported.warnings(asked, told)
    equations = [line for one in asked.values() for line in _of_models.equations(one.model)]
    return Report(methods, table, warnings, tuple(dict.fromkeys(equations)))
