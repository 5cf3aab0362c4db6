import pytest

from sottovoce.cli.support.times import clock, duration, parse_time


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("0", 0), ("90", 90), ("7.25", 7.25), ("1:30", 90), ("01:00.5", 60.5), ("1:02:03", 3723), ("99:59", 5999)],
)
def test_times(text, seconds):
    assert parse_time(text) == seconds


@pytest.mark.parametrize("text", ["", "x", "-1", "nan", "1:60", "1:-1", "1:60:00", "1:2:3:4", ":30", "1.5:00", "1:"])
def test_no_times(text):
    with pytest.raises(ValueError):
        parse_time(text)


def test_written():
    assert [clock(seconds) for seconds in (0, 59.6, 357.72, 3723)] == ["0:00", "1:00", "5:58", "1:02:03"]
    assert duration(3) == "3.00 s"
    assert duration(357.72) == "357.72 s (5:58)"
