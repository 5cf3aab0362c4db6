"""Formulas of the course as MathML, which browsers draw without scripts: the site works offline.

MkDocs loads this file as a hook (see mkdocs.yml).
"""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING, Any

from latex2mathml.converter import convert

if TYPE_CHECKING:
    from mkdocs.structure.pages import Page

VERBATIM = re.compile(r"(<pre.*?</pre>|<script.*?</script>|<style.*?</style>)", re.DOTALL)
FORMULA = re.compile(r"\$\$(.+?)\$\$|\$([^$]+?)\$", re.DOTALL)


def on_post_page(output: str, *, page: Page, **_: Any) -> str:
    """Replace ``$...$`` and ``$$...$$`` outside code on pages of notebooks."""
    if not page.file.src_uri.endswith(".ipynb"):
        return output
    parts = VERBATIM.split(output)
    return "".join(part if i % 2 else FORMULA.sub(_formula, part) for i, part in enumerate(parts))


def _formula(found: re.Match[str]) -> str:
    block, inline = found.groups()
    return convert(html.unescape(block or inline), display="block" if block else "inline")
