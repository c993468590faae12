"""Change the address of the repository wherever it stands: `make repository URL=...`.

The present address is read from _config.yml, where it stands as the `repository: url`. Until the repository
has a home it is UNKNOWN, under a name that nobody can register: then no notebook installs anything, and
there are no links to Colab. A home on GitHub brings both, and whole addresses for the notebooks' links to
pages of the book, since Colab has no such page; to set UNKNOWN as the URL takes all of it away again.
Plain Python on purpose: a fork can run this before anything is installed.
"""

import re
import sys
from pathlib import Path

from setup_cell import with_setup_cell

ROOT = Path(__file__).resolve().parent.parent
FILES = ("*.md", "*.toml", "*.cff", "_config.yml", "book/*.md", "book/*.ipynb")
UNKNOWN = "https://repository.invalid/behavioural-modelling"
SLUG = re.compile(r"https://github\.com/([\w.-]+/[\w.-]+?)(?:\.git)?/?")

# README.md's tables of chapters, without and with a column of links.
HEAD = "| | Chapter |"
RULE = "|---|---|"
LINKS, LINKS_RULE = " Open it in Colab |", "---|"
CHAPTER = re.compile(r"^(\| \d+ \| \[[^\]]+\]\((book/\S+\.ipynb)\) \|).*$", re.MULTILINE)

# A notebook's links to pages of the book, as they are beside those pages.
PAGE_LINK = re.compile(r"(?<=\]\()([\w-]+\.md)(?=[#)])")


def repository_url(root: Path = ROOT) -> str:
    """The repository's address, from _config.yml: one on GitHub, or UNKNOWN."""
    config = (root / "_config.yml").read_text(encoding="utf-8")
    found = re.search(r"^repository:\n(?:  .*\n)*?  url: (\S+)", config, re.MULTILINE)
    if not found or not (found.group(1) == UNKNOWN or SLUG.fullmatch(found.group(1))):
        raise ValueError(f"_config.yml has no GitHub address and not {UNKNOWN} under `repository: url`")
    return found.group(1)


def slug_of(url: str) -> str | None:
    """The repository as `owner/name`; None where its address is UNKNOWN."""
    match = SLUG.fullmatch(url)
    return match.group(1) if match else None


def problem(url: str, running_in: str | None) -> str:
    """What is wrong where GitHub runs the tests of `running_in`, owner/name; "" where nothing is."""
    slug = slug_of(url)
    if not running_in or (slug and slug.lower() == running_in.lower()):
        return ""
    here = slug or "no address yet"
    fix = f"make repository URL=https://github.com/{running_in}"
    return f"_config.yml has {here}, and this is {running_in}: run `{fix}` and commit what it changes"


def set_repository(url: str, root: Path = ROOT) -> list[Path]:
    """Rewrite the address in every file that holds it; returns the files that changed."""
    slug = slug_of(url)
    if not slug and url != UNKNOWN:
        raise ValueError(f"URL must look like https://github.com/you/fork, got {url!r}")
    new = f"https://github.com/{slug}" if slug else UNKNOWN
    old, changed = repository_url(root), []
    for path in sorted({path for pattern in FILES for path in root.glob(pattern)}):
        before = path.read_text(encoding="utf-8")
        after = rewritten(before, old, new)
        if after != before:
            path.write_text(after, encoding="utf-8")
            changed.append(path)
    return changed


def rewritten(text: str, old: str, new: str) -> str:
    """A file's text with the new address: links, setup cells, and the tables' links to Colab."""
    text = re.sub(rf"{re.escape(old)}(?![\w-])", new, text)
    if text.startswith("{"):  # a notebook
        text = with_setup_cell(text, new if slug_of(new) else None)
        text = with_page_links(text, new)
    return _with_links(_without_links(text), slug_of(new))


def with_page_links(text: str, url: str) -> str:
    """A notebook whose links to .md pages lead to the repository, or to the page beside it without a home."""
    pages = f"{url}/blob/main/book/"
    text = re.sub(rf"(?<=\]\(){re.escape(pages)}(?=[\w-]+\.md[#)])", "", text)
    return PAGE_LINK.sub(rf"{pages}\1", text) if slug_of(url) else text


def _without_links(text: str) -> str:
    """README.md's tables without the column of links."""
    return CHAPTER.sub(r"\1", text.replace(f"{HEAD}{LINKS}\n{RULE}{LINKS_RULE}", f"{HEAD}\n{RULE}"))


def _with_links(text: str, slug: str | None) -> str:
    """The tables with links to Colab, where the repository has a home."""
    if not slug:
        return text
    text = text.replace(f"{HEAD}\n{RULE}", f"{HEAD}{LINKS}\n{RULE}{LINKS_RULE}")
    return CHAPTER.sub(rf"\1 [run](https://colab.research.google.com/github/{slug}/blob/main/\2) |", text)


if __name__ == "__main__":
    try:
        for file in set_repository(sys.argv[1]):
            print(f"changed {file.relative_to(ROOT)}")
    except ValueError as error:
        sys.exit(str(error))
