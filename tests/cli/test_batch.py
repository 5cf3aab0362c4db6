"""Whole archives: what is done, skipped, ignored and failed is counted, and a second run goes on."""

import json
import os
from pathlib import Path

import pytest
import soundfile


@pytest.fixture
def archive(wav):
    for name in ("archive/a.wav", "archive/b.flac", "archive/deep/c.ogg"):
        wav(name)
    Path("archive/d.mid").write_bytes(b"x")
    Path("archive/empty.wav").touch()
    return "archive"


def test_the_sum_counts_everything(sotto, archive):
    status, out, err = sotto("encode", archive, "-r", "-o", "coded", "-j", "1")
    assert status == 1
    assert err.count("\n") == 1
    *_, total, summary, failed = out.splitlines()
    assert total.endswith("  in all")
    assert summary.startswith("3 done, 1 ignored (1 .mid), 1 failed, ")
    assert " kB to " in summary
    assert failed == "failed: archive/empty.wav"


def test_the_sum_for_programs(sotto, archive):
    _, out, _ = sotto("encode", archive, "-r", "-o", "coded", "-j", "1", "--json")
    total = json.loads(out.splitlines()[-1])["total"]
    assert (total["files"], total["skipped"], total["failed"]) == (3, 0, ["archive/empty.wav"])
    assert total["ignored"] == {".mid": 1}
    assert total["output_bytes"] == total["bytes"] == sum(p.stat().st_size for p in Path("coded").rglob("*.sotto"))
    assert total["input_bytes"] == sum(os.path.getsize(f"archive/{n}") for n in ("a.wav", "b.flac", "deep/c.ogg"))


def test_a_second_run_goes_on(sotto, archive):
    os.remove("archive/empty.wav")
    again = "encode", archive, "-r", "-o", "coded", "-j", "1"
    assert sotto(*again)[0] == 0
    status, out, err = sotto(*again)
    assert status == 1
    assert err == (
        "sotto: 3 outputs exist already, such as coded/a.sotto; --skip-existing leaves them as they are, "
        "-f overwrites them\n"
    )
    os.remove("coded/b.sotto")
    status, out, err = sotto(*again, "--skip-existing")
    assert (status, err) == (0, "")
    row, summary = out.splitlines()
    assert row.endswith("archive/b.flac")
    assert summary.startswith("1 done, 2 skipped (output exists), 1 ignored (1 .mid), ")
    status, out, err = sotto(*again, "--skip-existing")
    assert (status, err) == (0, "")
    assert out.startswith("0 done, 3 skipped")
    assert sotto("encode", "archive/a.wav", "-o", "coded/a.sotto", "--skip-existing")[0] == 0
    assert sotto("decode", "coded", "-r", "--skip-existing", "-f")[0] == 2


def test_two_inputs_with_one_output(sotto, archive):
    Path("archive/a.mp3").write_bytes(Path("archive/a.wav").read_bytes())
    os.remove("archive/empty.wav")
    status, out, err = sotto("encode", archive, "-o", "coded")
    assert status == 1
    assert err.splitlines()[1].startswith("sotto: archive/a.mp3: has the same output coded/a.sotto as archive/a.wav; ")
    assert os.listdir("coded") == ["b.sotto"]
    assert out.splitlines()[-1] == "failed: archive/a.mp3, archive/a.wav"


def test_names_from_a_list(sotto, sotto_process, archive):
    Path("list.txt").write_text("archive/a.wav\n\narchive/deep/c.ogg\n")
    assert sotto("encode", "--files-from", "list.txt", "-o", "coded", "--keep-tree")[0] == 0
    assert sorted(map(str, Path("coded").rglob("*.sotto"))) == [
        "coded/archive/a.sotto",
        "coded/archive/deep/c.sotto",
    ]
    result = sotto_process("decode", "--files-from", "-", "-o", "back", input=b"coded/archive/a.sotto\n")
    assert result.returncode == 0
    Path("none.txt").touch()
    status, _, err = sotto("encode", "--files-from", "none.txt")
    assert (status, err) == (2, "sotto: there are no names in none.txt; see `sotto encode --help`\n")
    status, _, err = sotto("encode")
    assert (status, err) == (2, "sotto: Missing argument 'IN...'; see `sotto encode --help`\n")


