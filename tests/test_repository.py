"""What stands outside the package: README, Makefile, requirements, workflows, addresses."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import notebook_lint
import pytest
import yaml

import behavioural_modelling

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "scripts"))
import check_site  # noqa: E402
import set_repository  # noqa: E402
import setup_cell  # noqa: E402

WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
# Files of any of these kinds are text that we wrote.
TEXT = {".py", ".md", ".toml", ".yml", ".txt", ".cff", ".css", ".svg", ".bib", ".ipynb", ""}
# A package index's own host, and the top directories of one machine.
# (Written in pieces, so that this file does not find itself.)
FORBIDDEN = {
    "the host of a package index": r"(?:files\.pythonhosted|pypi|test\.pypi)" + r"\.org|index-url",
    "a path of one machine": r"(?<![\w.:/])/(?:home|root|work|Users)" + r"/\w",
}
# The lint of the notebooks and this file name such paths because they look for them.
ALLOWED = {"tests/notebook_lint.py", "tests/test_notebooks.py", "tests/test_repository.py"}


def text(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def our_files() -> list[Path]:
    """The files under version control, and those about to be."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    try:
        listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):  # an unpacked archive has no git
        pytest.skip("not a git checkout: which files are tracked is unknown")
    return [ROOT / name for name in listed.stdout.splitlines() if (ROOT / name).is_file()]


def make_targets() -> set[str]:
    return set(re.findall(r"^([a-z]+):", text("Makefile"), re.MULTILINE))


def test_every_target_has_a_line_of_help():
    helped = set(re.findall(r"^([a-z]+):.*?## \S", text("Makefile"), re.MULTILINE))
    phony = re.search(r"^\.PHONY: (.*)$", text("Makefile"), re.MULTILINE).group(1).split()
    assert make_targets() == helped == set(phony)


