from pathlib import Path

import pytest

from sottovoce.codec.evaluation.store import StoredPart, sweep


def test_a_part_is_known_by_its_key(in_folder):
    part = StoredPart(Path("deep/a.json"), {"recording": 1})
    assert part.load() is None
    part.save({"bytes": 3})
    assert part.load() == {"bytes": 3}
    assert StoredPart(part.path, {"recording": 2}).load() is None
    part.forget()
    part.forget()
    assert part.load() is None


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", '{"key": {"recording": 1}, "result": NaN}', "3", '{"key": {"recording": 1}}', "\0", "[" * 100_000],
)
def test_what_is_damaged_is_not_there(in_folder, text):
    Path("a.json").write_text(text)
    assert StoredPart(Path("a.json"), {"recording": 1}).load() is None


def test_half_written_files_are_swept_away(in_folder):
    drafts = ("decoded/x/.a.flac.12345678.part", ".report.html.12345678.part")
    others = (".film.mp4.part", "films/.film.mp4.part", "films/.report.md.1.part")
    for name in ("parts/x/.a.json.12345678.part", "parts/x/a.json", "report.json", *drafts, *others):
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).touch()
    sweep(Path("."))
    assert sorted(str(path) for path in Path().rglob("*.*")) == sorted(["parts/x/a.json", "report.json", *others])
