"""The extensions of the book (book/_ext), function by function, and links as they stand in the sources."""

import json
import re
import sys
from types import SimpleNamespace

import pytest
import set_repository
from site_browser import ROOT

sys.path.insert(0, str(ROOT / "book" / "_ext"))
import icons  # noqa: E402
import lean_pages  # noqa: E402
import long_names  # noqa: E402
import mended_html  # noqa: E402
import metadata  # noqa: E402
import package_links  # noqa: E402
import repository_links  # noqa: E402

HOME = "https://github.com/ada/lab-course"
NOTEBOOKS = sorted((ROOT / "book").glob("*.ipynb"))


# Links to the repository, and back.


def test_links_of_a_notebook_to_pages_go_to_the_repository_and_back():
    text = '{"source": ["[notation](notation.md#names), [the next](04-across-trials.ipynb), (notation.md)."]}'
    away = set_repository.with_page_links(text, HOME)
    assert f"[notation]({HOME}/blob/main/book/notation.md#names)" in away
    assert "[the next](04-across-trials.ipynb), (notation.md)." in away
    assert set_repository.with_page_links(away, HOME) == away, "made whole twice"
    moved = set_repository.rewritten(away.replace('"source"', '"cells": [], "source"'), HOME, f"{HOME}-2")
    assert f"{HOME}-2/blob/main/book/notation.md#names" in moved
    # On the site they are links to the page itself, as they are without a home.
    assert repository_links.within_site(away, HOME) == text
    back = away.replace(HOME, set_repository.UNKNOWN)
    assert set_repository.with_page_links(back, set_repository.UNKNOWN) == text


def test_only_links_to_the_books_own_pages_are_turned_back():
    for link in (
        f"[a]({HOME}/blob/main/README.md)",
        f"[a]({HOME}-2/blob/main/book/notation.md)",
        f"[a]({HOME})",
    ):
        assert repository_links.within_site(link, HOME) == link


# Links as they stand in the sources.


def slug(heading: str) -> str:
    """A heading as an anchor, as GitHub and MyST make it."""
    heading = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading)
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


def markdown(name: str) -> str:
    """The text of a page of the book, code left out."""
    text = (ROOT / "book" / name).read_text(encoding="utf-8")
    if name.endswith(".ipynb"):
        cells = json.loads(text)["cells"]
        text = "\n\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")
    return re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)


def dead_links(text: str, page: str) -> list[str]:
    """The links of a page to a file that is not in the book, or to a heading that its file has not."""
    dead = []
    for link in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"[a-z]+:", link):
            continue
        name, _, anchor = link.partition("#")
        name = name or page
        if not (ROOT / "book" / name).is_file():
            dead.append(f"{link}: no such file")
        elif anchor and anchor not in anchors(text if name == page else markdown(name)):
            dead.append(f"{link}: no such heading")
    return dead


def anchors(text: str) -> set[str]:
    headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return {slug(heading) for heading in headings} | set(re.findall(r"^\(([\w-]+)\)=$", text, re.MULTILINE))


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_links_of_a_notebook_lead_to_files_and_headings(notebook):
    text = markdown(notebook.name)
    home = set_repository.repository_url()
    assert dead_links(repository_links.within_site(text, home), notebook.name) == []


def test_dead_links_are_found():
    text = "# A title\n[a](no.md) [b](notation.md#no-such) [c](#a-title) [d](#b) [e](notation.md) [f](https://a.org/b)"
    assert [link.split(":")[0] for link in dead_links(text, "intro.md")] == [
        "no.md",
        "notation.md#no-such",
        "#b",
    ]


# Names of the package.

DOCUMENTED = {
    "behavioural_modelling.utils.choice_from_uniform": SimpleNamespace(objtype="function"),
    "behavioural_modelling.fitting.result.Fit.at_bound": SimpleNamespace(objtype="attribute"),
}


@pytest.mark.parametrize(
    "code, name",
    [
        ("bm.simulate", "simulation.simulate"),
        ("bm.simulate(key, model, params, data)", "simulation.simulate"),
        ("behavioural_modelling.Trials", "trials.record.Trials"),
        ("bm.Trials.from_dataframe", "trials.record.Trials.from_dataframe"),
        ("bm.models.rescorla_wagner", "models.rescorla_wagner.rescorla_wagner"),
        ("plotting.plot_actions", "plotting.behaviour.plot_actions"),
        ("choice_from_uniform", "utils.choice_from_uniform"),
    ],
)
def test_names_of_the_package_are_known(code, name):
    assert package_links.entry_name(code, DOCUMENTED) == f"behavioural_modelling.{name}"


@pytest.mark.parametrize(
    "code", ["jax.vmap", "simulate", "at_bound", "bm.no_such", "trial", "x = bm.fit", "a b", ""]
)
def test_other_code_is_left_alone(code):
    assert package_links.entry_name(code, DOCUMENTED) is None


# Weight.


def test_a_page_gets_the_files_that_it_uses():
    def used(name, body):
        return lean_pages._is_used(SimpleNamespace(filename=f"_static/{name}", attributes={}), body)

    assert used("mathjax/startup.js", '<span class="math notranslate">') and not used(
        "mathjax/startup.js", "<p>"
    )
    assert used("sphinx-design.min.css", '<div class="sd-card">') and not used("sphinx-design.min.css", "<p>")
    assert not used("sphinx-thebe.js", '<div class="thebe cell">')
    assert used("course.css", "")


