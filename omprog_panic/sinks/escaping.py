r"""Escapes what a service would act on in a text. Pure.

Text from the wire contains visible characters only (``plain.py``); what is left is what
services find in visible text: links, mentions, mark-up. Each function changes as little
as possible, so that a reader still recognises the original.
"""

from __future__ import annotations

import re

_SCHEME = re.compile(r"(?<=\w):(?=//)")
_BARE_LINK = re.compile(r"\b(www|mailto)([.:])", re.IGNORECASE)
_MENTION = re.compile(r"@(?=[\w&!+.-])")
_CONTROL = re.compile(r"<(?=[!@#]|/?at\b)", re.IGNORECASE)  # <!here>, <#C1>, <at>
_MARKED_LINK = re.compile(r"\](?=[(\[])")
_FENCE = re.compile("`{3,}")
# What opens or closes emphasis: not an underscore within a name.
_EMPHASIS = re.compile(r"[*~`]|(?<![^\W_])_|_(?![^\W_])|\\(?=[!-/:-@\[-`{-~])")
_LIST = re.compile(r"^(\s*)([-+#>]|\d+[.)])(?=\s)", re.MULTILINE)
_SPACES = re.compile(r"(?<= ) |^ ", re.MULTILINE)


def no_links(text: str) -> str:
    """Break what programs make links of.

    >>> no_links("see https://a.b/c or www.a.b")
    'see https[:]//a.b/c or www[.]a.b'
    """
    return _BARE_LINK.sub(r"\1[\2]", _SCHEME.sub("[:]", text))


def no_mentions(text: str) -> str:
    r"""Break what calls people, with characters that look the same.

    >>> no_mentions("@all <!here> a @ b") == "\uff20all \uff1c!here> a @ b"
    True
    """
    return _MENTION.sub("\uff20", _CONTROL.sub("\uff1c", text))


def no_fences(text: str) -> str:
    """Break what would end a code block.

    >>> no_fences("`a` ```b")
    "`a` '''b"
    """
    return _FENCE.sub(lambda run: "'" * len(run[0]), text)


def no_actions(text: str) -> str:
    """Break all of these, for a service that we know nothing about."""
    return _MARKED_LINK.sub("] ", no_mentions(no_links(text)))


def entities(text: str) -> str:
    """Write the three characters that HTML and Slack act on as entities.

    >>> entities("a & <b>")
    'a &amp; &lt;b&gt;'
    """
    text = text.replace("&", "&amp;")
    return text.replace("<", "&lt;").replace(">", "&gt;")


def literal_markdown(text: str) -> str:
    r"""Escape text so that Markdown without code blocks shows it line by line.

    >>> literal_markdown("a  _b\n- c")
    'a \xa0\\_b\n\n\\- c'
    """
    text = _EMPHASIS.sub(lambda one: f"\\{one[0]}", text)
    text = text.replace("{{", "{ {")  # {{DATE(...)}} of adaptive cards
    text = _LIST.sub(_escaped_list, text)
    return _SPACES.sub("\xa0", text).replace("\n", "\n\n")


def _escaped_list(found: re.Match[str]) -> str:
    mark = found[2]
    return f"{found[1]}{mark[:-1]}\\{mark[-1]}"


def one_row(text: str) -> str:
    """Escape text for inline code of any service."""
    return text.replace("`", "'")