def test_make_alone_lists_the_targets():
    listed = subprocess.run(["make"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert set(re.findall(r"^  make (\w+) ", listed, re.MULTILINE)) == make_targets()


@pytest.mark.parametrize("name", ["README.md", ".ci/run", "book/intro.md"])
def test_commands_exist(name):
    commands = set(re.findall(r"(?:^|`|\s)make ([a-z]+)\b(?=[` \n]|$)", text(name), re.MULTILINE))
    fenced = set(re.findall(r"^\s*make ([a-z]+)", text(name), re.MULTILINE))
    assert fenced <= make_targets()
    assert {"book", "test"} <= commands | fenced or name == "book/intro.md"


def test_readme_begins_with_the_two_commands_and_a_figure():
    readme = text("README.md")
    assert 0 < readme.index("make book") < readme.index("make test") < readme.index("![")
    for picture in re.findall(r"!\[[^\]]+\]\((?!http)([^)]+)\)", readme):
        assert (ROOT / picture).is_file(), f"README.md shows {picture}, which is not there"


def test_readme_links_exist():
    for link in re.findall(r"(?<!!)\[[^\]]+\]\((?!http|#)([^)#]+)", text("README.md")):
        assert (ROOT / link).exists(), f"README.md links to {link}, which is not there"


def test_readme_code_runs():
    blocks = re.findall(r"^```python\n(.*?)^```", text("README.md"), re.DOTALL | re.MULTILINE)
    assert blocks
    namespace = {"__name__": "__main__"}  # one for all: a block goes on where the one before it ended
    for block in blocks:
        exec(compile(block, "README.md", "exec"), namespace)


def colab_links(root: Path = ROOT) -> list[str]:
    """README.md's links to Colab, as owner/name and file."""
    link = r"colab\.[\w.]+/github/([\w.-]+/[\w.-]+)/blob/main/(\S+?\.ipynb)"
    return re.findall(link, (root / "README.md").read_text(encoding="utf-8"))


CHAPTERS = sorted(path.relative_to(ROOT).as_posix() for path in ROOT.glob("book/*.ipynb"))


def test_every_chapter_is_in_the_readme_with_its_link_to_colab():
    rows = re.findall(r"^\| \d+ \| \[[^\]]+\]\((\S+)\) \|", text("README.md"), re.MULTILINE)
    assert rows == CHAPTERS
    slug = set_repository.slug_of(set_repository.repository_url())
    assert colab_links() == ([(slug, chapter) for chapter in CHAPTERS] if slug else [])


@pytest.mark.parametrize(
    "name",
    ["jupyter-book", "sphinx-mathjax-offline", "jax", "jaxlib", "numpy", "matplotlib"]
    + ["colormaps", "fontpkg-heebo", "cpm-toolbox", "nbval"],
)
def test_requirement_stays(name):
    assert re.search(rf"^{name}(?=[>=<\s]|$)", text("requirements.txt"), re.MULTILINE)
    assert re.search(rf"^{name}==", text("constraints.txt"), re.MULTILINE)


def test_requirements_keep_jupyter_book_1_and_the_package():
    assert "jupyter-book>=1.0.4.post1,<2" in text("requirements.txt").splitlines()
    assert "-e ." in text("requirements.txt").splitlines()


def test_constraints_are_exact():
    lines = [line for line in text("constraints.txt").splitlines() if not line.startswith("#")]
    assert lines
    assert [line for line in lines if not re.fullmatch(r"[\w.-]+==[\w.+]+", line)] == []


def test_the_tested_package_is_the_one_in_this_checkout():
    assert Path(behavioural_modelling.__file__).is_relative_to(ROOT / "src")


def test_table_of_contents_is_complete():
    pages = check_site.toc_pages(yaml.safe_load(text("_toc.yml")))
    assert len(pages) == len(set(pages))
    found = [
        path.relative_to(ROOT).with_suffix("").as_posix()
        for pattern in ("book/**/*.md", "book/*.ipynb")
        for path in ROOT.glob(pattern)
    ]
    assert sorted(pages) == sorted(found)


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_workflows_install_as_make_does(path):
    jobs = yaml.safe_load(path.read_text(encoding="utf-8"))["jobs"]
    runs = [step["run"] for job in jobs.values() for step in job["steps"] if "run" in step]
    assert runs
    for run in runs:
        if run.startswith("python scripts/try_notebooks.py "):  # which makes an environment of its own
            continue
        target = re.fullmatch(r"make ([a-z]+)( [A-Z]+=\S*)*", run)
        assert target and target.group(1) in make_targets(), run


def test_there_are_workflows_for_tests_publishing_and_new_releases():
    assert {path.stem for path in WORKFLOWS} >= {"tests", "publish", "newest"}


def test_files_name_no_machine_and_no_package_index():
    problems = [
        f"{path.relative_to(ROOT)}: {what}: {found.group()!r}"
        for path in our_files()
        if path.suffix in TEXT and path.relative_to(ROOT).as_posix() not in ALLOWED
        for what, pattern in FORBIDDEN.items()
        if (found := re.search(pattern, path.read_text(encoding="utf-8")))
    ]
    assert not problems, "\n".join(problems)


def test_addresses_are_those_of_the_configuration():
    url = set_repository.repository_url()
    problems = [
        f"{path.relative_to(ROOT)}: {problem}"
        for pattern in set_repository.FILES
        for path in ROOT.glob(pattern)
        for problem in notebook_lint.wrong_addresses(path.read_text(encoding="utf-8"), url)
    ]
    assert not problems, "\n".join(problems)


def test_the_address_is_where_the_tests_run():
    # GitHub says where that is; elsewhere nobody knows.
    url, running_in = set_repository.repository_url(), os.environ.get("GITHUB_REPOSITORY")
    assert not set_repository.problem(url, running_in), set_repository.problem(url, running_in)


def test_a_forks_owner_is_told_what_to_do():
    ours, told = "https://github.com/ada/lab-course", set_repository.problem
    assert told(set_repository.UNKNOWN, None) == told(ours, None) == told(ours, "Ada/Lab-Course") == ""
    command = "make repository URL=https://github.com/bob/course"
    assert "no address yet" in told(set_repository.UNKNOWN, "bob/course")
    assert "ada/lab-course" in told(ours, "bob/course")
    assert all(command in told(url, "bob/course") for url in (set_repository.UNKNOWN, ours))


@pytest.fixture
def copied(tmp_path):
    """A copy of every file that may hold the address."""
    for pattern in set_repository.FILES:
        for path in ROOT.glob(pattern):
            copy = tmp_path / path.relative_to(ROOT)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, copy)
    return tmp_path


def first_code_cell(notebook: Path) -> str:
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    return notebook_lint.source(next(cell for cell in cells if cell["cell_type"] == "code"))


def test_the_address_can_be_changed_to_and_fro(copied):
    before = set_repository.repository_url()
    slugs, changed = ["ada/lab-course", "bob/course", None, "ada/lab-course.jl", None], set()
    for slug in slugs:
        url = f"https://github.com/{slug}" if slug else set_repository.UNKNOWN
        given = f"{url}.git" if slug else url
        changed |= {path.name for path in set_repository.set_repository(given, copied)}
        assert set_repository.repository_url(copied) == url
        assert colab_links(copied) == ([(slug, chapter) for chapter in CHAPTERS] if slug else [])
        for chapter in CHAPTERS:
            setup = first_code_cell(copied / chapter)
            device = "07-" not in chapter
            assert setup == setup_cell.setup_cell(url if slug else None, device=device).strip()
            assert (f"git+{url}" in setup) == ("pip" in setup) == bool(slug)
        gone = {f"github.com/{other}" for other in slugs if other} - {f"github.com/{slug}"}
        gone |= {"https://repository.invalid"} if slug else {"git+"}
        for path in filter(Path.is_file, copied.rglob("*")):
            words = path.read_text(encoding="utf-8")
            assert not [old for old in gone if re.search(rf"{re.escape(old)}(?![\w.-])", words)], path
    assert changed >= {"_config.yml", "README.md", "pyproject.toml", "CITATION.cff", "01-overview.ipynb"}
    set_repository.set_repository(before, copied)
    for path in filter(Path.is_file, copied.rglob("*")):
        assert path.read_bytes() == (ROOT / path.relative_to(copied)).read_bytes()


@pytest.mark.parametrize("url", [set_repository.UNKNOWN, "https://github.com/ada/lab-course"])
def test_the_site_has_no_buttons_that_lead_nowhere(url):
    sys.path.insert(0, str(ROOT / "book" / "_ext"))
    import offline_site

    buttons = {"launch_buttons": {"colab_url": "https://colab.example"}, "use_repository_button": True}
    given = SimpleNamespace(html_theme_options={"repository_url": url, "use_issues_button": True} | buttons)
    offline_site.drop_links_to_nowhere(None, given)
    shown = {name for name, value in given.html_theme_options.items() if value}
    everything = {"repository_url", "use_issues_button", *buttons}
    assert shown == (set() if url == set_repository.UNKNOWN else everything)


@pytest.mark.parametrize(
    "url",
    ["", "github.com/ada/course", "https://github.com/ada", "https://ada.invalid/behavioural-modelling"],
)
def test_a_wrong_address_is_refused(url, tmp_path):
    with pytest.raises(ValueError, match="URL must look like"):
        set_repository.set_repository(url, tmp_path)


def test_check_site_finds_a_missing_page_and_a_request_outside(tmp_path):
    assert "no page was built" in check_site.page_problems("page", tmp_path)[0]
    page = tmp_path / "page.html"
    page.write_text("<p>nothing</p>")
    assert "no content" in check_site.page_problems("page", tmp_path)[0]
    content = "<article><h1>A title</h1></article><a href='https://example.org'>a link</a>"
    page.write_text(content)
    assert check_site.page_problems("page", tmp_path) == []
    page.write_text(content + "<script src='//cdn.example.org/x.js'></script>")
    assert "outside the site" in check_site.page_problems("page", tmp_path)[0]


def test_notation_gives_each_name_one_symbol():
    rows = re.findall(
        r"^\| (\$.*?\$) \| (`.*?`) \|", (ROOT / "book" / "notation.md").read_text(), re.MULTILINE
    )
    names = [name for _, cell in rows for name in cell.split(", ")]
    assert len(names) > 20
    assert sorted(names) == sorted(set(names)), "a name in code has two symbols"
