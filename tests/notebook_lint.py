"""What a notebook of the book must look like.

Each rule is a function that takes a notebook (the JSON of the file, as a dict) and yields a
sentence for each thing that is wrong. `RULES` holds them all; tests/test_notebooks.py runs them
over the book, and over bad notebooks made in memory, so that a rule that has gone blunt is noticed.
"""

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "scripts"))
from set_repository import slug_of  # noqa: E402
from setup_cell import SETS_DEVICES, setup_cell  # noqa: E402
from setup_cell import TAGS as SETUP_TAGS  # noqa: E402

TAGS = {
    "setup",  # the first code cell
    "exercise",  # the stub of an exercise
    "check",  # the cell that tells the reader whether the stub is solved
    "progress",  # the last of them: how many are solved
    "behind",  # defines what the rest of the chapter needs, for those who come late
    "explorer",  # shows one of behavioural_modelling.explorers
    "hide-input",  # long plotting code: one click away on the page
    "hide-output",
    "remove-input",  # on the page only; the code is there in Colab
    "nbval-ignore-output",  # numbers that move with the processor or the version of JAX
    "raises-exception",  # the error is the lesson
    "readme-figure",  # `make execute` stores this cell's figure for README.md as well
}
MAX_LINES = 20
PICTURES = {"image/svg+xml", "image/png", "image/jpeg"}
WORDS_OF_A_CAPTION = 5
MYST = {
    "a directive": r"^\s*(?:`{3,}|~{3,}|:{3,})\{",
    "a colon fence": r"^\s*:{3,}",
    "a role": r"(?<!`)\{[A-Za-z][\w:+-]*\}`",
    "a target": r"^\([\w-]+\)=\s*$",
    "a block break": r"^\+\+\+",
    "an attribute list": r"^\{[#.][\w-]+.*\}\s*$",
    "a comment": r"^% ",
}
NETWORK = r"https?://|\b(?:requests|urllib|urlopen|httpx|aiohttp|socket|wget|curl|pip|gdown)\b"
MACHINE_PATH = r"(?:^|[\s\"'(=:])(?:/home/|/root/|/work/|/tmp/|/Users/|/usr/|[A-Z]:\\)"
EXERCISE = re.compile(r"### Exercise (\d+)\.(\d+): \S")
DETAILS = re.compile(r"<details><summary>Solution</summary>\n(.*)</details>\s*\Z", re.DOTALL)
FENCE = re.compile(r"^```python\n(.*?)^```\s*$", re.DOTALL | re.MULTILINE)


def source(cell: dict) -> str:
    """The text of a cell."""
    text = cell["source"]
    return text if isinstance(text, str) else "".join(text)


def tags(cell: dict) -> list[str]:
    """The tags of a cell."""
    return cell["metadata"].get("tags", [])


def code_cells(notebook: dict) -> list[tuple[int, dict]]:
    """The code cells with their positions among all cells, counted from 1."""
    return [(i, cell) for i, cell in enumerate(notebook["cells"], 1) if cell["cell_type"] == "code"]


def markdown_cells(notebook: dict) -> list[tuple[int, dict]]:
    """The markdown cells with their positions among all cells, counted from 1."""
    cells = enumerate(notebook["cells"], 1)
    return [(i, cell) for i, cell in cells if cell["cell_type"] == "markdown"]


def has_figure(cell: dict) -> bool:
    """Whether a code cell shows a picture."""
    return any(PICTURES & set(output.get("data", {})) for output in cell["outputs"])


def without_code(text: str) -> str:
    """Markdown without its code blocks and code spans."""
    text = re.sub(r"^```\w*\n.*?^```\s*$", "", text, flags=re.DOTALL | re.MULTILINE)
    return re.sub(r"(?<!`)(?<!\})`[^`\n]+`", "", text)


def begins_with_a_title(notebook: dict, url: str) -> Iterator[str]:
    first = notebook["cells"][0]
    if first["cell_type"] != "markdown" or not source(first).startswith("# "):
        yield "the first cell must be markdown that begins with '# ' and the chapter's title"
    titles = [
        line
        for _, cell in markdown_cells(notebook)
        for line in without_code(source(cell)).splitlines()
        if line.startswith("# ")
    ]
    if len(titles) > 1:
        yield f"there must be one title, not {len(titles)}: {titles}"
    if titles and re.match(r"# (?:Chapter )?\d", titles[0]):
        yield "the title must not hold the chapter's number, which the table of contents gives it"


