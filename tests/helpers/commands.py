"""How tests start `sotto` as a process."""

import sys

SOTTO = (sys.executable, "-c", "from sottovoce.cli import main; main()")
