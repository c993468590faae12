"""Fixtures for tests of the built site: `site`, `address`, `browser`, `visit`, `opened` and `shown`.

The browser is a Chromium of the system, driven by playwright. Without one its tests are skipped,
and pytest says so; with REQUIRE_BROWSER set, as in continuous integration, they fail instead.

To open a page costs seconds. A test that only looks takes the page as `shown`, under `in_modes(...)`: tests
of the same page come one after another, and share one visit, which is turned dark or narrow as a reader's
would be. A test that clicks, types or loads something else takes `visit`, which opens a page for it alone.
"""

import functools
import os
import re
import shutil
import subprocess
import sys
import threading
import time
from collections import OrderedDict
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import yaml
from filelock import FileLock

ROOT = Path(__file__).resolve().parent.parent
SITE = ROOT / "_build" / "html"
sys.path.insert(0, str(ROOT / "scripts"))
import check_site  # noqa: E402

PAGES = check_site.toc_pages(yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8")))
# What Sphinx makes of its own accord.
MADE_PAGES = ["404", "genindex", "py-modindex", "search"]
# How a page is looked at: by what a browser's context is given.
MODES = {
    "light": {"viewport": {"width": 1280, "height": 800}, "color_scheme": "light"},
    "dark": {"viewport": {"width": 1280, "height": 800}, "color_scheme": "dark"},
    "phone": {"viewport": {"width": 375, "height": 812}, "color_scheme": "light"},
    # A sheet of A4 between the margins that print.css sets: 210 mm less 2 times 16 mm, at 96 px per inch. How
    # it is printed, the fixture `on_paper` of test_site_looks.py tells.
    "paper": {"viewport": {"width": 673, "height": 990}, "color_scheme": "light"},
    "darkpaper": {"viewport": {"width": 673, "height": 990}, "color_scheme": "dark"},
}
# Open at the same time: the page that is tested, and the one before.
KEPT_OPEN = 2
# What to wait for on a page: formulas and fonts; that the layout is done and drawn.
SETTLED = "async () => { await window.MathJax?.startup?.promise; await document.fonts.ready; }"
DRAWN = "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
# What a page names in its head: scripts and styles, also those of the pages to come.
NAMED = """() => [...document.querySelectorAll(
    "script[src], link:is([rel=stylesheet], [rel=preload], [rel=prefetch])")]
    .map(named => named.src ?? named.href)"""
# Pictures are fetched when they come into view, and not at all where something else stands in their place.
LOAD_PICTURES = """async (pictures) => {
    for (const picture of document.querySelectorAll(pictures)) {
        if (!picture.checkVisibility()) continue;
        picture.scrollIntoView({behavior: "instant"});
        await picture.decode();
    }
}"""
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# No sandbox: containers often run as root. The rest keeps the browser's own services quiet.
BROWSER_ARGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    # There is no network but this machine. (Where playwright refuses requests, it does without a cache.)
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
]
# What the theme itself writes to the console as an error: (pattern, why it does no harm).
CONSOLE_ERRORS_OF_THE_THEME: list[tuple[str, str]] = []

each_page = pytest.mark.parametrize("page", PAGES)


def in_modes(*modes: str, pages: list[str] = PAGES):
    """The mark of a browser test that takes `shown`: each page in each mode, shared with other such tests."""
    shown = [pytest.param((page, mode), id=f"{page}-{mode}") for page in pages for mode in modes]

    def mark(test):
        return pytest.mark.browser(pytest.mark.parametrize("shown", shown, indirect=True)(test))

    return mark


@pytest.fixture(scope="session")
def site() -> Path:
    """The folder of the site, built by the same command that a reader uses.

    SITE_FOLDER names one that is built already, to look at it without building anew.
    """
    if built_already := os.environ.get("SITE_FOLDER"):
        return Path(built_already)
    environment = {name: v for name, v in os.environ.items() if not name.startswith("MAKE")}
    # Every worker of a run asks for the site: the first builds it, and the others wait.
    run, stamp = os.environ.get("PYTEST_XDIST_TESTRUNUID"), SITE.parent / "tests.built"
    stamp.parent.mkdir(exist_ok=True)
    with FileLock(stamp.with_suffix(".lock")):
        if run and stamp.exists() and stamp.read_text() == run:
            return SITE
        built = subprocess.run(["make", "book"], cwd=ROOT, env=environment, capture_output=True, text=True)
        if built.returncode:
            pytest.fail(f"make book failed:\n{built.stdout}{built.stderr}", pytrace=False)
        stamp.write_text(run or "")
    return SITE


