import base64
import io

import pytest
import soundfile
import torch
from torch.nn import functional as F

from sottovoce.codec.evaluation.families import hearing
from sottovoce.codec.evaluation.families.hearing import LENGTH, PROMPT, clips, originals, prompts, sampler
from sottovoce.models.families.base import Family
from sottovoce.models.families.classes import SILENCE, to_classes
from sottovoce.models.families.kinds import make_family
from sottovoce.models.families.mel import levels

TINY = {
    "glow": {"steps": 1, "hidden": 2, "layers": 1},
    "waveglow": {"steps": 1, "hidden": 2, "layers": 1, "condition_channels": 2},
}


class Echo(Family):
    """Draws silence, goes on with the last sample, and has latents that say how loud it is."""

    def __init__(self, bits: float | None = None):
        super().__init__()
        self.bits = bits
        self.register_buffer("nothing", torch.zeros(1))

    def log_prob(self, x, generator=None):
        return torch.zeros(len(x))

    def sample(self, batch, length, generator):
        return torch.full((batch, length), SILENCE)

    def complete(self, prompt, length, generator):
        return F.pad(prompt.float(), (0, length), "replicate").long()

    def encode(self, x):
        return x[:, None, ::160].float()

    def decode(self, latents, generator):
        return latents[:, 0].long().repeat_interleave(160, 1)

    def latent_bits(self, x):
        return self.bits


def heard(clip):
    wave, rate = soundfile.read(io.BytesIO(base64.b64decode(clip["sound"])))
    assert rate == 16000
    return to_classes(torch.from_numpy(wave))


def test_prompts_are_the_middles_of_recordings():
    long, short = torch.arange(40000) % 256, torch.arange(9000) % 256
    told = prompts([long, short])
    assert told.shape == (2, PROMPT + LENGTH)
    assert torch.equal(told[0], long[8000:32000])
    assert torch.equal(told[1, :9000], short)
    assert (told[1, 9000:] == SILENCE).all()


def test_what_is_drawn_is_what_is_heard(told):
    found = clips(Echo(), told)
    assert [(clip["what"], clip["of"]) for clip in found] == [
        ("sample", 0),
        ("sample", 1),
        ("completion", 0),
        ("completion", 1),
    ]
    assert torch.equal(heard(found[0]), torch.full((LENGTH,), SILENCE))
    end = F.pad(told[:, :PROMPT].float(), (0, LENGTH), "replicate").long()
    for clip, real in zip(found[2:], end, strict=True):
        assert torch.equal(heard(clip), real)
        assert base64.b64decode(clip["picture"]).startswith(b"\x89PNG")


def test_latents_are_decoded_where_they_cost_something(told):
    found = clips(Echo(bits=5.0), told)[4:]
    assert [clip["what"] for clip in found] == ["reconstruction"] * 2
    assert torch.equal(heard(found[1])[::160], told[1, ::160])


def test_originals(told):
    for clip, real in zip(originals(told), told, strict=True):
        assert clip["what"] == "original"
        assert torch.equal(heard(clip), real)


def test_a_flow_only_samples_and_a_vocoder_only_speaks_pictures(told):
    glow, waveglow = (make_family({"kind": kind, **TINY[kind]}).eval() for kind in TINY)
    assert [clip["what"] for clip in clips(glow, told)] == ["sample"] * 2
    assert [clip["what"] for clip in clips(waveglow, told)] == ["vocoded"] * 2
    assert len(heard(clips(waveglow, told)[0])) == PROMPT + LENGTH


def test_pictures_have_no_sound(told, monkeypatch):
    monkeypatch.setattr(hearing, "PROMPT", 1600)
    monkeypatch.setattr(hearing, "LENGTH", 320)
    family = make_family({"kind": "pixelcnn", "channels": 2, "dilations": [1]}).eval()
    found = clips(family, told)
    assert [clip["what"] for clip in found] == ["sample", "sample", "completion", "completion"]
    assert not any(clip["sound"] for clip in found)
    widths = [int.from_bytes(base64.b64decode(clip["picture"])[16:20], "big") for clip in found]
    assert widths == [2, 2, 12, 12]


@pytest.mark.parametrize(("kind", "shape"), [("glow", (1, 3200)), ("waveglow", (1, 3200)), ("pixelcnn", (1, 20, 80))])
def test_a_second_of_anything_is_as_long(kind, shape, told):
    settings = TINY.get(kind, {"channels": 2, "dilations": [1]})
    assert sampler(make_family({"kind": kind, **settings}).eval(), told)(0.2).shape == shape


def test_a_family_that_draws_nothing(told):
    class Mute(Echo):
        def sample(self, batch, length, generator):
            raise NotImplementedError

        complete = sample

    assert sampler(Mute(), told) is None
    assert clips(Mute(), told) == []


def test_pictures_are_of_what_is_drawn(told):
    assert originals(told)[0]["picture"] == hearing._base64(hearing.png(levels(told)[0]))
