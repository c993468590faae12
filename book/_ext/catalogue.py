"""The page of the model catalogue, written by the build from the models themselves.

The line of `catalogue.md` that asks for it is replaced by Markdown before the page is read, so that headings,
search and links are those of any page. Figures and explorers cost about a second a model: they are kept in
`_build/catalogue` until anything that they are made of is another.
"""

import hashlib
import inspect
import json
import math
import os
import re
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import catalogue_figures
from sphinx.application import Sphinx

import behavioural_modelling as bm
from behavioural_modelling.explorers import _page, _picture, _ranges, model_explorer
from behavioural_modelling.models import Entry, Parameter
from behavioural_modelling.models.catalogue import ENTRIES
from behavioural_modelling.tasks.standard import RANGES

ROOT = Path(__file__).resolve().parent.parent.parent
PAGE = "book/catalogue"
MARK = "```{model-catalogue}\n```"
KEPT = ROOT / "_build" / "catalogue"
PICTURES = Path("_static", "catalogue")
RECOVERED = ROOT / "book" / "catalogue_recovery.json"
MOST_SLIDERS = 6
DOI = re.compile(r"doi (10\.\d+/[^\s,;]*[^\s,;.)])")
UNITS = {
    None: "",
    "value": ", in the unit of the outcomes",
    "difference": ", in the unit of the outcomes",
    "per difference": ", per unit of the outcomes",
}
HEADER = "| parameter | range | default prior | people | recovered |"


def page_text(entries: tuple[Entry, ...] = ENTRIES, pictures: Path | None = None) -> str:
    """The catalogue in Markdown, a section for each family; pictures of explorers go to a folder."""
    shown = kept("figures.json", lambda: figures(entries))
    tried = kept("explorers.json", lambda: explorers(entries))
    recovered = json.loads(RECOVERED.read_text(encoding="utf-8"))
    described: dict[Callable, str] = {}
    parts = []
    for family, members in families(entries).items():
        parts.append(f"## {family}")
        for entry in members:
            numbers = recovered.get(entry.called, {}).get("recovered", {})
            parts += [f"### {entry.called}", description(entry, described)]
            parts += [table(entry, numbers), facts(entry), shown[entry.called]]
        parts.append(with_picture(tried[family], pictures))
    return "\n\n".join(parts)


def families(entries: tuple[Entry, ...]) -> dict[str, list[Entry]]:
    """The entries of each family, in order."""
    found: dict[str, list[Entry]] = {}
    for entry in entries:
        found.setdefault(entry.family, []).append(entry)
    return found


def description(entry: Entry, described: dict[Callable, str]) -> str:
    """What its builder says of it, with the equation; a second time, where that is."""
    if entry.builder in described:
        first = described[entry.builder]
        return f"As [{first}](#{first}), built otherwise: see the call below."
    described[entry.builder] = entry.called
    return f"```{{eval-rst}}\n{about(entry.builder)}\n```"


def about(builder: Callable) -> str:
    """A docstring up to what it says of the parameters, that included."""
    text = (inspect.getdoc(builder) or "").split("\nArgs:\n")[0].strip()
    paragraphs = re.split(r"\n\n(?=\S)", text)
    ends = [i for i, paragraph in enumerate(paragraphs) if re.search(r"\bParameters?:", paragraph)]
    return "\n\n".join(paragraphs[: ends[0] + 1] if ends else paragraphs)


def table(entry: Entry, numbers: Mapping[str, list[float]]) -> str:
    """A row for each parameter."""
    outcome_range = RANGES.get(entry.tasks[0], (0.0, 1.0))
    rows = [
        f"| `{parameter.name}` | {range_of(parameter)} | {prior_of(parameter, outcome_range)} "
        f"| {claims(parameter, outcome_range)} | {recovery(numbers.get(parameter.name))} |"
        for parameter in entry.build().parameters
    ]
    return "\n".join([HEADER, "|---|---|---|---|---|", *rows])


