"""Progress in words, for work of hours whose output goes to a file."""

from sottovoce.cli.support import console
from sottovoce.cli.support.console import Console, ProgressLines, clock


def test_lines_come_now_and_then(monkeypatch):
    now = [0.0]
    monkeypatch.setattr(console, "monotonic", lambda: now[0])
    lines = ProgressLines()
    lines.begin("measuring")
    found = []
    for done in range(1, 11):
        now[0] += 10
        found.append(lines.line(done, 10))
    assert found[0] == "measuring: 1 of 10, about 1:30 left"
    assert [bool(line) for line in found] == [True, False, False, True, False, False, True, False, False, True]
    assert found[-1] == "measuring: 10 of 10"
    assert lines.line(1, None) == ""


def test_only_where_they_are_wanted(capsys):
    for lines in (False, True):
        shown = Console(lines=lines)
        with shown.progress("measuring"):
            shown.advance(1, 2)
        assert ("measuring: 1 of 2" in capsys.readouterr().err) == lines


def test_clock():
    assert [clock(5), clock(65), clock(3665)] == ["0:05", "1:05", "1:01:05"]
