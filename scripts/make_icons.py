"""Draw the icons and the card that chats show, after a change of the logo: `python scripts/make_icons.py`.

It needs Chromium, as the browser tests do; the pictures are stored with the sources.
"""

import shutil
from pathlib import Path

from playwright.sync_api import sync_playwright

STATIC = Path(__file__).resolve().parent.parent / "book" / "_static"
ICON = "<style>*{{margin:0}}svg{{width:{size}px;height:{size}px;display:block}}</style>{logo}"
CARD = """<style>
* {{ margin: 0; font-family: sans-serif; color: #1f2937 }}
body {{ display: flex; align-items: center; gap: 60px; height: 630px; padding: 0 80px; background: #f3f4f6 }}
svg {{ width: 300px; flex: none }}
h1 {{ font-size: 76px; line-height: 1.15 }}
p {{ font-size: 32px; margin-top: 28px }}
</style>
{logo}<div><h1>Behavioural modelling in JAX</h1><p>Write models, simulate them, fit them to data.</p></div>"""


def main() -> None:
    logo = (STATIC / "logo.svg").read_text(encoding="utf-8")
    pictures = {f"icon-{size}.png": (ICON.format(size=size, logo=logo), size, size) for size in (32, 180)}
    pictures["card.png"] = (CARD.format(logo=logo), 1200, 630)
    path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        for name, (html, width, height) in pictures.items():
            page = browser.new_page(viewport={"width": width, "height": height})
            page.set_content(html)
            page.screenshot(path=STATIC / name, omit_background=True)
        browser.close()


if __name__ == "__main__":
    main()
