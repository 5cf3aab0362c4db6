"""Text in tables that spreadsheets open."""

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def cell(text: str) -> str:
    """Return a cell that a spreadsheet takes as text, not as a formula, whoever chose its first characters."""
    return f"'{text}" if text.startswith(_FORMULA) else text
