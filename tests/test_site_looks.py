"""How the site looks: nothing is cut on a screen, a phone or paper, and figures belong to their page."""

import io

import make_pdf
import pytest
from PIL import Image
from pypdf import PdfReader
from site_browser import DRAWN, LOAD_PICTURES, MADE_PAGES, PAGES, in_modes

EVERYTHING = PAGES + MADE_PAGES
NOTEBOOKS = [page for page in PAGES if page.removeprefix("book/")[0].isdigit()]

# Words of table cells that stand on more than one line. A hyphen or a slash is a good place to break.
BROKEN_WORDS = r"""() => {
    const broken = [];
    for (const cell of document.querySelectorAll("article :is(td, th), .indextable :is(td, th)")) {
        const texts = document.createTreeWalker(cell, NodeFilter.SHOW_TEXT);
        for (let text; (text = texts.nextNode()); )
            for (const word of text.data.matchAll(/[^\s\-\u2010-\u2014\/]+/g)) {
                const range = document.createRange();
                range.setStart(text, word.index);
                range.setEnd(text, word.index + word[0].length);
                const lines = new Set([...range.getClientRects()].map(box => Math.round(box.top)));
                if (lines.size > 1) broken.push(word[0]);
            }
    }
    return broken;
}"""
# Blocks of code and output that are wider than their box, or than what surrounds it.
CUT_CODE = """(withColumns) => [...document.querySelectorAll("article pre")]
    .filter(pre => withColumns || !pre.classList.contains("columns"))
    .filter(pre => pre.checkVisibility())
    .filter(pre => pre.scrollWidth > pre.clientWidth + 1)
    .map(pre => pre.textContent.slice(0, 200))"""
# Lines of up to 80 characters that take more than one row.
WRAPPED_LINES = """() => [...document.querySelectorAll("article .cell_input .code-line")]
    .filter(line => line.checkVisibility() && line.textContent.trimEnd().length <= 80)
    .filter(line => line.getBoundingClientRect().height > 1.5 * parseFloat(getComputedStyle(line).lineHeight))
    .map(line => line.textContent)"""
# Boxes that scroll sideways and that the keyboard does not reach.
OUT_OF_REACH = """() => [...document.querySelectorAll("body *")]
    .filter(e => ["auto", "scroll"].includes(getComputedStyle(e).overflowX))
    .filter(e => e.checkVisibility() && e.scrollWidth > e.clientWidth + 1 && e.tabIndex < 0)
    .map(e => e.outerHTML.slice(0, 200))"""
FOLDED = """() => [...document.querySelectorAll("article details > :not(summary)")]
    .filter(e => !e.checkVisibility()).map(e => e.outerHTML.slice(0, 150))"""
FIGURES = """() => [...document.querySelectorAll("img.course-figure")].map(image => ({
    source: image.getAttribute("src"), alt: image.alt, loading: image.loading, complete: image.complete,
    given: [+image.getAttribute("width"), +image.getAttribute("height")],
    natural: [image.naturalWidth, image.naturalHeight],
    shown: [image.getBoundingClientRect().width, image.getBoundingClientRect().height],
    box: image.closest(".figure-box").getBoundingClientRect().width,
    caption: image.closest("figure")?.querySelector("figcaption")?.innerText ?? "",
}))"""

# An explorer's picture is part of the page itself.
PICTURES = "article .cell_output img:not([src^='data:'])"


@in_modes("light", "phone", pages=EVERYTHING)
def test_no_table_cell_breaks_inside_a_word(shown):
    assert shown.tab.evaluate(BROKEN_WORDS) == []


@in_modes("light", "phone", pages=EVERYTHING)
def test_no_page_scrolls_sideways(shown):
    width = shown.tab.viewport_size["width"]
    assert shown.tab.evaluate("document.documentElement.scrollWidth") <= width


@in_modes("light", "phone", pages=EVERYTHING)
def test_what_scrolls_sideways_can_be_reached_by_keys(shown):
    assert shown.tab.evaluate(OUT_OF_REACH) == []


@in_modes("light", "phone")
def test_no_code_is_cut(shown):
    open_all(shown.tab)
    assert shown.tab.evaluate(CUT_CODE, False) == []


@in_modes("light", pages=NOTEBOOKS)
def test_a_line_of_80_characters_takes_one_row(shown):
    open_all(shown.tab)
    assert shown.tab.evaluate(WRAPPED_LINES) == []
    sizes = shown.tab.evaluate(
        "[...document.querySelectorAll('article pre')].map(pre => parseFloat(getComputedStyle(pre).fontSize))"
    )
    assert min(sizes) >= 13


@in_modes("light", pages=NOTEBOOKS)
def test_copied_code_is_what_was_written(shown):
    """The lines are elements, and the text is the same: no line is lost or doubled."""
    texts = shown.tab.evaluate(
        "[...document.querySelectorAll('.cell_input pre')].map(pre => [pre.textContent, pre.innerText])"
    )
    assert texts
    for text, seen in texts:
        assert text.endswith("\n")
        assert seen in ("", text, text.rstrip("\n"))  # "": it is folded away


def open_all(tab) -> None:
    """Open what is folded: other tests of the page see it open as well, which changes none of them."""
    tab.evaluate("document.querySelectorAll('details').forEach(details => { details.open = true; })")
    tab.evaluate(DRAWN)


# Figures


def look_at_figures(tab) -> list[dict]:
    tab.evaluate(LOAD_PICTURES, "img.course-figure")
    return tab.evaluate(FIGURES)