def begins_with_setup_and_imports(notebook: dict, url: str) -> Iterator[str]:
    cells = code_cells(notebook)
    if len(cells) < 2:
        yield "there must be a setup cell and an imports cell"
        return
    expected = expected_setup(notebook, url)
    if tags(cells[0][1]) != SETUP_TAGS or source(cells[0][1]).strip() != expected:
        yield f"the first code cell must be tagged `setup` and read\n{expected}"
    if not re.match(r"(?:#.*\n|\s)*(?:import|from) ", source(cells[1][1])):
        yield "the second code cell must hold the imports"
    for i, cell in cells[2:]:
        if "setup" in tags(cell):
            yield f"cell {i}: only the first code cell may be tagged `setup`"


def expected_setup(notebook: dict, url: str) -> str:
    """The first code cell: without the device where the notebook itself sets up JAX's devices."""
    device = not SETS_DEVICES.search("\n".join(map(source, notebook["cells"])))
    return setup_cell(url if slug_of(url) else None, device=device).strip()


def tags_are_known(notebook: dict, url: str) -> Iterator[str]:
    for i, cell in enumerate(notebook["cells"], 1):
        for tag in set(tags(cell)) - TAGS:
            yield f"cell {i}: unknown tag {tag!r}; known are {sorted(TAGS)}"


def figures_have_alt_text(notebook: dict, url: str) -> Iterator[str]:
    for i, cell in code_cells(notebook):
        if has_figure(cell):
            alt = cell["metadata"].get("mystnb", {}).get("image", {}).get("alt", "")
            if len(alt.split()) < 3:
                yield f"cell {i}: the figure needs alt text in metadata mystnb > image > alt"
            if source(cell).rstrip().splitlines()[-1].strip() != "plt.show()":
                yield f"cell {i}: a cell that draws a figure ends with plt.show()"
    for i, cell in markdown_cells(notebook):
        text = without_code(source(cell))
        if re.search(r"!\[\s*\]\(", text) or re.search(r"<img(?![^>]*\balt=\"[^\"]+\")", text):
            yield f"cell {i}: the picture needs alt text"


def figures_have_captions(notebook: dict, url: str) -> Iterator[str]:
    for i, cell in code_cells(notebook):
        caption = cell["metadata"].get("mystnb", {}).get("figure", {}).get("caption", "")
        if has_figure(cell) and len(caption.split()) < WORDS_OF_A_CAPTION:
            yield f"cell {i}: the figure needs a caption of at least {WORDS_OF_A_CAPTION} words"


def figures_are_vectors(notebook: dict, url: str) -> Iterator[str]:
    for i, cell in code_cells(notebook):
        data = [output.get("data", {}) for output in cell["outputs"]]
        if any("image/png" in d and "image/svg+xml" not in d for d in data):
            yield f"cell {i}: the figure is no SVG: call plotting.use_house_style(), and `make execute`"


def markdown_is_plain(notebook: dict, url: str) -> Iterator[str]:
    for i, cell in markdown_cells(notebook):
        for name, pattern in MYST.items():
            if re.search(pattern, source(cell), re.MULTILINE):
                yield f"cell {i}: {name} of MyST is raw text in Colab"


def code_stays_offline(notebook: dict, url: str) -> Iterator[str]:
    for i, cell in code_cells(notebook)[1:]:
        if found := re.search(NETWORK, source(cell)):
            yield f"cell {i}: {found.group()!r}: only the setup cell may use the network"


def code_is_plain_python(notebook: dict, url: str) -> Iterator[str]:
    for i, cell in code_cells(notebook)[1:]:
        try:
            ast.parse(source(cell))
        except SyntaxError as error:
            yield f"cell {i}: not plain Python (a magic?): {error}"