def range_of(parameter: Parameter) -> str:
    """Which values it may have, in words."""
    low, high = parameter.lower, parameter.upper
    if math.isfinite(low) and math.isfinite(high):
        words = f"above {low:g}, up to {high:g}" if parameter.above else f"{low:g} to {high:g}"
    elif math.isfinite(low):
        words = f"above {low:g}" if parameter.above else f"from {low:g} on"
    else:
        words = f"up to {high:g}" if math.isfinite(high) else "any number"
    return words + UNITS[parameter.unit]


def prior_of(parameter: Parameter, outcome_range: tuple[float, float]) -> str:
    """The distribution by its name in NumPyro, and whether it is stretched to the task's outcomes."""
    assert parameter.prior is not None
    arguments = ", ".join(f"{x:.3g}" for x in parameter.prior.arguments)
    low, high = outcome_range
    stretched = (
        f" for outcomes from {low:g} to {high:g}" if parameter.unit and outcome_range != (0, 1) else ""
    )
    return f"{parameter.prior.distribution}({arguments}){stretched}"


def claims(parameter: Parameter, outcome_range: tuple[float, float]) -> str:
    """What a default prior says of people: their median, and between which numbers nine in ten are."""
    low, middle, high = (short(x) for x in _ranges.quantiles(parameter, outcome_range, (0.05, 0.5, 0.95)))
    return f"{middle} ({low} to {high})"


def short(x: float) -> str:
    """A number to two digits, or whole."""
    if abs(x) < 1e-4:
        return "0"
    return f"{x:.0f}" if abs(x) >= 10 else f"{x:.2g}"


def recovery(numbers: list[float] | None) -> str:
    """A correlation and its bounds."""
    if numbers is None:
        return "not measured"
    r, low, high, _ = numbers
    return f"{r:.2f} ({low:.2f} to {high:.2f})"


def facts(entry: Entry) -> str:
    """How it is built, what it is for, what it needs, what it is a general case of, where it comes from."""
    first, *others = (f"`{task}`" for task in entry.tasks)
    lines = [
        f"Built by `{entry.call}`",
        f"Shown in the task {first}" + "".join(f", for {x} too" for x in others),
    ]
    if entry.build().inputs:
        lines.append(f"Needs the inputs {', '.join(f'`{name}`' for name in entry.build().inputs)}")
    if entry.limit:
        at = ", ".join(f"`{name}` at {value:g}" for name, value in entry.limit[0].items())
        lines.append(f"With {at} it is [{entry.limit[1]}](#{entry.limit[1]})")
    lines.append(f"Source: {source(entry.builder)}")
    return "\n".join(f"- {line.rstrip('.')}." for line in lines)


def source(builder: Callable) -> str:
    """The source that a docstring names, its DOIs as links."""
    text = (inspect.getdoc(builder) or "").split("\nSource:\n")[-1]
    plain = " ".join(text.split("\n\n")[0].split())
    return DOI.sub(lambda found: f"[doi {found[1]}](https://doi.org/{found[1]})", plain)


# What takes time, and is kept.


