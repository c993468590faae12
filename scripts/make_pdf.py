"""Print the whole course into one PDF beside the site: `make pdf`.

Each page of the built site is printed by the Chromium of the system, which sets formulas and styles as the
browser of a reader does. pypdf puts them together, with an outline, and lets links between pages lead to the
page in the same file. (Sphinx could write one long page, which the theme is not made for, or LaTeX, which
needs a TeX installation.)
"""

import functools
import shutil
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from pathlib import Path
from urllib.parse import urldefrag

import yaml
from check_site import ROOT, SITE, toc_pages
from playwright.sync_api import Browser, sync_playwright
from pypdf import PdfReader, PdfWriter
from pypdf.generic import ArrayObject, NameObject

NAME = "behavioural-modelling.pdf"
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FOOTER = """<div style="font-size: 8px; width: 100%; text-align: center; color: #383838">
<span class="title"></span>, <span class="pageNumber"></span> / <span class="totalPages"></span>
</div>"""


class _QuietHandler(SimpleHTTPRequestHandler):
    def log_message(self, *args):
        pass


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """The address of a server of this folder, on this machine alone."""
    handler = functools.partial(_QuietHandler, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


def printed(browser: Browser, address: str) -> tuple[str, PdfReader]:
    """The title of a page and the page as it is printed, once its formulas and pictures are there."""
    tab = browser.new_page(color_scheme="light")
    try:
        tab.goto(address, wait_until="load")
        tab.emulate_media(media="print")  # printing.js opens what is folded
        tab.evaluate("async () => { await window.MathJax?.startup?.promise; await document.fonts.ready; }")
        tab.evaluate(
            "() => Promise.all([...document.images].map(picture => picture.decode().catch(() => 0)))"
        )
        title = tab.locator("article h1").first.evaluate("h => h.textContent")
        pdf = tab.pdf(
            prefer_css_page_size=True,
            format="A4",
            print_background=True,
            display_header_footer=True,
            header_template="<div></div>",
            footer_template=FOOTER,
            margin={"top": "18mm", "bottom": "18mm", "left": "16mm", "right": "16mm"},
        )
    finally:
        tab.close()
    return title.removesuffix("#").strip(), PdfReader(BytesIO(pdf))


def joined(parts: list[tuple[str, str, PdfReader]]) -> PdfWriter:
    """One document of (address, title, pages), with an outline and with the links between its parts."""
    whole, begins = PdfWriter(), {}
    for address, title, part in parts:
        begins[address] = len(whole.pages)
        for page in part.pages:
            whole.add_page(page)
        whole.add_outline_item(title=title, page_number=begins[address])
    for address, _, part in parts:
        within = {
            name: begins[address] + part.get_destination_page_number(place)
            for name, place in part.named_destinations.items()
        }
        for number in range(begins[address], begins[address] + len(part.pages)):
            _lead_within(whole, whole.pages[number], begins, within)
    return whole


def _lead_within(whole: PdfWriter, page, begins: dict[str, int], within: dict[str, int]) -> None:
    """Let the links of one sheet lead to sheets of the whole: to other pages, and within the same."""
    for reference in page.get("/Annots", []):
        link = reference.get_object()
        address = urldefrag(str(link.get("/A", {}).get("/URI", ""))).url
        number = begins.get(address, within.get(str(link.get("/Dest", ""))))
        if number is not None:
            link.pop("/A", None)
            sheet = whole.pages[number].indirect_reference
            link[NameObject("/Dest")] = ArrayObject([sheet, NameObject("/Fit")])


def main() -> int:
    path = next(filter(None, map(shutil.which, BROWSERS)), None)
    if path is None:
        print(f"make pdf needs Chromium, and none of {', '.join(BROWSERS)} was found", file=sys.stderr)
        return 1
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    with served(SITE) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        addresses = [f"{address}{page}.html" for page in toc_pages(toc)]
        parts = [(page, *printed(browser, page)) for page in addresses]
        browser.close()
    whole = joined(parts)
    whole.add_metadata({"/Title": "Behavioural modelling in JAX"})
    whole.write(SITE / NAME)
    print(f"{len(parts)} pages of the site on {len(whole.pages)} sheets: {SITE / NAME}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
