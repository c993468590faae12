"""Check the built site: every page of the table of contents is there and fetches nothing outside.

Run by `make book`. Prints where to open the site, or says what is missing and exits with 1.
"""

import re
import sys
from html.parser import HTMLParser
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parent.parent
SITE = ROOT / "_build" / "html"
# What a browser fetches by itself when it reads a page; a link to click on is not among it.
FETCHED = {"script": "src", "img": "src", "iframe": "src", "link": "href", "source": "src"}
NOT_FETCHED = {"canonical", "index", "search", "next", "prev", "author", "license"}


def toc_pages(toc: dict) -> list[str]:
    """The files of a table of contents, in reading order."""
    pages = [toc[name] for name in ("root", "file") if name in toc]
    for name in ("parts", "chapters", "sections"):
        for entry in toc.get(name, []):
            pages += toc_pages(entry)
    return pages


class _Fetches(HTMLParser):
    def __init__(self):
        super().__init__()
        self.outside: list[str] = []

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        if NOT_FETCHED & set((attributes.get("rel") or "").split()):
            return
        address = attributes.get(FETCHED.get(tag, "")) or ""
        if re.match(r"(?:[a-z]+:)?//", address):
            self.outside.append(address)


def page_problems(page: str, site: Path) -> list[str]:
    """What is wrong with one page, in words."""
    path = site / f"{page}.html"
    if not path.is_file():
        return [f"{page}: no page was built at {path}"]
    text = path.read_text(encoding="utf-8")
    if "<article" not in text or "<h1" not in text:
        return [f"{page}: the page at {path} has no content"]
    fetches = _Fetches()
    fetches.feed(text)
    return [f"{page}: fetches {address} from outside the site" for address in fetches.outside]


def main() -> int:
    pages = toc_pages(yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8")))
    for path in (SITE / "book").rglob("*.html"):
        if path.relative_to(SITE).with_suffix("").as_posix() not in pages:  # of an earlier build
            path.unlink()
    problems = [problem for page in pages for problem in page_problems(page, SITE)]
    for problem in problems:
        print(problem, file=sys.stderr)
    if problems:
        return 1
    print(f"All {len(pages)} pages are built. Open {(SITE / 'index.html').as_uri()}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
