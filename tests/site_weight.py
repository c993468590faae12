"""How many bytes of the site a browser fetches, compressed as servers compress them."""

import gzip
from functools import cache
from pathlib import Path
from urllib.parse import unquote, urlsplit

COMPRESSED_ALREADY = {".png", ".jpg", ".woff", ".woff2"}


@cache
def wire_bytes(path: Path) -> int:
    content = path.read_bytes()
    return len(content if path.suffix in COMPRESSED_ALREADY else gzip.compress(content, 6))


def weight(addresses: set[str], site: Path) -> int:
    """Bytes of the files at these addresses, each counted once."""
    paths = {site / unquote(urlsplit(address).path).lstrip("/") for address in addresses}
    return sum(wire_bytes(path) for path in paths if path.is_file())
