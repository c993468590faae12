"""Small corrections to what Jupyter Book does by default."""

import filecmp
import sys
from pathlib import Path

from sphinx.application import Sphinx


def drop_links_to_nowhere(app: Sphinx, config) -> None:
    """Leave out the buttons that lead to the repository and to Colab while the repository has no address."""
    options = config.html_theme_options
    if ".invalid/" in f"{options.get('repository_url', '')}/":
        off = ("use_repository_button", "use_issues_button", "use_source_button", "use_edit_page_button")
        nowhere = {"launch_buttons": {}, "repository_url": ""}
        config.html_theme_options = options | nowhere | dict.fromkeys(off, False)


def skip_tuple_fields(app: Sphinx, what, name, obj, skip, options) -> bool | None:
    """Leave out "Alias for field number 0": the class's docstring describes its fields."""
    return True if type(obj).__name__ == "_tuplegetter" else None


def skip_inner_constants(app: Sphinx, what, name, obj, skip, options) -> bool | None:
    """Leave out the constants of a module that it does not count among its public names."""
    module = sys.modules.get(app.env.temp_data.get("autodoc:module") or "")
    if what != "module" or not name.isupper() or module is None:
        return None
    return None if name in getattr(module, "__all__", (name,)) else True


def pages_after_new_static_files(app: Sphinx, env, added, changed, removed) -> list[str]:
    """All pages where a style or a picture changed: Sphinx would not copy it without a new page."""
    ours = [path for path in app.config.html_static_path if not Path(path).is_absolute()]
    for folder in ours:  # the others belong to extensions
        source, copy = Path(app.confdir) / folder, Path(app.outdir) / "_static"
        for path in filter(Path.is_file, source.rglob("*")):
            copied = copy / path.relative_to(source)
            if not copied.is_file() or not filecmp.cmp(path, copied, shallow=False):
                return sorted(env.found_docs)
    return []


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect("config-inited", drop_links_to_nowhere)
    app.connect("autodoc-skip-member", skip_tuple_fields)
    app.connect("autodoc-skip-member", skip_inner_constants)
    app.connect("env-get-outdated", pages_after_new_static_files)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
