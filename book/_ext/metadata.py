"""What search engines, chats and browsers read of a page: addresses, descriptions, icons, a map of the site.

Whole addresses are known once the repository has a home on GitHub: its pages are then served at
https://owner.github.io/name/. Until then nothing that would need one is written.
"""

import re
from pathlib import Path
from urllib.parse import urlsplit
from xml.sax.saxutils import escape

from sphinx.application import Sphinx

REPOSITORY = re.compile(r"https://github\.com/([\w.-]+)/([\w.-]+?)(?:\.git)?/?")
CUT_WORD = re.compile(r'\W*\s\S*\.\.\.(?=" />)')  # where a description breaks off
NEEDS_ADDRESS = re.compile(r'<meta property="og:(?:url|image)[^>]*>\s*|<meta name="twitter:[^>]*>\s*')
ICONS = """
<link rel="icon" type="image/png" sizes="32x32" href="{small}" />
<link rel="apple-touch-icon" sizes="180x180" href="{large}" />"""
START = """<!DOCTYPE html>
<html lang="en-GB">
<head>
<meta charset="utf-8" />
<meta name="viewport" content="width=device-width, initial-scale=1" />
<meta http-equiv="refresh" content="0; url={page}" />
<title>{title}</title>
<link rel="icon" href="_static/logo.svg" />
<meta name="description" content="{description}" />{canonical}
</head>
<body>
<main><h1>{title}</h1><p><a href="{page}">To the course</a></p></main>
</body>
</html>
"""


def site_address(repository: str) -> str:
    """Where GitHub serves the pages of a repository; "" where that is not known."""
    found = REPOSITORY.fullmatch(repository)
    if not found:
        return ""
    owner, name = found[1].lower(), found[2]
    return f"https://{owner}.github.io/" + ("" if name.lower() == f"{owner}.github.io" else f"{name}/")


def set_address(app: Sphinx, config) -> None:
    """Give the address to all that ask for it."""
    address = site_address(config.html_theme_options.get("repository_url") or "")
    config.html_baseurl = config.ogp_site_url = address
    config.ogp_site_name = config.html_title
    config.notfound_urls_prefix = urlsplit(address).path or "/"


def complete_head(app: Sphinx, pagename, templatename, context, doctree) -> None:
    """Add the icons, and leave out what would hold half an address."""
    static = {size: context["pathto"](f"_static/icon-{size}.png", 1) for size in (32, 180)}
    tags = CUT_WORD.sub("", context.get("metatags") or "")
    if not app.config.html_baseurl:
        tags = NEEDS_ADDRESS.sub("", tags)
    context["metatags"] = tags + ICONS.format(small=static[32], large=static[180])


def write_site_files(app: Sphinx, exception) -> None:
    """Write the start page, and the map of the site where there is an address."""
    if exception or app.builder.format != "html":
        return
    folder, address = Path(app.outdir), app.config.html_baseurl
    (folder / "index.html").write_text(_start_page(app, address), encoding="utf-8")
    if address:
        pages = sorted(app.builder.get_target_uri(name) for name in app.env.found_docs)
        lines = "".join(f"<url><loc>{escape(address + page)}</loc></url>\n" for page in pages)
        urls = f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n{lines}</urlset>\n'
        (folder / "sitemap.xml").write_text(
            f'<?xml version="1.0" encoding="utf-8"?>\n{urls}', encoding="utf-8"
        )


def _start_page(app: Sphinx, address: str) -> str:
    page = app.builder.get_target_uri(app.config.root_doc)
    canonical = f'\n<link rel="canonical" href="{address}{page}" />' if address else ""
    about = app.config.html_context["site_description"]
    return START.format(page=page, title=app.config.html_title, description=about, canonical=canonical)


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect("config-inited", set_address, priority=400)  # before the buttons to nowhere are dropped
    app.connect("html-page-context", complete_head, priority=900)
    app.connect("build-finished", write_site_files, priority=900)  # after Jupyter Book's own start page
    return {"parallel_read_safe": True, "parallel_write_safe": True}
