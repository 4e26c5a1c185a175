"""Bare URLs and e-mail addresses as links, by the rules of GitHub Flavored Markdown's autolink extension.

The scheme and the "@" are found while Markdown is read, so that a "_" within an address is no emphasis; "www." is
looked for afterwards in what is left as text. Sources: GFM specification, section 6.9; cmark-gfm extensions/autolink.c.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import zip_longest

from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token

_SCHEME = re.compile(r"(?<![A-Za-z])(?:https?|ftp)$", re.IGNORECASE)
_WWW = re.compile(r"(?:^|(?<=[ \t\n*_~(]))www\.", re.IGNORECASE)
_LABEL = r"[\w\U00010000-\U0010ffff-]+"
_DOMAIN = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")
_REST = re.compile(r"[^ \t\n\r\f\v<\x00]*")
_BRACKET = re.compile(r"[\[\]]")
# Keys in a cache whose other keys are positions: tokens looked at, brackets open after them; what of the pending text
# was looked at, brackets open there.
_SEEN, _DEPTH, _READ, _OPEN = -2, -3, -4, -5
_LOCAL = re.compile(r"[A-Za-z0-9._+-]{1,256}$")
_PROTOCOL = re.compile(r"(?<![A-Za-z0-9])(?:mailto|xmpp):$")
_RESOURCE = re.compile(r"/[A-Za-z0-9._+-]*[A-Za-z0-9]")
HOST = re.compile(r"[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)+")
"""The host of an e-mail address; it is one if its last character is a letter: "left@1.2.3" is a version."""
_MAIL = re.compile(rf"(?<![A-Za-z0-9._+/-])[A-Za-z0-9._+-]{{1,256}}@{HOST.pattern}(?<=[A-Za-z])(?=[?!.,:;*~'\"]*$)")
_TRAIL = re.compile(r"(?:&[A-Za-z]+;|[?!.,:;*_~'\"])$")
TEXT = re.compile(r"(?:https?|ftp)://\w|www\.\w|[A-Za-z0-9._+-]@[A-Za-z0-9_-]+\.\w", re.IGNORECASE)
"""Finds (too much rather than too little of) what this module would make a link of."""


def autolinks(md: MarkdownIt) -> None:
    """Teach `md` bare links."""
    md.inline.ruler.before("backticks", "gfm_autolink", _rule)
    md.core.ruler.after("inline", "gfm_www", _www)
    md.core.ruler.after("inline", "gfm_local_part", _local_parts)
    md.core.ruler.after("inline", "gfm_emphasised_mail", _emphasised)


def _rule(state: StateInline, silent: bool) -> bool:
    mark = state.src[state.pos]
    # In silent mode a label is being looked for; in one, a bare URL must not swallow the "]".
    if mark not in ":@" or silent or state.linkLevel:
        return False
    start, end, scheme = _address(state) if mark == "@" else _url(state)
    if end <= state.pos:
        return False
    text = state.src[start:end]
    href = state.md.normalizeLink(scheme + text)
    if not state.md.validateLink(href):
        return False
    state.pending = state.pending[: -(state.pos - start)]
    for token in _link(href, text, state.level):
        made = state.push(token.type, token.tag, token.nesting)
        made.attrs, made.content, made.markup, made.info = token.attrs, token.content, token.markup, token.info
    state.pos = end
    return True


def _url(state: StateInline) -> tuple[int, int, str]:
    if not state.src.startswith("://", state.pos) or not (scheme := _SCHEME.search(state.pending[-7:])):
        return 0, 0, ""
    start = state.pos - len(scheme[0])
    if len(scheme[0]) == len(state.pending) and not starts_scheme(state.src[max(start - 1, 0) : start]):
        return 0, 0, ""
    domain = state.pos + 3
    end = extent(state.src, domain)
    return start, end if end > domain and not _in_bracket(state) else 0, ""


def _in_bracket(state: StateInline) -> bool:
    """Return whether a "[" is open, in which cmark-gfm looks for no bare URL, though it may come to no link."""
    seen, depth = state.cache.get(_SEEN, 0), state.cache.get(_DEPTH, 0)
    for token in state.tokens[seen:]:
        if token.type == "text":
            depth = _depth(token.content, depth)
    state.cache[_SEEN], state.cache[_DEPTH] = len(state.tokens), depth
    # Until a token is made of it, what is pending only grows.
    read = state.cache.get(_READ, 0)
    if seen != len(state.tokens) or read > len(state.pending):
        read, state.cache[_OPEN] = 0, depth
    state.cache[_READ], state.cache[_OPEN] = len(state.pending), _depth(state.pending[read:], state.cache.get(_OPEN, 0))
    return state.cache[_OPEN] > 0


def _depth(text: str, depth: int) -> int:
    """Return how many "[" are open after `text`, if `depth` are before it."""
    for bracket in _BRACKET.findall(text):
        depth = depth + 1 if bracket == "[" else max(depth - 1, 0)
    return depth


def _address(state: StateInline) -> tuple[int, int, str]:
    local = _LOCAL.search(state.pending[-257:])
    host = HOST.match(state.src, state.pos + 1)
    if not local or not host or not host[0][-1].isalpha():
        return 0, 0, ""
    start, end = state.pos - len(local[0]), host.end()
    if not (protocol := _PROTOCOL.search(state.pending[: -len(local[0])][-8:])):
        return start, end, "mailto:"
    if protocol[0] == "xmpp:" and (resource := _RESOURCE.match(state.src, end)):
        end = resource.end()
    return start - len(protocol[0]), end, ""


def starts_scheme(before: str) -> bool:
    """Return whether "http" is a scheme after the character `before` ("" for an edge): wherever no letter is."""
    return not (before.isascii() and before.isalpha())


def extent(text: str, start: int) -> int:
    """Return where a bare URL ends whose domain begins at `start`; `start` itself if there is no domain."""
    domain = _DOMAIN.match(text, start)
    # cmark-gfm does not look at the last character of all that it reads.
    name = domain[0].removesuffix("_") if domain and domain.end() == len(text) else domain and domain[0]
    if not name or any("_" in label for label in name.split(".")[-2:]):
        return start
    rest = _REST.match(text, start)
    url = rest[0] if rest else ""
    unbalanced = url.count(")") - url.count("(")
    while True:
        if url.endswith(")") and unbalanced > 0:
            url, unbalanced = url[:-1], unbalanced - 1
        elif trail := _TRAIL.search(url[-16:]):
            url = url[: -len(trail[0])]
        else:
            return start + len(url)


def _local_parts(state: StateCore) -> None:
    """Move what stands before a "_" in an e-mail address, and was read before it was known to be one, into the link."""
    for block in state.tokens:
        if block.type != "inline" or not block.children or "@" not in block.content:
            continue
        for before, opened, text in zip(block.children, block.children[1:], block.children[2:], strict=False):
            mail = opened.type == "link_open" and opened.markup == "bare" and text.content.count("@") == 1
            local = _LOCAL.search(before.content[-256:]) if mail and before.type == "text" else None
            if local:
                before.content = before.content[: -len(local[0])]
                text.content = local[0] + text.content
                opened.attrs["href"] = state.md.normalizeLink(f"mailto:{text.content}")


def _emphasised(state: StateCore) -> None:
    """Make links of e-mail addresses right before a "_" that ends emphasis, which was read as part of the host."""
    for block in state.tokens:
        if block.type == "inline" and block.children and "@" in block.content and "_" in block.content:
            block.children = list(_mails(block.children, state.md))


def _mails(tokens: list[Token], md: MarkdownIt) -> Iterator[Token]:
    links = 0
    for token, after in zip_longest(tokens, tokens[1:]):
        links += token.nesting if token.type in ("link_open", "link_close") else 0
        ends = after is not None and after.nesting < 0 and after.markup in ("_", "__")
        mail = _MAIL.search(token.content, max(len(token.content) - 600, 0)) if ends and not links else None
        if token.type != "text" or mail is None:
            yield token
            continue
        yield _text(token.content[: mail.start()], token.level)
        yield from _link(md.normalizeLink(f"mailto:{mail[0]}"), mail[0], token.level)
        yield _text(token.content[mail.end() :], token.level)


def _www(state: StateCore) -> None:
    if "www." not in state.src.lower():
        return
    for block in state.tokens:
        if block.type == "inline" and block.children and "www." in block.content.lower():
            block.children = list(_with_links(block.children, state.md))


def _with_links(tokens: list[Token], md: MarkdownIt) -> Iterator[Token]:
    links = brackets = 0
    before = ""
    for index, token in enumerate(tokens):
        links += token.nesting if token.type in ("link_open", "link_close") else 0
        if token.type == "text" and not links:
            glued = before in ("code_inline", "html_inline", "link_close", "image", "text_special")
            yield from _split(token, _closers(tokens, index + 1), md, brackets, glued=glued)
            brackets = _depth(token.content, brackets)
        else:
            yield token
        before = token.type


def _closers(tokens: list[Token], start: int) -> str:
    """Return the signs that end emphasis at `start`, as they are written, and a line end if anything is behind them."""
    end = start
    while end < len(tokens) and tokens[end].type in ("em_close", "strong_close"):
        end += 1
    return "".join(token.markup for token in tokens[start:end]) + ("\n" if end < len(tokens) else "")


def _split(token: Token, after: str, md: MarkdownIt, brackets: int, *, glued: bool) -> Iterator[Token]:
    """Yield what is before, in and behind the addresses of a text that the signs `after` follow.

    They are part of a domain for cmark-gfm, which looks for "www." before it knows what is emphasis.
    """
    text, done, seen = token.content, 0, 0
    for match in _WWW.finditer(text):
        brackets, seen = _depth(text[seen : match.start()], brackets), match.start()
        end = min(extent(text + after, match.start()), len(text))
        if match.start() < done or end <= match.end() or (glued and match.start() == 0) or brackets:
            continue
        href = md.normalizeLink("http://" + text[match.start() : end])
        yield _text(text[done : match.start()], token.level)
        yield from _link(href, text[match.start() : end], token.level)
        done = end
    yield _text(text[done:], token.level)


def _text(content: str, level: int) -> Token:
    return Token("text", "", 0, content=content, level=level)


def _link(href: str, text: str, level: int) -> list[Token]:
    opened = Token("link_open", "a", 1, attrs={"href": href}, markup="bare", info="auto", level=level)
    closed = Token("link_close", "a", -1, markup="bare", info="auto", level=level)
    return [opened, _text(text, level + 1), closed]
