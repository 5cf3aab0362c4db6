import json
from pathlib import Path

import soundfile


def test_made_and_used(sotto, wav):
    wav()
    status, out, _ = sotto("voice", "make", wav("a.wav"), wav("b.flac", rate=44100), "-o", "voices/anna.json")
    assert (status, out) == (0, "anna: voices/anna.json\n")
    sotto("encode", "talk.wav")
    heard = {}
    for voice in ("none", "voices/anna.json", "a.wav"):
        how = [] if voice == "none" else ["--voice", voice]
        assert sotto("decode", "talk.sotto", *how, "-o", "heard.wav", "-f")[0] == 0
        heard[voice] = soundfile.read("heard.wav")[0].tobytes()
    assert len(set(heard.values())) >= 2 and heard["none"] != heard["voices/anna.json"]


def test_as_json_and_to_a_pipe(sotto, sotto_process, wav):
    status, out, _ = sotto("voice", "make", wav(), "-o", "anna.json", "--json")
    assert status == 0 and json.loads(out) == json.loads(Path("anna.json").read_text())
    made = sotto_process("voice", "make", "-", "-o", "-", input=Path("talk.wav").read_bytes())
    assert json.loads(made.stdout)["voice"] == json.loads(out)["voice"]


def test_nothing_is_overwritten_or_half_written(sotto, wav):
    wav()
    Path("anna.json").write_text("mine")
    status, _, err = sotto("voice", "make", "talk.wav", "-o", "anna.json")
    assert status == 2 and "anna.json: exists already" in err and Path("anna.json").read_text() == "mine"
    assert sotto("voice", "make", "talk.wav", "-o", "anna.json", "-f")[0] == 0
    status, _, err = sotto("voice", "make", "nix.wav", "-o", "otto.json")
    assert (status, err.count("\n")) == (2, 1) and "nix.wav: no such file" in err
    assert sorted(path.name for path in Path().iterdir()) == ["anna.json", "talk.wav"]


def test_the_list(sotto):
    status, out, _ = sotto("voice", "list")
    assert status == 0 and [line.split()[0] for line in out.splitlines()] == ["awb", "kal", "rms", "slt"]
    told = [json.loads(line) for line in sotto("voice", "list", "--json")[1].splitlines()]
    assert [one["name"] for one in told] == ["awb", "kal", "rms", "slt"]
    assert all(set(one) == {"name", "model", "voice", "speaker"} for one in told)
    assert "slt    woman, American English" in out


def test_voices_of_no_use_are_refused_before_anything_is_written(sotto, wav):
    sotto("encode", wav())
    status, _, err = sotto("decode", "talk.sotto", "--voice", "slt", "-o", "x.wav")
    assert (status, err.count("\n")) == (2, 1) and "a voice for the model" in err  # the box's are not of the toy
    Path("x.json").write_text("{")
    status, _, err = sotto("decode", "talk.sotto", "--voice", "x.json", "-o", "x.wav")
    assert (status, err.count("\n")) == (2, 1) and "x.json: not a voice profile" in err
    assert not Path("x.wav").exists()


def test_tags_are_kept_and_shown(sotto, sotto_process, wav):
    tags = ["--tag", "TITLE=A talk", "--tag", "ARTIST=Ørsted", "--tag", "ARTIST=Ångström"]
    assert sotto("encode", wav(), *tags)[0] == 0
    assert sotto("info", "talk.sotto")[1].splitlines()[-3:] == [
        "  tag       TITLE=A talk",
        "  tag       ARTIST=Ørsted",
        "  tag       ARTIST=Ångström",
    ]
    told = json.loads(sotto("info", "talk.sotto", "--json")[1])["tags"]
    assert told == {"TITLE": ["A talk"], "ARTIST": ["Ørsted", "Ångström"]}
    piped = sotto_process("encode", "-", "-", *tags, input=Path("talk.wav").read_bytes()).stdout
    Path("piped.sotto").write_bytes(piped)
    assert json.loads(sotto("info", "piped.sotto", "--json")[1])["tags"] == told
    assert sotto("decode", "talk.sotto", "piped.sotto", "-o", "heard")[0] == 0


def test_what_is_no_tag_is_refused(sotto, wav):
    status, _, err = sotto("encode", wav(), "--tag", "TITLE")
    assert (status, err) == (2, "sotto: no tag: 'TITLE'; give KEY=value, such as TITLE=\"A talk\"\n")
    assert not Path("talk.sotto").exists()
