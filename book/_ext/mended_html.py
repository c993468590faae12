"""Small mends of the HTML that the theme's templates write: for keyboards, screen readers and slow lines.

Each is a function from text to text, with its reason; all are applied to a page as soon as it is written.
"""

import re

from sphinx.application import Sphinx
from sphinx.jinja2glue import BuiltinTemplateLoader


def in_british_english(html: str) -> str:
    """A screen reader takes its voice from here; what search does depends on Sphinx's own setting."""
    return html.replace('<html lang="en"', '<html lang="en-GB"', 1)


def without_icon_script(html: str) -> str:
    """The theme's style sheet draws the icons already: see icons.py."""
    return re.sub(r"<script [^>]*fontawesome\.js[^>]*></script>", "", html)


def without_search_index(html: str) -> str:
    """Only the page of the search needs it: the theme's search as one types is off."""
    if 'id="search-results"' in html:
        return html
    return re.sub(
        r'<script src="[^"]*(?:searchtools|language_data|searchindex)\.js[^"]*"></script>', "", html
    )


def with_one_viewport(html: str) -> str:
    """Sphinx, docutils and the theme each write one."""
    first, *rest = re.split(r'<meta name="viewport"[^>]*>', html)
    return first + '<meta name="viewport" content="width=device-width, initial-scale=1" />' + "".join(rest)


def with_scripts_that_wait(html: str) -> str:
    """A script does not hold up the page; the first defines what scripts inside the page use at once.

    Those of the search page count on being read in a row.
    """
    if 'id="search-results"' in html:
        return html
    return re.sub(r'<script src="(?![^"]*documentation_options)', '<script defer src="', html)


def with_patient_pictures(html: str) -> str:
    """A picture further down is fetched when the reader comes near it."""
    return re.sub(r"<img (?![^>]*\bloading=)(?=[^>]*_images/)", '<img loading="lazy" ', html)


def with_names_that_are_seen(html: str) -> str:
    """What a button shows is its name: who steers by voice says what they read."""
    html = html.replace('<summary aria-label="Toggle hidden content">', "<summary>")
    pattern = r'(<button class="btn search-button-field[^"]*") title="Search" aria-label="Search"'
    return re.sub(pattern, r"\1", html)


def with_names_for_folds(html: str) -> str:
    """A fold of the table of contents shows an arrow alone: the page above it gives it a name."""
    pattern = r'>([^<]*)(</a><details[^>]*>)<summary>(?=<span class="toctree-toggle")'
    return re.sub(pattern, r'>\1\2<summary aria-label="\1: its pages">', html)


def with_a_landmark_for_the_side_bar(html: str) -> str:
    """The logo in it lies in no other."""
    bar = '<div id="pst-primary-sidebar" class='
    return html.replace(bar, bar.replace("class=", 'role="complementary" aria-label="Side bar" class='), 1)


def with_citations_in_a_list(html: str) -> str:
    """Sphinx gives them a role that is no longer used, and that cannot stand in a list."""
    return html.replace('role="doc-biblioentry"', 'role="listitem"')


def without_empty_headings_of_columns(html: str) -> str:
    """The corner of a table is no heading of anything."""
    return re.sub(r"<th([^>]*)>(\s*(?:<p></p>)?\s*)</th>", r"<td\1>\2</td>", html)


def with_what_search_does(html: str) -> str:
    """See search.js."""
    pattern = r"Searching for multiple words only shows matches that contain\s+all words\."
    return re.sub(pattern, "Pages with all of the words come first.", html)


MENDS = [
    in_british_english,
    without_icon_script,
    without_search_index,
    with_one_viewport,
    with_scripts_that_wait,
    with_patient_pictures,
    with_names_that_are_seen,
    with_names_for_folds,
    with_a_landmark_for_the_side_bar,
    with_citations_in_a_list,
    without_empty_headings_of_columns,
    with_what_search_does,
]


class MendingTemplates(BuiltinTemplateLoader):
    """Sphinx's templates; what they make of a page is mended."""

    def render(self, template: str, context: dict) -> str:
        html = super().render(template, context)
        if "<html" in html:
            for mend in MENDS:
                html = mend(html)
        return html


def mend_pages(app: Sphinx, config) -> None:
    config.template_bridge = f"{__name__}.{MendingTemplates.__name__}"


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect("config-inited", mend_pages)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
