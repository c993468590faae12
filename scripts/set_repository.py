"""Change the address of the repository wherever it stands: `make repository URL=...`.

The present address is read from _config.yml, where it stands as the `repository: url`.
Plain Python on purpose: a fork can run this before anything is installed.
"""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FILES = ("*.md", "*.toml", "*.cff", "_config.yml", "book/*.md", "book/*.ipynb")
SLUG = re.compile(r"https://github\.com/([\w.-]+/[\w.-]+?)(?:\.git)?/?")


def repository_slug(root: Path = ROOT) -> str:
    """The repository as `owner/name`, from _config.yml."""
    config = (root / "_config.yml").read_text(encoding="utf-8")
    found = re.search(r"^repository:\n(?:  .*\n)*?  url: (\S+)", config, re.MULTILINE)
    match = SLUG.fullmatch(found.group(1)) if found else None
    if not match:
        raise ValueError("_config.yml has no GitHub address under `repository: url`")
    return match.group(1)


def replace(text: str, old: str, new: str) -> str:
    """Replace `old` by `new` in GitHub and Colab addresses and in the address of the Pages site."""
    text = re.sub(rf"(github(?:\.com)?/){re.escape(old)}(?![\w-])", rf"\g<1>{new}", text)
    (old_owner, old_name), (new_owner, new_name) = old.split("/"), new.split("/")
    return text.replace(f"{old_owner}.github.io/{old_name}", f"{new_owner}.github.io/{new_name}")


def set_repository(url: str, root: Path = ROOT) -> list[Path]:
    """Rewrite the address in every file that holds it; returns the files that changed."""
    match = SLUG.fullmatch(url)
    if not match:
        raise ValueError(f"URL must look like https://github.com/you/fork, got {url!r}")
    old, changed = repository_slug(root), []
    for path in sorted({path for pattern in FILES for path in root.glob(pattern)}):
        before = path.read_text(encoding="utf-8")
        after = replace(before, old, match.group(1))
        if after != before:
            path.write_text(after, encoding="utf-8")
            changed.append(path)
    return changed


if __name__ == "__main__":
    try:
        for file in set_repository(sys.argv[1]):
            print(f"changed {file.relative_to(ROOT)}")
    except ValueError as problem:
        sys.exit(str(problem))
