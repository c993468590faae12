"""What axe finds on the site and only the theme could mend: (rule, a part of the element's HTML, the reason).

An entry that nothing matches any more makes a test fail, so that the list stays short.
"""

KNOWN: list[tuple[str, str, str]] = []
