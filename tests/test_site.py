"""The built site as a browser shows it; its files are looked at in test_site_files.py."""

import re
from urllib.parse import quote

import pytest
from set_repository import repository_url, slug_of
from site_axe import OF_COLOURS, findings, is_known
from site_browser import LOAD_PICTURES, MADE_PAGES, PAGES, Visit, assert_loaded, in_modes
from site_weight import weight

RAW_TEX = re.compile(r"\$[^$\n]+\$|\$\$|\\[(\[]|\\(?:frac|alpha|beta|delta|sum|exp|text)\b")

FIRST_VISIT, SECOND_PAGE = 1_200_000, 150_000  # bytes over the wire, at most
HEAVIER = {"book/catalogue": 180_000}  # an explorer for each family, half of the page
START = "book/intro"
PICTURES_WITHOUT_CONTENT = """() => [...document.querySelectorAll("article img")]
    .filter(image => image.checkVisibility() && image.naturalWidth === 0).map(image => image.src)"""
# In chapter 3, its explorer apart: about 40 are the tables of contents and the buttons above the text.
MOST_STOPS = 95  # 40 of them are the table of contents, one a page and one for a fold


@in_modes("light")
def test_page_loads_alone_and_whole(shown):
    assert_loaded(shown)
    shown.tab.evaluate(LOAD_PICTURES, "article img")
    assert shown.tab.evaluate(PICTURES_WITHOUT_CONTENT) == []
    assert_maths(shown.tab)
    assert_loaded(shown)


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


@in_modes("light", pages=[page for page in PAGES if re.search(r"/0[2-6]-|notation", page)])
def test_pages_with_formulas_show_them(shown):
    formula = shown.tab.locator("article mjx-container").first
    assert formula.bounding_box()["width"] > 5
    fonts = shown.tab.evaluate(
        """async () => [...await document.fonts.ready]
            .filter(font => font.status === "loaded").map(font => font.family)"""
    )
    assert any("MJX" in font for font in fonts), fonts


