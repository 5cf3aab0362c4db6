import io

import numpy as np
import pytest
import soundfile
from helpers.speakers import real_speech

from sottovoce.cli.app import run
from sottovoce.codec import Codec, info
from sottovoce.codec.bits import PacketWriter
from sottovoce.codec.offline.damage import BurstLoss, damaged
from sottovoce.codec.stream import StreamEncoder


@pytest.mark.parametrize(("loss", "burst"), [(0.0, 1.0), (0.1, 1.0), (0.1, 3.0), (0.2, 5.0), (0.5, 2.0)])
def test_rate_and_bursts_are_as_asked(loss, burst):
    loses = BurstLoss(loss, burst, seed=1)
    lost = np.array([loses() for _ in range(60_000)])
    begun = (lost[1:] & ~lost[:-1]).sum()
    assert lost.mean() == pytest.approx(loss, rel=0.08)
    if loss:
        assert lost.sum() / begun == pytest.approx(max(burst, 1 / (1 - loss) if burst == 1 else burst), rel=0.12)


def test_a_seed_repeats():
    assert [BurstLoss(0.3, 2, 5)() for _ in range(3)] == [BurstLoss(0.3, 2, 5)() for _ in range(3)]
    one, other = BurstLoss(0.3, 2, 5), BurstLoss(0.3, 2, 6)
    assert [one() for _ in range(99)] != [other() for _ in range(99)]


@pytest.mark.parametrize(("loss", "burst"), [(1.0, 1.0), (-0.1, 1.0), (0.1, 0.5)])
def test_nonsense_is_refused(loss, burst):
    with pytest.raises(ValueError, match="burst"):
        BurstLoss(loss, burst)


def packets(seconds: float) -> bytes:
    codec, wave = Codec.load(), real_speech(seconds)
    encoder = StreamEncoder(codec.model, codec.preset)
    file = io.BytesIO()
    writer = PacketWriter(file, encoder.header)
    for packet in encoder.push(wave) + encoder.finish():
        writer.write(packet)
    writer.close(len(wave))
    return file.getvalue()


def test_lost_packets_are_concealed_in_their_places():
    data = packets(6)
    broken = damaged(data, loss=0.1, burst=3, seed=2)
    found = info(broken)
    assert len(broken) == len(data) and found.seconds == 6.0
    assert 5 <= found.damaged <= 35
    assert len(Codec.load().decode(broken)) == 6 * 16000


def test_flipped_bits():
    codec = Codec.load()
    data = codec.encode(real_speech(20), 16000)
    broken = damaged(data, errors=3e-4, seed=1)
    wrong = sum(one != other for one, other in zip(data, broken, strict=True))
    assert 1 <= wrong <= 12
    assert 1 <= info(broken).damaged <= wrong
    assert damaged(data) == data
    assert damaged(data + data, errors=0.01)[: len(data)] != data
    assert info(damaged(data + data, loss=0.3)).seconds == 40.0


def test_command(in_folder, capsys):
    soundfile.write("talk.wav", real_speech(5), 16000)
    assert run(["encode", "talk.wav", "-q"]) == 0
    assert run(["damage", "talk.sotto", "-o", "bad.sotto", "--errors", "0.002", "--seed", "3"]) == 0
    assert "bytes are wrong now" in capsys.readouterr().err
    assert run(["decode", "bad.sotto", "-q"]) == 0
    assert "damaged" in capsys.readouterr().err
    assert run(["damage", "talk.wav", "-o", "worse.sotto"]) == 2
    assert "not a .sotto file" in capsys.readouterr().err
