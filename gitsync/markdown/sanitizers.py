"""The HTML that each platform lets through in posts: all else is gone before anybody sees it.

Sources: Forem app/sanitizers/rendered_markdown_scrubber.rb; Hashnode/starter-kit packages/utils/renderer,
sanitizeHTMLOptions.js, with the defaults of sanitize-html 2.11, which it asks for; what Medium's editor can hold.
Ghost's Markdown cards (TryGhost/Koenig packages/kg-markdown-html-renderer) and WordPress' blocks of people who may send
HTML (`unfiltered_html`) are passed on as they are.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple


class Lets(NamedTuple):
    """What a platform lets through: elements, and attributes by element ("*": of every one).

    Without `attributes` somebody else tells what becomes of them, as of the elements in `elsewhere`.
    """

    elements: frozenset[str]
    attributes: Mapping[str, frozenset[str]] | None = None
    elsewhere: frozenset[str] = frozenset()

    def has(self, element: str, attribute: str = "") -> bool:
        """Return whether an element, or an attribute of it, is let through."""
        if element in self.elsewhere or not attribute or self.attributes is None:
            return element in self.elements | self.elsewhere
        return any(
            attribute in names or (attribute.startswith("data-") and "data-*" in names)
            for of in ("*", element)
            if (names := self.attributes.get(of))
        )


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_TEXT: Final = """
    a abbr b blockquote br cite code col colgroup dd dl dt em figcaption h1 h2 h3 h4 h5 h6 hr img kbd li mark ol p pre q
    rp rt ruby small span strong sub sup table tbody td tfoot th thead time tr u ul
"""
_BOXES: Final = """
    address article aside bdi bdo caption data details dfn div figure footer header hgroup i iframe main nav rb rtc s
    samp section summary var wbr
"""

LETS: Final = {
    "dev.to": Lets(
        _words(_TEXT) | _words("add button center del source video"),
        {
            "*": _words(
                """
                alt colspan controls data-conversation data-lang data-no-instant data-url href id loop name ref rel
                rowspan span src start title type value width
                """
            ),
        },
        # A tag of Liquid there, of which `plain_details` tells.
        elsewhere=_words("details summary"),
    ),
    "Hashnode": Lets(
        _words(_TEXT) | _words(_BOXES),
        {
            "*": _words("id"),
            "iframe": _words("src class sandbox style width height"),
            "div": _words("class data-*"),
            "a": _words("href class target"),
            "img": _words("src alt class"),
            "code": _words("class"),
            "span": _words("class"),
            "abbr": _words("title"),
        },
    ),
    "Medium": Lets(_words(_TEXT) | _words(_BOXES) | _words("big center del dir font ins source strike tt")),
}