def addresses_agree(notebook: dict, url: str) -> Iterator[str]:
    for i, cell in enumerate(notebook["cells"], 1):
        yield from (f"cell {i}: {problem}" for problem in wrong_addresses(source(cell), url))


def wrong_addresses(text: str, url: str) -> Iterator[str]:
    """Addresses of this repository that are not `url`, that of _config.yml; if it is unknown, all of them."""
    slug, repository = slug_of(url), r"([\w.-]+/[\w.-]*\w)"
    found = re.findall(rf"(?:git\+https://github\.com/|colab\.[\w.]+/github/){repository}", text)
    found += [
        address
        for address in re.findall(rf"github\.com/{repository}", text)
        if address.split("/")[1] in {(slug or "/").split("/")[1], "behavioural-modelling"}
    ]
    for address in {address.removesuffix(".git") for address in found} - {slug}:
        yield f"{address} is not the repository of _config.yml, {url}"


def was_run_in_order(notebook: dict, url: str) -> Iterator[str]:
    counts = [cell["execution_count"] for _, cell in code_cells(notebook) if source(cell).strip()]
    if counts != list(range(1, len(counts) + 1)):
        yield f"the stored outputs are not those of one run from top to bottom: {counts}"
    for i, cell in code_cells(notebook):
        if not source(cell).strip():
            yield f"cell {i}: empty"
        if "execution" in cell["metadata"]:
            yield f"cell {i}: stores times of execution; `make execute` does not"
    if "widgets" in notebook["metadata"]:
        yield "stores widgets, which need a running kernel"


def outputs_are_clean(notebook: dict, url: str) -> Iterator[str]:
    for i, cell in code_cells(notebook):
        kinds = [output["output_type"] for output in cell["outputs"]]
        if "error" in kinds and "raises-exception" not in tags(cell):
            yield f"cell {i}: stores an error and is not tagged `raises-exception`"
        if "error" not in kinds and "raises-exception" in tags(cell):
            yield f"cell {i}: tagged `raises-exception` and raised nothing"
        if any(output.get("name") == "stderr" for output in cell["outputs"]):
            yield f"cell {i}: stores a warning or another message on stderr"
        for text in _output_texts(cell):
            if found := re.search(MACHINE_PATH + r"\S*", text):
                yield f"cell {i}: the output names a path of one machine: {found.group().strip()}"


def _output_texts(cell: dict) -> Iterator[str]:
    for output in cell["outputs"]:
        texts = [output.get("text", ""), output.get("data", {}).get("text/plain", "")]
        for text in [*texts, output.get("traceback", [])]:
            joined = text if isinstance(text, str) else "\n".join(text)
            yield re.sub(r"\x1b\[[\d;]*m", "", joined)


def code_cells_are_short(notebook: dict, url: str) -> Iterator[str]:
    for i, cell in code_cells(notebook)[1:]:  # the first is the setup
        if (n_lines := len(source(cell).splitlines())) > MAX_LINES:
            yield f"cell {i}: {n_lines} lines of code; {MAX_LINES} is the most"


def code_is_announced(notebook: dict, url: str) -> Iterator[str]:
    for i, cell in code_cells(notebook):
        announced = i > 1 and notebook["cells"][i - 2]["cell_type"] == "markdown"
        if not announced and "check" not in tags(cell):
            yield f"cell {i}: no text directly before the code says what to expect"


def exercises(notebook: dict) -> Iterator[tuple[str, int]]:
    """The name of each exercise and the index of its heading cell, counted from 0."""
    for i, cell in markdown_cells(notebook):
        if match := EXERCISE.match(source(cell)):
            yield f"{match[1]}.{match[2]}", i - 1


def exercise_cells(notebook: dict, start: int) -> list[dict]:
    """The stub, the check and the solution that follow the heading at `start`.

    Text may stand between the stub and the check, to say what the check does.
    """
    cells = notebook["cells"][start + 1 : start + 5]
    if len(cells) == 4 and cells[1]["cell_type"] == "markdown":
        return [cells[0], *cells[2:]]
    return cells[:3]


