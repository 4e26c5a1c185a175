"""What must be escaped for a text to stay text, and nothing more: a backslash that is not needed is noise."""

from __future__ import annotations

import re

from markdown_it.common.html_blocks import block_names

from gitsync.markdown.autolinks import HOST, starts_scheme

CONTROL = r"\x00-\x1f\x7f\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
"""Control characters and Unicode's white space, which one rule or another trims at edges; for a set in a pattern."""

PLAIN = "|".join(
    (
        rf"[^{CONTROL}!$&*.:<@\[\\\]_`~]++",
        r"\.(?<![wW]{3}\.)",
        r":(?!//)",
        r"!(?!\[)",
        r"(?<=[^\W_])_++(?=[^\W_])",  # within a word: no mark
        r"<(?![A-Za-z/!?])",
        r"&(?![#A-Za-z])",
        r"@(?![A-Za-z0-9_-]+\.)",
        r"\$(?![^$]*\$)",  # the last dollar closes no formula, and opens none
    )
)
"""A pattern for what needs no escape within a line, but for a "!" that a link follows."""

BEGINS = r"(?![-#+=>:~|\s]|\d{1,9}[.)](?:\s|\Z))"
"""A pattern for where no block begins, nor a line that makes a heading or a table of the one before it."""

_PLAIN = re.compile(rf"(?:{PLAIN}|\n)*+")
_PLAIN_LINES = re.compile(rf"{BEGINS}(?:{PLAIN})++(?:(?<! )\n{BEGINS}(?:{PLAIN})++)*+")
_SPECIAL = re.compile(
    r"""\\(?=[!-/:-@\[-`{-~\n]|\Z)          # would escape what follows
    | (?P<run>\*+|_+|~+|`+)                  # could be marks
    | <(?=[A-Za-z/!?])                      # could be a tag
    | &(?=\#[0-9]{1,7};|\#[xX][0-9a-fA-F]{1,6};|[A-Za-z][A-Za-z0-9]{1,31};)
    | \](?=\()(?!\([ \n]*[^\s<>()]+[ \n]+
        (?:[^\s)"'(]|'[^'\n]*'[ \n]+[^\s)]|"[^"\n]*"[ \n]+[^\s)]))  # could end a link: "(a b)" is no target
    | \[(?=\^[^\s\]]{1,200}\])                  # could be a footnote
    | (?<=%)\[(?=https?://|\Z)              # could be an embed, as Hashnode spells them
    | \$(?=\$?`|\$[^$\s])                      # could be a formula
    | (?<![\w$\\=/&?%#])\$(?=\S)(?=(?:[^\\$`\n]|\\[^\n])+(?<!\s)\$(?![\w$(\[{<=\\]))
    | !\Z                                   # could make an image of a link
    | (?P<link>(?<=http):(?=//\w)|(?<=https):(?=//\w)|(?<=ftp):(?=//\w)
      |(?<=[A-Za-z0-9._+-])@(?=[A-Za-z0-9_-]+\.[A-Za-z0-9_-])|(?<=www)\.(?=\w))""",
    re.VERBOSE | re.IGNORECASE,
)
_PUNCTUATION = re.compile(r"[!-/:-@\[-`{-~]")
_BLOCK_START = re.compile(
    r"""\#{1,6}(?=[ \t]|$)                  # heading
    | [-+*](?=[ \t]|$)                      # list item
    | (?P<number>\d{1,9})[.)](?=[ \t]|$)    # list item
    | >                                     # quote
    | =+[ \t]*$ | -+[ \t]*$                 # underline of a heading
    | ([-*_][ \t]*){3,}$                    # rule
    | `{3} | ~{3}                           # fence
    | [:~](?=[ \t])                         # definition
    | \[(?=[^\[\]\n]*\]:)                   # definition of a link or a footnote
    | \[(?=[ xX]\](?:[ \t]|$))              # task
    | \[(?=![A-Za-z]+\])                   # alert
    | [|:-][-:| \t]*$                       # delimiters of a table""",
    re.VERBOSE,
)
_HTML_START = re.compile(rf"<(?:[!?]|/?(?:{'|'.join(['script', 'style', 'textarea', *block_names])})(?![\w:-]))")
"""HTML that begins a block even right after a line of text. Source: CommonMark, section 4.6."""

MARKS = frozenset("*_")
_STRIKES = re.compile(r"(?<!~)~(?![\s~]|\Z)")
_STRUCK = re.compile(r"(?<![\s~])~(?!~)")
_SCHEME = re.compile(r"(?:https?|ftp)\Z", re.IGNORECASE)
_LONE_TAG = re.compile(r"\A(</?[A-Za-z][\w-]*(?:\"[^\"\n]*\"|'[^'\n]*'|[^\"'<>\n])*>)[ ]*\n")
_EDGE = re.compile(r"\A\u00a0|\u00a0\Z|(?<=\n)\u00a0|\u00a0(?=\\?\n)")
_BRACKET = re.compile(r"(?<!\\)[\[\]]")