@pytest.mark.parametrize(
    ("name", "kind"), [("x.flac", "FLAC"), ("x.ogg", "VORBIS"), ("x.opus", "OPUS"), ("x.MP3", "MPEG_LAYER_III")]
)
def test_decoded_to_other_formats(sotto, wav, name, kind):
    sotto("encode", wav())
    assert sotto("decode", "talk.sotto", "-o", name)[0] == 0
    found = soundfile.info(name)
    assert (found.samplerate, found.channels, found.frames) == (16000, 1, 48000)
    assert kind in (found.format, found.subtype)
    if kind == "FLAC":
        sotto("decode", "talk.sotto", "-o", "x.wav")
        assert (soundfile.read("x.wav")[0] == soundfile.read(name)[0]).all()


def test_a_damaged_file_leaves_no_mp3(sotto, wav):
    sotto("encode", wav(seconds=10))
    data = Path("talk.sotto").read_bytes()
    Path("talk.sotto").write_bytes(data[:30])
    assert sotto("decode", "talk.sotto", "-o", "x.mp3")[0] == 2
    assert sorted(os.listdir()) == ["talk.sotto", "talk.wav"]


@pytest.mark.parametrize("name", ["x.m4a", "x.aiff", "x.sotto", "x.txt"])
def test_formats_that_are_not_written(sotto, wav, name):
    sotto("encode", wav())
    status, _, err = sotto("decode", "talk.sotto", "-o", name)
    assert status == 2
    assert "files are not written; choose one of .wav .flac" in err or name == "x.sotto"
    assert not os.path.exists(name)


def test_encode_refuses_the_name_of_a_recording(sotto, wav):
    status, _, err = sotto("encode", wav(), "-o", "z.wav")
    assert (status, err) == (2, "sotto: z.wav: is the name of a recording; name a .sotto file with -o\n")


@pytest.mark.parametrize("option", ["--from", "--to"])
def test_times(sotto, wav, option):
    sotto("encode", wav(seconds=70))
    assert sotto("decode", "talk.sotto", "-o", "x.wav", option, "1:05")[0] == 0
    assert soundfile.info("x.wav").frames == 16000 * (5 if option == "--from" else 65)
    status, _, err = sotto("decode", "talk.sotto", "-o", "y.wav", option, "1:75")
    assert status == 2
    assert "'1:75' is not a time; give seconds, mm:ss or hh:mm:ss" in err


def test_jobs_of_an_array_share_the_work(sotto, wav):
    for name in "abcde":
        wav(f"archive/{name}.wav", seconds=0.2)
    for number in (1, 2):
        status, _, err = sotto("encode", "archive", "-o", "coded", "-j", "1", "--shard", f"{number}/2")
        assert (status, err) == (0, "")
        assert len(list(Path("coded").iterdir())) == (3, 5)[number - 1]
    status, out, _ = sotto("decode", "coded", "-o", "decoded", "-j", "1", "--shard", "6/9")
    assert status == 0 and out.startswith("0 done") and not Path("decoded").exists()
    assert sotto("decode", "coded", "-o", "decoded", "--shard", "9/6")[0] == 2


def test_a_failure_is_of_one_job_of_an_array(sotto, wav):
    for name in ("archive/a.wav", "archive/a.flac", "archive/b.wav"):
        wav(name, seconds=0.2)
    assert [sotto("encode", "archive", "-o", "coded", "-j", "1", "--shard", f"{n}/2", "-f")[0] for n in (1, 2)] == [
        1,
        0,
    ]