@in_modes("phone")
def test_page_fits_a_phone(shown):
    assert_loaded(shown)
    width = shown.tab.evaluate("document.documentElement.scrollWidth")
    # For the message: the elements that stick out and are in no box that scrolls.
    wide = shown.tab.evaluate(
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


@in_modes("dark")
def test_page_loads_in_dark_mode(shown):
    assert_loaded(shown)
    assert shown.tab.evaluate("document.documentElement.dataset.theme") == "dark"
    assert lightness(shown.tab, "backgroundColor") < 0.3
    assert lightness(shown.tab, "color") > 0.6


def lightness(tab, property_: str) -> float:
    """The mean of red, green and blue of the body's colour, from 0 (black) to 1 (white)."""
    colour = tab.evaluate(f"getComputedStyle(document.body).{property_}")
    return sum(float(part) for part in re.findall(r"[\d.]+", colour)[:3]) / 3 / 255


@in_modes("light", pages=PAGES + MADE_PAGES)
def test_axe_finds_nothing(shown):
    assert [finding for finding in findings(shown.tab) if not is_known(finding)] == []


@in_modes("dark", pages=PAGES + MADE_PAGES)
def test_axe_finds_nothing_in_dark_colours(shown):
    assert [finding for finding in findings(shown.tab, OF_COLOURS) if not is_known(finding)] == []


@pytest.mark.browser
def test_axe_would_find_something(visit):
    tab = visit("book/references").tab
    tab.evaluate("document.querySelector('article').innerHTML = '<button></button>'")
    assert "button-name" in {rule for rule, _ in findings(tab)}
    tab.evaluate("document.querySelector('article').innerHTML = '<p style=\"color: #777\">pale</p>'")
    assert {rule for rule, _ in findings(tab, OF_COLOURS)} == {"color-contrast"}


PALE = """() => {
    const words = [...document.querySelectorAll("article code span, article p, article li")];
    words[3].style.color = "#999";
    words.slice(-40).forEach(word => { word.style.cssText = "color: #888; font-weight: 500"; });
    words[7].style.cssText = "background: #888; color: #777";
}"""


@pytest.mark.browser
def test_three_of_each_kind_stand_for_all(visit):
    tab = visit("book/glossary").tab
    tab.evaluate(PALE)
    some, everything = findings(tab, OF_COLOURS), findings(tab, OF_COLOURS, most=10**6)
    assert 3 < len(some) < len(everything)
    style = re.compile(r'style="([^"]*)"')
    seen = {found[1] for _, html in everything if (found := style.search(html))}
    assert len(seen) == 3 and seen == {found[1] for _, html in some if (found := style.search(html))}


@pytest.fixture(scope="session")
def first_visit(opened) -> set[str]:
    """What the start page fetches."""
    return opened(START, "light").opening


@in_modes("light", pages=PAGES + MADE_PAGES)
def test_page_is_light(shown, first_visit, site):
    assert weight(shown.opening, site) <= FIRST_VISIT
    # What the start page has fetched, the browser has: for the pages to come as well.
    more = shown.opening - first_visit
    most = HEAVIER.get(shown.tab.url.removeprefix(shown.address).removesuffix(".html"), SECOND_PAGE)
    assert weight(more, site) <= most, sorted((weight({url}, site), url) for url in more)


@pytest.mark.browser
def test_tab_stops_are_few_and_can_be_seen(visit):
    tab = visit("book/03-selecting-actions").tab
    stops = tab_stops(tab)
    assert 20 < len([stop for stop in stops if not stop["explorer"]]) <= MOST_STOPS, stops
    assert [stop for stop in stops if not stop["shown"]] == []
    assert [stop for stop in stops if stop["formula"]] == []
    # From one button that copies, the arrow keys lead to those that are no stops.
    buttons = tab.locator("article button.copybtn")
    buttons.nth(0).focus()
    before = focused(tab)
    tab.keyboard.press("ArrowDown")
    assert "copybtn" in focused(tab) != before
    tab.keyboard.press("ArrowUp")
    assert focused(tab) == before
    # A fold can be opened, and what is in it is reached then.
    tab.locator("article summary").first.focus()
    tab.keyboard.press("Enter")
    assert tab.locator("article details").first.get_attribute("open") is not None


def focused(tab) -> str:
    return tab.evaluate("document.activeElement.outerHTML")


def tab_stops(tab) -> list[dict]:
    """Where the tab key leads, from the top of the page to its end; `shown`: the stop looks unlike before."""
    stops = []
    while len(stops) < 300:
        tab.keyboard.press("Tab")
        stop = tab.evaluate(
            """() => {
                const e = document.activeElement, style = getComputedStyle(e);
                if (e === document.body) return null;
                const outlined = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
                const within = (box) => e.closest(box) !== null;
                const formula = within("mjx-container"), explorer = within(".explorer");
                return {name: e.outerHTML.slice(0, 120), shown: outlined, formula, explorer};
            }"""
        )
        if stop is None:
            break
        stops.append(stop)
    return stops


@pytest.mark.browser
def test_start_page_leads_to_the_introduction(browser, address):
    visited = Visit(browser, address)
    try:
        visited.tab.goto(f"{address}index.html")
        visited.tab.wait_for_url("**/book/intro.html")
        assert visited.tab.locator("article h1").count() == 1
        assert_loaded(visited)
    finally:
        visited.close()


@pytest.mark.browser
def test_search_finds_a_word_without_the_network(visit):
    visited = visit("search", "?q=learning")
    visited.tab.locator("#search-results li").first.wait_for(timeout=10_000)
    assert_loaded(visited)


@pytest.mark.browser
@pytest.mark.parametrize(
    "question, wanted",
    [
        ("how do I fit my data", ["09-point-estimates", "12-your-own-data"]),
        ("What can I do with my own data?", ["12-your-own-data"]),
        ("softmax temperature", ["03-selecting-actions"]),
        ("bm.simulate", ["fitting"]),
        ("fit zebra", ["09-point-estimates"]),  # no page has both words
    ],
)
def test_search_understands_questions(visit, question, wanted):
    visited = visit("search", f"?q={quote(question)}")
    results = visited.tab.locator("#search-results li > a")
    results.first.wait_for(timeout=10_000)
    visited.tab.wait_for_function(
        "() => /found|finished/i.test(document.querySelector('#search-results').innerText)"
    )
    found = [re.sub(r".*/|\.html.*", "", link.get_attribute("href")) for link in results.all()]
    assert set(wanted) <= set(found[:8]), found[:12]
    assert_loaded(visited)


@pytest.mark.browser
def test_launch_buttons_lead_to_this_repository(opened):
    tab, slug = opened("book/02-update-function", "light").tab, slug_of(repository_url())
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
        with visited.tab.expect_event("pageerror"):
            visited.tab.evaluate("setTimeout(() => { throw new Error('seen') }, 0)")
        assert visited.outside == ["https://example.org/"]
        assert any("seen" in error for error in visited.errors)
    finally:
        visited.close()
