"""The built site as files: links, pictures, anchors. What a browser makes of it is in test_site.py."""

import functools
import importlib
import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

from site_browser import PAGES, each_page


class Page(HTMLParser):
    """What a page refers to and what it can be referred to by."""

    def __init__(self, path: Path):
        super().__init__()
        self.links: list[str] = []
        self.anchors: set[str] = set()
        self.images: list[dict] = []
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attrs):
        attributes = {name: value or "" for name, value in attrs}
        self.anchors |= {attributes[name] for name in ("id", "name") if name in attributes}
        if tag == "img":
            self.images.append(attributes)
        self.links += [attributes[name] for name in ("href", "src") if attributes.get(name)]


@functools.cache
def parsed(path: Path) -> Page:
    return Page(path)


def broken_links(page: str, site: Path) -> list[str]:
    """The links of a page that lead to no file of the site, or to no anchor of a page."""
    broken = []
    for link in sorted(set(parsed(site / f"{page}.html").links)):
        target = urlsplit(urljoin(f"http://site/{page}.html", link))
        if target.scheme not in ("http", "https") or target.netloc != "site":
            continue
        path = site / unquote(target.path).lstrip("/")
        path = path / "index.html" if path.is_dir() else path
        if not path.is_file():
            broken.append(f"{link} (no such file)")
        elif target.fragment and path.suffix == ".html":
            if unquote(target.fragment) not in parsed(path).anchors:
                broken.append(f"{link} (no such anchor)")
    return broken


@each_page
def test_links_within_the_site_lead_somewhere(site, page):
    assert broken_links(page, site) == []


@each_page
def test_pages_describe_themselves(site, page):
    """To search engines, to chats that show a card, to a screen reader."""
    head = (site / f"{page}.html").read_text(encoding="utf-8").split("</head>")[0]
    tags = dict(re.findall(r'<meta (?:name|property)="([\w:]+)" content="([^"]*)"', head))
    assert '<html lang="en-GB"' in head
    assert 30 < len(tags["description"]) < 250 and not tags["description"].endswith(".."), tags
    assert tags["og:description"] == tags["description"]
    assert tags["og:title"] and tags["og:site_name"] == "Behavioural modelling in JAX"
    assert head.count('name="viewport"') == 1
    # Whole addresses, or none.
    assert all(tags.get(name, "https://").startswith("https://") for name in ("og:url", "og:image"))


def test_start_page_and_error_page_say_where_one_is(site):
    start, missing = ((site / name).read_text(encoding="utf-8") for name in ("index.html", "404.html"))
    assert "<title>Behavioural modelling in JAX</title>" in start
    assert "<h1>No such page</h1>" in missing
    assert all('<html lang="en-GB"' in page for page in (start, missing))
    # Such a page is served at any depth: its links start at the top.
    hrefs = re.findall(r'(?:href|src)="([^"]*)"', missing)
    assert [href for href in hrefs if not href.startswith(("/", "#", "https://"))] == []


def test_descriptions_differ(site):
    pages = [(site / f"{page}.html").read_text(encoding="utf-8") for page in PAGES]
    told = [re.search(r'name="description" content="([^"]*)"', page)[1] for page in pages]
    assert len(set(told)) == len(PAGES)


def test_nothing_is_published_that_nothing_uses(site):
    assert not [*site.rglob("fontawesome*.js"), *site.rglob("*.map"), *site.rglob("sre")]
    assert sum(path.stat().st_size for path in (site / "_static").rglob("*") if path.is_file()) < 12_000_000


@each_page
def test_images_have_alt_text(site, page):
    for image in parsed(site / f"{page}.html").images:
        alt = image.get("alt", "")
        # Without alt text, Sphinx writes the name of the file.
        assert alt.strip() and not re.search(r"\.(?:png|svg|jpg)$", alt), image


def test_broken_links_are_found(tmp_path):
    (tmp_path / "a.html").write_text('<p id="here"><a href="b.html#no"></a><a href="c.html"></a>')
    (tmp_path / "b.html").write_text('<p id="yes"><a href="a.html#here"></a><a href="#yes"></a>')
    assert len(broken_links("a", tmp_path)) == 2
    assert broken_links("b", tmp_path) == []


def test_the_reference_leaves_out_the_constants_that_modules_keep_to_themselves(site):
    pages = [(site / f"{page}.html").read_text(encoding="utf-8") for page in PAGES if "/api/" in page]
    shown = {name for page in pages for name in re.findall(r'<dt [^>]*id="([\w.]+\.[A-Z][A-Z_]+)"', page)}
    public = {name for name in shown if name.rpartition(".")[2] in of_module(name).__all__}
    assert shown == public and "behavioural_modelling.explorers.explorer.STORED" in shown


def of_module(name: str):
    return importlib.import_module(name.rpartition(".")[0])
