"""The pages that are not notebooks: they agree with the chapters, and what they count and show is so."""

import ast
import io
import json
import re
import sys
from pathlib import Path

import nbformat
import pytest
import yaml
from pypdf import PdfReader

ROOT = Path(__file__).resolve().parent.parent
BOOK = ROOT / "book"
CHAPTERS = sorted(BOOK.glob("[0-9][0-9]-*.ipynb"))
HANDOUTS = ["handout-1", "handout-2", "handout-3", "handout-4"]
PYTHON = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
ROW = re.compile(r"^\| (.*) \|$", re.MULTILINE)
MINUTES = re.compile(r"(\d+|[A-Z][a-z]+) minutes of reading and running(?:, and (\d+) for the exercises)?")
WORDS = {"Fifteen": 15}
sys.path.insert(0, str(BOOK / "_ext"))
sys.path.insert(0, str(ROOT / "scripts"))
import execute_notebooks  # noqa: E402
import how_tested  # noqa: E402


def page(name: str) -> str:
    return (BOOK / f"{name}.md").read_text(encoding="utf-8")


def minutes_of(chapter: Path) -> tuple[int, int]:
    """The minutes that a chapter itself says: for reading, and for its exercises."""
    found = MINUTES.search(nbformat.read(chapter, as_version=4).cells[0].source)
    assert found, f"{chapter.name} does not say how many minutes it takes"
    return int(WORDS.get(found[1], found[1])), int(found[2] or 0)


def sections() -> dict[int, str]:
    """The sections of the teaching guide by chapter."""
    parts = re.split(r"^### Chapter (\d+): .*$", page("teaching"), flags=re.MULTILINE)
    return dict(zip(map(int, parts[1::2]), parts[2::2], strict=True))


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda path: path.stem)
def test_minutes_are_the_same_everywhere(chapter):
    reading, exercises = minutes_of(chapter)
    rows = [row.split(" | ") for row in ROW.findall(page("intro")) if chapter.name in row]
    expected = f"{reading} + {exercises}" if exercises else str(reading)
    assert rows and rows[0][3] == expected, "intro.md says otherwise"
    timed = [row.split(" | ") for row in ROW.findall(sections()[int(chapter.name[:2])])]
    timed = [(name, int(minutes)) for name, minutes in timed if minutes.isdigit()]
    assert sum(minutes for name, minutes in timed if not name.startswith("Exercises")) == reading
    assert sum(minutes for name, minutes in timed if name.startswith("Exercises")) == exercises


def test_the_teaching_guide_has_the_same_parts_for_each_chapter():
    found = sections()
    assert sorted(found) == [int(chapter.name[:2]) for chapter in CHAPTERS]
    parts = ["Outcomes", "Ask", "Wrong answers to expect", "Where people get stuck", "What to cut"]
    for number, text in found.items():
        leads = re.findall(r"^\*\*([A-Z][\w ]+)\.\*\*", text, flags=re.MULTILINE)
        assert leads == parts, f"chapter {number}"


def test_sections_that_the_teaching_guide_names_exist():
    chapters = {int(chapter.name[:2]): chapter for chapter in CHAPTERS}
    for number, text in sections().items():
        notebook = nbformat.read(chapters[number], as_version=4)
        headings = "\n".join(re.findall(r"^#+ (.*)$", "\n".join(c.source for c in notebook.cells), re.M))
        rows = [row.split(" | ")[0] for row in ROW.findall(text) if row.split(" | ")[1].isdigit()]
        named = [part.strip() for row in rows for part in row.removeprefix("(break) ").split("; ")]
        missing = [name for name in named if not known(name, headings)]
        assert not missing, f"chapter {number}: {missing}"


def known(name: str, headings: str) -> bool:
    """Whether each comma-free part of a row begins like a heading, whatever the case."""
    name = name.split(", ")[0].split(" (")[0].split(": ")[0]
    return name.startswith("Exercises") or name.lower().replace("`", "") in headings.lower().replace("`", "")


def test_the_first_page_after_the_introduction_is_chapter_1():
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    files = [chapter["file"] for part in toc["parts"] for chapter in part["chapters"]]
    assert files[: len(CHAPTERS)] == [f"book/{chapter.stem}" for chapter in CHAPTERS]
    assert [part["caption"] for part in toc["parts"] if part.get("numbered")] == [
        "Part I: Simulating behaviour",
        "Part II: From choices to estimates",
        "Part III: From estimates to conclusions",
        "Part IV: The model library",
    ]


def test_the_glossary_is_in_order_and_each_word_leads_to_a_chapter():
    body = page("glossary").split("```{glossary}\n")[1].rsplit("```", 1)[0]
    entries = [entry.split("\n  ") for entry in body.strip().split("\n\n")]
    terms = [term for term, _ in entries]
    assert terms == sorted(terms, key=str.lower)
    assert len(set(terms)) == len(terms)
    for term, text in entries:
        assert re.search(r"\]\((\d\d-[\w-]+\.ipynb|guide\.md)\)$", text), f"{term} leads nowhere"
        sentences = re.sub(r" \[[^\]]*\]\([^)]*\)$", "", text)
        assert len(re.findall(r"[.:](?:\s|$)", sentences)) <= 4, f"{term} takes more than two sentences"