def kept(name: str, make: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """What is stored under a name, or made anew where anything that it is made of has changed."""
    if is_fresh(name):
        return json.loads((KEPT / name).read_text(encoding="utf-8"))["made"]
    KEPT.mkdir(parents=True, exist_ok=True)
    made = make()
    text = json.dumps({"key": ingredients(), "made": made})
    (KEPT / name).write_text(text, encoding="utf-8")
    return made


def is_fresh(name: str) -> bool:
    """Whether what is stored under a name is made of what there is now."""
    file = KEPT / name
    return file.is_file() and json.loads(file.read_text(encoding="utf-8"))["key"] == ingredients()


@cache
def ingredients() -> str:
    """A mark of all that figures and explorers are made of: the package, these files, what they call."""
    files = [*Path(bm.__file__).parent.rglob("*"), *Path(__file__).parent.glob("catalogue*.py")]
    texts = [
        path.read_bytes() for path in sorted(files) if path.suffix in (".py", ".js", ".css", ".mplstyle")
    ]
    versions = [version(name) for name in ("jax", "numpy", "matplotlib", "bokeh", "numpyro")]
    return hashlib.sha256(b"\0".join([*texts, repr(versions).encode()])).hexdigest()


def figures(entries: tuple[Entry, ...]) -> dict[str, str]:
    """The figure of each entry, in Markdown. They are computed side by side, and drawn one by one."""
    simulate(entries)
    return {entry.called: figure(entry, BEGUN[entry.called].result()) for entry in entries}


BEGUN: dict[str, Future] = {}
"""What the figures show, by the names of the entries, or is being computed."""


def simulate(entries: tuple[Entry, ...]) -> None:
    """Begin to compute what figures show, while other pages are read: JAX compiles beside Python."""
    threads = ThreadPoolExecutor(min(4, os.cpu_count() or 1))
    for entry in entries:
        if entry.called not in BEGUN:
            BEGUN[entry.called] = threads.submit(catalogue_figures.behaviour, entry)
    threads.shutdown(wait=False)


def figure(entry: Entry, shown: catalogue_figures.Behaviour) -> str:
    """One figure, drawn into a file, in Markdown."""
    file = KEPT / f"{entry.called}.svg"
    file.write_text(catalogue_figures.drawn(shown), encoding="utf-8")
    caption = f"`{entry.called}` in the task `{entry.tasks[0]}`, at three values of `{shown.parameter}`."
    alt = catalogue_figures.in_words(shown)
    return f"```{{figure}} /{file.relative_to(ROOT).as_posix()}\n:alt: {alt}\n\n{caption}\n```"


def explorers(entries: tuple[Entry, ...]) -> dict[str, dict[str, str]]:
    """The explorer of each family: that of its model with the most parameters, unless these are too many."""
    return {family: explorer(tried_out(members)) for family, members in families(entries).items()}


def tried_out(members: list[Entry]) -> Entry:
    """The member of a family that has an explorer."""
    count = lambda entry: len(entry.build().parameters)  # noqa: E731
    few = [entry for entry in members if count(entry) <= MOST_SLIDERS]
    return max(few, key=count) if few else min(members, key=count)


def explorer(entry: Entry) -> dict[str, str]:
    """An explorer's HTML and its picture."""
    made = model_explorer(entry)
    name = f"{entry.called}.svg"
    return {"name": name, "picture": _picture.svg(made), "html": _page.html(made, f"../{PICTURES / name}")}


def with_picture(made: Mapping[str, str], folder: Path | None) -> str:
    """An explorer in Markdown; its picture goes to the folder."""
    if folder:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / made["name"]).write_text(made["picture"], encoding="utf-8")
    return f"```{{raw}} html\n{made['html']}\n```"


# The build.


def begin(app: Sphinx) -> None:
    """Begin with what takes longest."""
    if (Path(app.srcdir) / f"{PAGE}.md").is_file() and not is_fresh("figures.json"):
        simulate(ENTRIES)


def write(app: Sphinx, page: str, source: list[str]) -> None:
    """Put the catalogue in the place of its mark."""
    if page == PAGE:
        folder = Path(app.outdir) / PICTURES if app.builder.format == "html" else None
        source[0] = source[0].replace(MARK, page_text(pictures=folder))


def read_again(app: Sphinx, env: Any, added: set, changed: set, removed: set) -> list[str]:
    """The page is made of other files than its own."""
    return [PAGE] if PAGE in env.found_docs else []


def compile_quickly() -> None:
    """Have programs compiled quickly, as in tests/conftest.py: each model is one, and it is run once.

    JAX reads this before it first computes. A jaxlib that knows no such flag would end the build.
    """
    if version("jaxlib").startswith("0.10."):
        quick = "--xla_cpu_use_fusion_emitters=false --xla_backend_optimization_level=1"
        os.environ.setdefault("XLA_FLAGS", quick)


def setup(app: Sphinx) -> dict[str, bool]:
    compile_quickly()
    app.connect("builder-inited", begin)
    app.connect("source-read", write)
    app.connect("env-get-outdated", read_again)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