def exercises_are_complete(notebook: dict, url: str) -> Iterator[str]:
    cells, found = notebook["cells"], list(exercises(notebook))
    for name, start in found:
        parts = exercise_cells(notebook, start)
        kinds = [cell["cell_type"] for cell in parts]
        if kinds != ["code", "code", "markdown"]:
            yield f"exercise {name}: a stub, a check and a solution must follow, found {kinds}"
            continue
        stub, check, answer = parts
        if "exercise" not in tags(stub) or "..." not in source(stub):
            yield f"exercise {name}: the stub must be tagged `exercise` and hold `...`"
        if "check" not in tags(check):
            yield f"exercise {name}: the check must be tagged `check`"
        if not solution(answer):
            yield f"exercise {name}: no solution in <details> with a ```python block"
    marked = sum("exercise" in tags(cell) or "check" in tags(cell) for cell in cells)
    if marked != 2 * len(found):
        yield "a cell tagged `exercise` or `check` belongs to no '### Exercise N.M: title'"
    headings = [
        line
        for _, cell in markdown_cells(notebook)
        for line in source(cell).splitlines()
        if re.match(r"#+ Exercise\b", line)
    ]
    if len(headings) != len(found):
        yield f"each exercise begins a cell of its own with '### Exercise N.M: title': {headings}"


def solution(cell: dict) -> str:
    """The code of a solution cell, or nothing where the cell is not one."""
    details = DETAILS.match(source(cell))
    return "\n".join(FENCE.findall(details.group(1))) if details else ""


def checks_hold_no_answer(notebook: dict, url: str) -> Iterator[str]:
    for name, start in exercises(notebook):
        for check in exercise_cells(notebook, start)[1:2]:
            if check["cell_type"] == "code" and not is_check_of(source(check), name):
                yield f'exercise {name}: the check must be one call, check("{name}", function), and no more'


def is_check_of(code: str, number: str) -> bool:
    """Whether code is a call of `check` with this number and names of functions, and no more."""
    match ast.parse(code).body:
        case [ast.Expr(ast.Call(ast.Name("check"), [ast.Constant(given), *functions], []))]:
            return given == number and bool(functions) and all(isinstance(f, ast.Name) for f in functions)
    return False


def progress_is_told_at_the_end(notebook: dict, url: str) -> Iterator[str]:
    found, cells = list(exercises(notebook)), notebook["cells"]
    at = [i for i, cell in enumerate(cells) if "progress" in tags(cell)]
    if not found:
        yield from ["a progress cell in a chapter without exercises"] if at else []
        return
    number, after = found[-1][0].partition(".")[0], found[-1][1] + 2
    if len(at) != 1 or at[0] <= after or source(cells[at[0]]).strip() != f"progress({number})":
        yield f"after the last exercise there must be one cell tagged `progress`: progress({number})"


def latecomers_can_go_on(notebook: dict, url: str) -> Iterator[str]:
    cells, found = notebook["cells"], list(exercises(notebook))
    behind = [i for i, cell in enumerate(cells) if "behind" in tags(cell)]
    if found and not any(i < found[0][1] for i in behind):
        yield "before the exercises there must be a cell tagged `behind` that defines what they need"
    for i in behind:
        if not source(cells[i - 1]).rstrip().splitlines()[-1].startswith("**Behind?**"):
            yield f"cell {i + 1}: the text before a cell tagged `behind` must end in a line **Behind?** ..."


def explorers_are_not_compared(notebook: dict, url: str) -> Iterator[str]:
    for i, cell in code_cells(notebook):
        if "explorer" in tags(cell) and "nbval-ignore-output" not in tags(cell):
            yield f"cell {i}: an explorer's output moves; tag it `nbval-ignore-output` as well"


RULES = (
    begins_with_a_title,
    begins_with_setup_and_imports,
    tags_are_known,
    figures_have_alt_text,
    figures_have_captions,
    figures_are_vectors,
    markdown_is_plain,
    code_stays_offline,
    code_is_plain_python,
    addresses_agree,
    was_run_in_order,
    outputs_are_clean,
    code_cells_are_short,
    code_is_announced,
    exercises_are_complete,
    checks_hold_no_answer,
    progress_is_told_at_the_end,
    latecomers_can_go_on,
    explorers_are_not_compared,
)