def test_a_word_of_the_glossary_occurs_in_the_chapter_it_leads_to():
    body = page("glossary").split("```{glossary}\n")[1].rsplit("```", 1)[0]
    lost = []
    for entry in body.strip().split("\n\n"):
        term, text = entry.split("\n  ")
        target = re.findall(r"\]\(([^)]*)\)$", text)[0]
        source = (BOOK / target).read_text(encoding="utf-8").lower()
        lost += [] if any(word.lower() in source for word in term.split(", ")) else [f"{term}: {target}"]
    assert not lost


def symbols_of(text: str) -> list[tuple[list[str], str]]:
    """For each row of the tables in a text, its symbols and its last cell."""
    rows = [[cell.strip() for cell in f"{row} ".split(" | ")] for row in ROW.findall(text)]
    found = [([part.strip(" $") for part in row[0].split(",")], row[-1]) for row in rows]
    return [(names, last) for names, last in found if names not in (["symbol"], ["---"])]


def test_no_symbol_stands_for_two_things_and_those_that_do_say_so():
    before, after = page("notation").split("## Equations")
    symbols = [name for names, _ in symbols_of(before) for name in names]
    assert len(symbols) > 30 and len(set(symbols)) == len(symbols)
    of_groups = symbols_of(after.split("## Posteriors and groups")[1].split("\n## ")[0])
    again = {name: last for names, last in of_groups for name in names if name in symbols}
    assert "sigma" in "".join(again) and all(again.values()), f"the last column of {again} is empty"
    names = [name for names, _ in of_groups for name in names]
    assert len(set(names)) == len(names)
    of_library = symbols_of(after.split("## The model library")[1].split("\n## ")[0])
    assert len(of_library) > 5
    assert all(last for names, last in of_library for name in names if name in symbols)


@pytest.mark.parametrize("name", HANDOUTS)
def test_the_calls_of_a_handout_run(name):
    code = "\n".join(PYTHON.findall(page(name)))
    assert code
    exec(code, {})


@pytest.mark.browser
@pytest.mark.parametrize("name", HANDOUTS)
def test_a_handout_is_one_sheet(name, visit):
    pdf = visit(f"book/{name}").tab.pdf(format="A4", print_background=True)
    assert len(PdfReader(io.BytesIO(pdf)).pages) == 1


def test_counts_are_those_of_a_small_notebook(tmp_path):
    cell = nbformat.v4.new_code_cell
    notebook = nbformat.v4.new_notebook(
        cells=[
            nbformat.v4.new_markdown_cell("assert False"),
            cell("assert True\nfor x in (1, 2):\n    assert x, 'a message'"),
            cell("print('assert')", metadata={"tags": ["nbval-ignore-output"]}),
        ]
    )
    path = tmp_path / "02-small.ipynb"
    nbformat.write(notebook, path)
    found = how_tested.chapter_of(path, {"02-small": {"seconds": 7, "cores": 2}})
    assert (found.compared, found.may_differ, found.assertions) == (1, 1, 2)
    assert found.exercises == 3 and found.mistakes >= 9
    assert how_tested.run_time(found) == "7 s, 2 cores"
    assert how_tested.run_time(how_tested.chapter_of(path, {})) == "not measured"


def test_the_page_counts_every_chapter_and_this_test():
    found = how_tested.chapters()
    assert [chapter.name for chapter in found] == [path.name for path in CHAPTERS]
    functions, files = how_tested.test_functions()
    names = [node.name for node in ast.parse(Path(__file__).read_text()).body if hasattr(node, "name")]
    assert functions > sum(name.startswith("test_") for name in names) and files > 1
    table = how_tested.table_text(found)
    assert all(table.count(f"({path.name})") == 1 for path in CHAPTERS)
    assert str(sum(chapter.assertions for chapter in found)) in how_tested.counts_text(found)


def test_stored_run_times_change_only_when_they_differ():
    times = {"a": {"seconds": 40, "cores": 2}}
    assert execute_notebooks.with_time(times, "a", 44.0, 2) is times
    assert execute_notebooks.with_time(times, "a", 80.0, 2)["a"] == {"seconds": 80, "cores": 2}
    assert execute_notebooks.with_time(times, "a", 40.0, 4)["a"]["cores"] == 4
    assert execute_notebooks.with_time(times, "b", 0.2, 2)["b"] == {"seconds": 1, "cores": 2}


def test_the_list_of_run_times_has_one_line_for_each_chapter(tmp_path, monkeypatch):
    monkeypatch.setattr(execute_notebooks, "TIMES", tmp_path / "run_times.json")
    execute_notebooks.store_time("02-b", 5.2)
    execute_notebooks.store_time("01-a", 3.0)
    text = execute_notebooks.TIMES.read_text(encoding="utf-8")
    assert list(json.loads(text)) == ["01-a", "02-b"]
    assert len(text.splitlines()) == 4