class _QuietHandler(SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"  # a connection serves more than one file

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
    """A page as a browser shows it, with what went wrong while it loaded.

    It has a context of the browser for itself, and so an empty cache, or is a tab `within` one.
    """

    def __init__(self, browser, address: str, within=None, **context):
        self.address, self.outside, self.errors = address, [], []
        self.asked: set = set()  # requests that nothing has come of yet
        self.fetched: list[str] = []  # everything
        self.opening: set[str] = set()  # what the page fetched before anybody scrolled
        self.context = within or browser.new_context(**context)
        self.tab = self.context.new_page()
        self.close = (self.tab if within else self.context).close
        self.tab.on("pageerror", lambda error: self.errors.append(str(error)))
        self.tab.on("console", self._console)
        self.tab.on("request", self._request)
        self.tab.on("requestfinished", lambda request: self.asked.discard(request))
        self.tab.on("requestfailed", lambda request: self.asked.discard(request))
        self.tab.on("response", self._response)

    def _request(self, request):
        self.asked.add(request)
        if not request.url.startswith((self.address, "data:", "blob:")):
            self.outside.append(request.url)

    def _console(self, message):
        known = any(re.search(pattern, message.text) for pattern, _ in CONSOLE_ERRORS_OF_THE_THEME)
        if message.type == "error" and not known:
            self.errors.append(message.text)

    def _response(self, response):
        self.fetched.append(response.url)
        if response.status >= 400:
            self.errors.append(f"{response.status} {response.url}")

    def open(self, page: str, query: str = ""):
        self.tab.goto(f"{self.address}{page}.html{query}", wait_until="load")
        self.tab.evaluate(SETTLED)
        self._wait_for_what_is_named()
        self.opening = set(self.fetched)
        return self.tab

    def _wait_for_what_is_named(self) -> None:
        """Wait until all has come that the page names, in idle time for the pages to come as well."""
        named = {url for url in self.tab.evaluate(NAMED) if url.startswith(self.address)}
        ends = time.monotonic() + 10
        while (self.asked or not named <= set(self.fetched)) and time.monotonic() < ends:
            self.tab.wait_for_timeout(10)  # playwright hears of what came while it waits
        assert named <= set(self.fetched), f"{self.tab.url} waits for {named - set(self.fetched)}"

    def be(self, mode: str) -> None:
        """Have the browser be as the mode says, before a page is open or while it is."""
        if self.tab.viewport_size != MODES[mode]["viewport"]:
            self.tab.set_viewport_size(MODES[mode]["viewport"])
        self.tab.emulate_media(media="screen", color_scheme=MODES[mode]["color_scheme"])

    def turn(self, mode: str) -> None:
        """Make the page dark or light, and as wide as the mode says."""
        self.be(mode)
        scheme = MODES[mode]["color_scheme"]
        self.tab.wait_for_function("theme => document.documentElement.dataset.theme === theme", arg=scheme)
        self.tab.evaluate(DRAWN)
        # Colours fade into each other: here they have.
        self.tab.evaluate(
            """() => document.getAnimations().filter(fading => fading instanceof CSSTransition)
                .forEach(fading => fading.finish())"""
        )


@pytest.fixture
def visit(browser, address):
    """Open a page for this test alone: `visit(page, "?q=a")`; `visit(page, **MODES["phone"])`."""
    visits = []

    def start(page: str, query: str = "", **context) -> Visit:
        visits.append(Visit(browser, address, **context))
        visits[-1].open(page, query)
        return visits[-1]

    yield start
    for visited in visits:
        visited.close()


@pytest.fixture(scope="session")
def opened(browser, address):
    """The visit of a page in a mode, `opened(page, mode)`, opened where it is not open already.

    As for a reader, what one page has fetched need not be fetched again.
    """
    visits: OrderedDict[str, Visit] = OrderedDict()
    context = browser.new_context()

    def get(page: str, mode: str) -> Visit:
        if page not in visits:
            visits[page] = Visit(browser, address, within=context)
            visits[page].be(mode)
            visits[page].open(page)
        visits.move_to_end(page)
        visits[page].turn(mode)
        while len(visits) > KEPT_OPEN:
            visits.popitem(last=False)[1].close()
        return visits[page]

    yield get
    context.close()


@pytest.fixture(scope="session")
def shown(opened, request) -> Visit:
    """A page that other tests look at too: leave it as it was. The mark `in_modes` says which and how."""
    return opened(*request.param)


def assert_loaded(visited: Visit) -> None:
    assert visited.outside == [], "requests to outside the site"
    assert visited.errors == [], "errors in the console"
