"""The built site, as files and as a browser shows it.

The browser is a Chromium of the system, driven by playwright. Without one its tests are skipped,
and pytest says so; with REQUIRE_BROWSER set, as in continuous integration, they fail instead.
"""

import functools
import os
import re
import shutil
import subprocess
import sys
import threading
from html.parser import HTMLParser
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

import pytest
import yaml

ROOT = Path(__file__).resolve().parent.parent
SITE = ROOT / "_build" / "html"
sys.path.insert(0, str(ROOT / "scripts"))
import check_site  # noqa: E402
from set_repository import repository_url, slug_of  # noqa: E402

PAGES = check_site.toc_pages(yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8")))
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# No sandbox: containers often run as root. The rest keeps the browser's own services quiet.
BROWSER_ARGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
# What the theme itself writes to the console as an error: (pattern, why it does no harm).
CONSOLE_ERRORS_OF_THE_THEME: list[tuple[str, str]] = []
RAW_TEX = re.compile(r"\$[^$\n]+\$|\$\$|\\[(\[]|\\(?:frac|alpha|beta|delta|sum|exp|text)\b")

each_page = pytest.mark.parametrize("page", PAGES)


@pytest.fixture(scope="session")
def site() -> Path:
    """The folder of the site, built by the same command that a reader uses."""
    environment = {name: v for name, v in os.environ.items() if not name.startswith("MAKE")}
    built = subprocess.run(["make", "book"], cwd=ROOT, env=environment, capture_output=True, text=True)
    if built.returncode:
        pytest.fail(f"make book failed:\n{built.stdout}{built.stderr}", pytrace=False)
    return SITE


# The files.


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


# The browser.


class _QuietHandler(SimpleHTTPRequestHandler):
    def log_message(self, *args):
        pass


@pytest.fixture(scope="session")
def address(site):
    """The address of a server of the site on this machine."""
    handler = functools.partial(_QuietHandler, directory=str(site))
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="session")
def browser():
    path = next(filter(None, map(shutil.which, BROWSERS)), None)
    if path is None:
        message = f"no Chromium found ({', '.join(BROWSERS)}): the site was not seen in a browser"
        if os.environ.get("REQUIRE_BROWSER"):
            pytest.fail(message)
        pytest.skip(message)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=BROWSER_ARGS)
        yield browser
        browser.close()


class Visit:
    """A page as a browser shows it, with what went wrong while it loaded."""

    def __init__(self, browser, address: str, **context):
        self.address, self.outside, self.errors = address, [], []
        self.context = browser.new_context(**context)
        self.context.route("**/*", self._route)
        self.tab = self.context.new_page()
        self.tab.on("pageerror", lambda error: self.errors.append(str(error)))
        self.tab.on("console", self._console)
        self.tab.on("response", self._response)

    def _route(self, route):
        if route.request.url.startswith((self.address, "data:", "blob:")):
            route.continue_()
        else:
            self.outside.append(route.request.url)
            route.abort()

    def _console(self, message):
        known = any(re.search(pattern, message.text) for pattern, _ in CONSOLE_ERRORS_OF_THE_THEME)
        if message.type == "error" and not known:
            self.errors.append(message.text)

    def _response(self, response):
        if response.status >= 400:
            self.errors.append(f"{response.status} {response.url}")

    def open(self, page: str):
        self.tab.goto(f"{self.address}{page}.html", wait_until="load")
        self.tab.evaluate("async () => window.MathJax && await MathJax.startup.promise")
        self.tab.wait_for_load_state("networkidle")
        return self.tab


@pytest.fixture
def visit(browser, address):
    """Open a page: `visit(page, **context)`, in which nothing may come from outside or fail."""
    visits = []

    def start(page: str, **context) -> Visit:
        visits.append(Visit(browser, address, **context))
        visits[-1].open(page)
        return visits[-1]

    yield start
    for visited in visits:
        visited.context.close()


def assert_loaded(visited: Visit) -> None:
    assert visited.outside == [], "requests to outside the site"
    assert visited.errors == [], "errors in the console"


@pytest.mark.browser
@each_page
def test_page_loads_alone_and_whole(visit, page):
    visited = visit(page)
    assert_loaded(visited)
    # Pictures below the fold load when they come into view.
    for image in visited.tab.query_selector_all("article img"):
        image.scroll_into_view_if_needed()
        image.evaluate("image => image.decode()")
        assert image.evaluate("image => image.naturalWidth") > 0, image.get_attribute("src")
    assert_maths(visited.tab)
    assert_loaded(visited)


