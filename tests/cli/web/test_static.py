"""The files of the page load nothing from outside and need no inline styles or scripts."""

import re

from sottovoce.cli.web.server import STATIC


def test_nothing_comes_from_outside():
    for path in STATIC.rglob("*"):
        if path.is_file():
            text = path.read_text("utf-8").replace('xmlns="http://www.w3.org/2000/svg"', "")
            assert not re.search(r"""https?:|wss?:|["'(]//|@import|@font-face""", text), path
            assert (
                not re.search(r"""\s(style|on[a-z]+)=|<style|<script(?!( type="module")? src=)""", text)
                or path.suffix == ".js"
            )