def is_plain_text(text: str) -> bool:
    """Return whether `text` needs no escape within a line, or some, unless a link follows."""
    return _PLAIN.fullmatch(text) is not None


def are_plain_lines(text: str) -> bool:
    """Return whether `text` needs no escape as a whole paragraph."""
    return _PLAIN_LINES.fullmatch(text) is not None


def escape_text(text: str, *, before: str, after: str, lonely: str, links: bool, struck: bool) -> str:
    """Return `text` with escapes where it stands between the characters `before` and `after` ("" for an edge).

    `lonely` has the marks that occur once in the whole line and so mean nothing; `links`: URLs would become links;
    `struck`: GitHub would strike text out for single tildes.
    """

    def escaped(match: re.Match[str]) -> str:
        found = match[0]
        if found == "~":
            # GitHub sees no emphasis where one tilde touches its marks.
            edge = (not match.start() and before in MARKS) or (match.end() == len(text) and after in MARKS)
            return "\\~" if struck or edge else found
        if match["run"]:
            left = text[match.start() - 1] if match.start() else before or " "
            right = text[match.end()] if match.end() < len(text) else after or " "
            if found[0] in lonely or (found[0] != "`" and left.isspace() and right.isspace()):
                return found
            if found[0] == "_" and left.isalnum() and right.isalnum():
                return found
            return "".join("\\" + char for char in found)
        if found == ":" and (scheme := _SCHEME.search(text, max(match.start() - 5, 0), match.start())):
            first = text[scheme.start() - 1] if scheme.start() else before
            return "\\:" if links and starts_scheme(first) else found
        if found == "." and match["link"]:
            at = match.start() - len("www")
            first = text[at - 1] if at else before or " "
            return "\\." if links and first in " \t\n*_~(" else found
        if (
            found == "@"
            and (host := HOST.match(text, match.end()))
            and host.end() < len(text)
            and not host[0][-1].isalpha()
        ):
            return found
        if (match["link"] and not links) or (found == "!" and after != "["):
            return found
        return "\\" + found

    return _SPECIAL.sub(escaped, text)


def is_struck(text: str) -> bool:
    """Return whether GitHub would strike text out for single tildes. Source: cmark-gfm, extensions/strikethrough.c."""
    opening = _STRIKES.search(text)
    return opening is not None and _STRUCK.search(text, opening.end()) is not None


def escape_all(text: str) -> str:
    """Return `text` with every mark escaped that could ever mean something."""
    return _PUNCTUATION.sub(r"\\\g<0>", text)


def escape_label(text: str) -> str:
    """Return escaped `text` for the text of a link, in which brackets must come in pairs."""
    depth = 0
    for bracket in _BRACKET.findall(text):
        depth += 1 if bracket == "[" else -1
        if depth < 0:
            break
    return _BRACKET.sub(r"\\\g<0>", text) if depth else text


def escape_alt(text: str) -> str:
    """Return the text of an image for between its brackets."""
    text = escape_text(text, before="[", after="]", lonely="", links=True, struck=is_struck(text))
    return escape_label(text).replace("\n", "&#10;")


def escape_title(text: str) -> str:
    """Return a link's title for between double quotes."""
    text = re.sub(r'\\(?=[!-/:-@\[-`{-~]|\Z)|"|&(?=#?\w+;)', r"\\\g<0>", text)
    return text.replace("\n", "&#10;")


def escape_line_starts(text: str) -> str:
    """Return escaped `text` with nothing at the start of a line that would begin a block.

    Where a line break can be a space, that is done instead; one after a backslash is a break that must stay.
    """
    if "\n" not in text:
        return _escaped_start(text)
    lines = _LONE_TAG.sub(r"\1 ", text, count=1).split("\n") if text.startswith("<") else text.split("\n")
    out = [lines[0]]
    for line in lines[1:]:
        if (_BLOCK_START.match(line) or _HTML_START.match(line) or not line) and not out[-1].endswith("\\"):
            out[-1] += f" {line}"
        else:
            out.append(line)
    return "\n".join(map(_escaped_start, out))


def show_edges(text: str) -> str:
    """Return `text` with no-break spaces at the edges of lines so that nobody's editor or parser trims them."""
    return _EDGE.sub("&nbsp;", text) if "\u00a0" in text else text


def _escaped_start(line: str) -> str:
    if not (match := _BLOCK_START.match(line)):
        return line
    at = len(match["number"] or "")
    return f"{line[:at]}\\{line[at:]}"