@in_modes("light", "phone", pages=NOTEBOOKS)
def test_figures_keep_their_room_and_their_size(shown):
    figures = look_at_figures(shown.tab)
    assert len(figures) == shown.tab.locator(PICTURES).count()
    for figure in figures:
        assert figure["source"].endswith(".svg") and figure["loading"] == "lazy"
        assert len(figure["alt"].split()) > 5
        # Room is kept before it is loaded: the size that the page gives is that of the file.
        assert figure["given"] == pytest.approx(figure["natural"], abs=1)
        (width, height), (natural_width, natural_height) = figure["shown"], figure["natural"]
        assert width / height == pytest.approx(natural_width / natural_height, rel=0.01)
        # Text of 10 points, the smallest, is then at least 9.3 pixels high.
        assert width >= 0.7 * natural_width - 1
        assert width <= max(figure["box"], 0.7 * natural_width) + 1


@in_modes("light", pages=NOTEBOOKS)
def test_figures_are_numbered_and_have_captions(shown):
    captions = [figure["caption"] for figure in look_at_figures(shown.tab)]
    assert len(captions) == shown.tab.locator(PICTURES).count()
    chapter = int(shown.tab.url.rsplit("/", 1)[1][:2])
    for number, caption in enumerate(captions, 1):
        assert caption.startswith(f"Fig. {chapter}.{number} ") and len(caption.split()) >= 7


@in_modes("dark", pages=NOTEBOOKS)
def test_figures_belong_to_the_dark_page(shown):
    """The face of a figure is nearly the page's, and its darkest ink has become its lightest."""
    page = shown.tab.evaluate("getComputedStyle(document.body).backgroundColor")
    background = [int(part) for part in page.removeprefix("rgb(").removesuffix(")").split(",")]
    for image in shown.tab.query_selector_all("img.course-figure"):
        image.scroll_into_view_if_needed()
        image.evaluate("image => image.decode()")
        picture = Image.open(io.BytesIO(image.screenshot())).convert("RGB")
        corner = picture.getpixel((4, 4))
        assert max(abs(a - b) for a, b in zip(corner, background, strict=True)) <= 12
        assert picture.convert("L").getextrema()[1] > 180


# Paper


@pytest.fixture(scope="session")
def on_paper(shown):
    """The page as it is printed, until it is turned to another mode: its pictures are all there then."""
    shown.tab.evaluate("document.querySelectorAll('details').forEach(details => { details.open = false; })")
    shown.tab.emulate_media(media="print")
    shown.tab.evaluate(DRAWN)
    return shown.tab


@in_modes("paper", "darkpaper", pages=EVERYTHING)
def test_paper_holds_everything_in_light_colours(shown, on_paper):
    assert on_paper.evaluate("document.documentElement.dataset.theme") == "light"
    assert on_paper.evaluate("getComputedStyle(document.body).backgroundColor") in (
        "rgb(255, 255, 255)",
        "rgba(0, 0, 0, 0)",
    )
    assert on_paper.evaluate(FOLDED) == []
    assert on_paper.locator("h1").filter(visible=True).count() == 1
    assert on_paper.evaluate(CUT_CODE, True) == []
    for part in (".bd-sidebar-primary", ".bd-sidebar-secondary", ".bd-header-article", ".prev-next-area"):
        shown_parts = on_paper.locator(part).filter(visible=True).count()
        assert shown_parts == 0, part
    filters = "[...document.querySelectorAll('img.course-figure')].map(e => getComputedStyle(e).filter)"
    assert set(on_paper.evaluate(filters)) <= {"none"}


@in_modes("paper", pages=PAGES)
def test_nothing_reaches_over_the_edge_of_the_paper(shown, on_paper):
    wide = on_paper.evaluate(
        """() => [...document.querySelectorAll("article *")]
            .filter(e => e.checkVisibility() && e.getBoundingClientRect().right > innerWidth + 1)
            // What is read aloud; and code, where a space may hang over the edge: the test above sees it.
            .filter(e => !e.closest("mjx-assistive-mml, .code-line"))
            .map(e => e.outerHTML.slice(0, 150))"""
    )
    assert wide == []


@pytest.mark.browser
def test_the_pdf_holds_the_pages_with_an_outline_and_links_between_them(browser, address):
    pages = [f"{address}book/{name}.html" for name in ("intro", "02-update-function", "notation")]
    parts = [(page, *make_pdf.printed(browser, page)) for page in pages]
    file = io.BytesIO()
    make_pdf.joined(parts).write(file)
    whole = PdfReader(file)
    begins = [whole.get_destination_page_number(entry) for entry in whole.outline]
    lengths = [len(part.pages) for _, _, part in parts]
    assert begins == [0, lengths[0], lengths[0] + lengths[1]] and len(whole.pages) == sum(lengths)
    assert whole.outline[1]["/Title"].endswith("Implementing an update function")
    # Solutions are folded on the page and open on paper; letters of a line may be set apart.
    text = "".join(page.extract_text() for page in whole.pages[begins[1] : begins[2]])
    assert "Implementing an update function" in text and "Solution" in text
    links = [link.get_object() for page in whole.pages for link in page.get("/Annots", [])]
    inside = [whole.get_page_number(link["/Dest"][0].get_object()) for link in links if "/Dest" in link]
    assert begins[1] in inside  # the introduction names the chapter
    left = [str(link["/A"].get("/URI")) for link in links if "/A" in link]
    assert not set(left) & set(pages)