def assert_maths(tab) -> None:
    """Every formula is rendered, without an error, and no TeX is left in the text."""
    n_formulas = tab.locator("article .math").count()
    assert tab.locator("article mjx-container").count() >= n_formulas
    assert tab.locator("article mjx-merror").count() == 0
    # In a copy of the page, so that the page itself stays as it is. Code may hold a dollar sign.
    text = tab.evaluate(
        """() => {
            const copy = document.querySelector("article").cloneNode(true);
            copy.querySelectorAll("mjx-container, pre, code, script").forEach(e => e.remove());
            return copy.textContent;
        }"""
    )
    assert not RAW_TEX.search(text), RAW_TEX.search(text)


@pytest.mark.browser
@pytest.mark.parametrize("page", [page for page in PAGES if re.search(r"/0[2-6]-|notation", page)])
def test_pages_with_formulas_show_them(visit, page):
    tab = visit(page).tab
    formula = tab.locator("article mjx-container").first
    assert formula.bounding_box()["width"] > 5
    fonts = tab.evaluate(
        """async () => [...await document.fonts.ready]
            .filter(font => font.status === "loaded").map(font => font.family)"""
    )
    assert any("MJX" in font for font in fonts), fonts


@pytest.mark.browser
@each_page
def test_page_fits_a_phone(visit, page):
    visited = visit(page, viewport={"width": 375, "height": 812}, is_mobile=True)
    assert_loaded(visited)
    width = visited.tab.evaluate("document.documentElement.scrollWidth")
    # For the message: the elements that stick out and are in no box that scrolls.
    wide = visited.tab.evaluate(
        """() => [...document.querySelectorAll("body *")]
            .filter(e => e.getBoundingClientRect().right > 376)
            .filter(e => {
                for (let p = e; p !== document.body; p = p.parentElement)
                    if (getComputedStyle(p).overflowX !== "visible") return false;
                return true;
            })
            .slice(-5).map(e => e.outerHTML.slice(0, 200))"""
    )
    assert width <= 375, wide


@pytest.mark.browser
@each_page
def test_page_loads_in_dark_mode(visit, page):
    visited = visit(page, color_scheme="dark")
    assert_loaded(visited)
    assert visited.tab.evaluate("document.documentElement.dataset.theme") == "dark"
    assert lightness(visited.tab, "backgroundColor") < 0.3
    assert lightness(visited.tab, "color") > 0.6


def lightness(tab, property_: str) -> float:
    """The mean of red, green and blue of the body's colour, from 0 (black) to 1 (white)."""
    colour = tab.evaluate(f"getComputedStyle(document.body).{property_}")
    return sum(float(part) for part in re.findall(r"[\d.]+", colour)[:3]) / 3 / 255


@pytest.mark.browser
def test_start_page_leads_to_the_introduction(browser, address):
    visited = Visit(browser, address)
    try:
        visited.tab.goto(f"{address}index.html")
        visited.tab.wait_for_url("**/book/intro.html")
        assert visited.tab.locator("article h1").count() == 1
        assert_loaded(visited)
    finally:
        visited.context.close()


@pytest.mark.browser
def test_search_finds_a_word_without_the_network(visit):
    visited = visit("search")
    visited.tab.goto(f"{visited.address}search.html?q=learning")
    visited.tab.locator("#search-results li").first.wait_for(timeout=10_000)
    assert_loaded(visited)


@pytest.mark.browser
def test_launch_buttons_lead_to_this_repository(visit):
    tab, slug = visit("book/02-update-function").tab, slug_of(repository_url())
    if slug is None:  # no links to nowhere
        assert tab.locator("a[href*='colab.'], a[href*='.invalid']").count() == 0
        return
    href = tab.locator("a[href*='colab.']").first.get_attribute("href")
    assert f"/github/{slug}/" in href
    assert href.endswith("/blob/main/book/02-update-function.ipynb")


@pytest.mark.browser
def test_requests_outside_and_errors_are_noticed(browser, address, tmp_path):
    visited = Visit(browser, address)
    try:
        visited.tab.goto(f"{address}book/intro.html")
        visited.tab.evaluate("fetch('https://example.org/').catch(() => 0)")
        visited.tab.evaluate("setTimeout(() => { throw new Error('seen') }, 0)")
        visited.tab.wait_for_timeout(200)
        assert visited.outside == ["https://example.org/"]
        assert any("seen" in error for error in visited.errors)
    finally:
        visited.context.close()