def test_icons_are_those_that_occur():
    styles = (
        '.fa-list-squares:before,.fa-list:before{content:"\\f03a"}'
        '.fa-tasks:before{content:"\\f0ae"}a{color:red}'
        '@font-face{src:url(../fa-solid-900.woff2) format("woff2"),'
        'url(../fa-solid-900.ttf) format("truetype")}'
    )
    lean = icons.lean_styles(styles, {"fa-list"})
    assert lean == (
        '.fa-list-squares:before,.fa-list:before{content:"\\f03a"}a{color:red}'
        '@font-face{src:url(../fa-solid-900.woff) format("woff")}'
    )
    assert icons.characters(lean + 'b{content:"\uf053"}') == {0xF03A, 0xF053}


def test_the_theme_still_writes_what_is_mended(tmp_path):
    """Where a new theme wrote something else, a mend would pass over it in silence."""
    styles = (icons.THEME / icons.STYLES).read_text(encoding="utf-8")
    lean = icons.lean_styles(styles, set())
    assert len(icons.SOURCE.findall(styles)) == 3 and ".woff2" not in lean
    assert len(lean) < 0.85 * len(styles)
    icons.write_fonts(tmp_path, {0xF0C9})  # three bars
    sizes = [path.stat().st_size for path in tmp_path.glob("*.woff")]
    assert len(sizes) == 3 and 500 < max(sizes) < 10_000


def test_names_in_an_index_may_break_and_addresses_stay():
    row = '<a href="api.html#a_b.c_d">a_b() (in module c_d.e)</a>'
    page = f'<p>a_b.c</p><table class="indextable">{row}</table>'
    assert long_names.with_breaks(page) == page.replace(
        ">a_b() (in module c_d.e)<", ">a_<wbr>b() (in module c_<wbr>d.<wbr>e)<"
    )


# Addresses.


@pytest.mark.parametrize(
    "repository, address",
    [
        (HOME, "https://ada.github.io/lab-course/"),
        ("https://github.com/Ada/lab-course.git", "https://ada.github.io/lab-course/"),
        ("https://github.com/ada/ada.github.io", "https://ada.github.io/"),
        (set_repository.UNKNOWN, ""),
        ("", ""),
    ],
)
def test_the_site_is_where_github_serves_it(repository, address):
    assert metadata.site_address(repository) == address


def built(tmp_path, repository: str) -> SimpleNamespace:
    """An application that has built two pages, for the repository at this address."""
    config = SimpleNamespace(
        html_theme_options={"repository_url": repository},
        html_context={"site_description": "About it"},
        html_title="The course",
        root_doc="book/intro",
    )
    builder = SimpleNamespace(format="html", get_target_uri=lambda name: f"{name}.html")
    pages = SimpleNamespace(found_docs={"book/intro", "book/api"})
    app = SimpleNamespace(config=config, builder=builder, env=pages, outdir=tmp_path)
    metadata.set_address(app, config)
    metadata.write_site_files(app, None)
    return app


def test_a_site_with_an_address_has_a_map_and_one_without_has_none(tmp_path):
    app = built(tmp_path, set_repository.UNKNOWN)
    assert not (tmp_path / "sitemap.xml").exists()
    assert app.config.notfound_urls_prefix == "/"
    start = (tmp_path / "index.html").read_text(encoding="utf-8")
    assert (
        '<html lang="en-GB">' in start and "<title>The course</title>" in start and "canonical" not in start
    )
    app = built(tmp_path, HOME)
    urls = re.findall("<loc>(.*)</loc>", (tmp_path / "sitemap.xml").read_text(encoding="utf-8"))
    assert urls == [f"https://ada.github.io/lab-course/book/{page}.html" for page in ("api", "intro")]
    assert app.config.notfound_urls_prefix == "/lab-course/"
    assert f'canonical" href="{urls[1]}"' in (tmp_path / "index.html").read_text(encoding="utf-8")


def test_half_an_address_is_left_out_and_a_description_ends_with_a_word():
    tags = (
        '<meta property="og:url" content="a.html" />\n<meta name="description" content="One two, thr..." />'
    )
    app = SimpleNamespace(config=SimpleNamespace(html_baseurl=""))
    context = {"metatags": tags, "pathto": lambda name, _: f"../{name}"}
    metadata.complete_head(app, "book/a", "page.html", context, None)
    assert "og:url" not in context["metatags"]
    assert 'content="One two" />' in context["metatags"]
    assert 'href="../_static/icon-180.png"' in context["metatags"]
    app.config.html_baseurl = "https://ada.github.io/lab-course/"
    context["metatags"] = tags
    metadata.complete_head(app, "book/a", "page.html", context, None)
    assert "og:url" in context["metatags"]


# Mends of the HTML.

PAGE = """<html lang="en" data-theme="auto"><head>
<meta name="viewport" content="a"><meta name="viewport" content="b" />
<script defer src="x/fontawesome.js?digest=1"></script>
<script src="_static/documentation_options.js"></script><script src="_static/doctools.js"></script>
<script src="../searchindex.js"></script></head>
<div id="pst-primary-sidebar" class="a"></div>
<button class="btn search-button-field pst" title="Search" aria-label="Search"></button>
<summary aria-label="Toggle hidden content"></summary>
<a href="a.html">A page</a><details><summary><span class="toctree-toggle"></span></summary></details>
<div class="citation" role="doc-biblioentry"></div><table><tr><th></th><th>a</th></tr></table>
<img src="../_images/a.png"></html>"""


@pytest.mark.parametrize("mend", mended_html.MENDS, ids=lambda mend: mend.__name__)
def test_each_mend_changes_a_page_once(mend):
    page = PAGE + "Searching for multiple words only shows matches that contain\n    all words."
    mended = mend(page)
    assert mended != page
    assert mend(mended) == mended


def test_the_search_page_keeps_its_scripts_as_they_are():
    page = PAGE + '<div id="search-results"></div>'
    assert mended_html.without_search_index(page) == mended_html.with_scripts_that_wait(page) == page
