import numpy as np
import pytest

from sottovoce.codec import SottoError
from sottovoce.codec.evaluation import codecs, peers
from sottovoce.codec.evaluation.peers import MissingProgram
from sottovoce.codec.evaluation.peers.settings import PeerSettings


def test_the_original_comes_back(talk):
    original = codecs.codec("original", PeerSettings())
    data = original.encode(talk)
    assert len(data) == 2 * len(talk)
    np.testing.assert_array_equal(original.decode(data), talk)


def test_order_and_what_is_missing(toy, monkeypatch):
    def peer(name, settings):
        if name == "lc3:16":
            raise MissingProgram("apt install liblc3-tools")
        return name

    monkeypatch.setattr(peers, "peer", peer)
    missed = []
    found, missing = codecs.available("codec2:1300,lc3", ["low"], PeerSettings(), lambda *what: missed.append(what))
    assert [getattr(one, "name", one) for one in found] == [
        *("sotto:low", "codec2:1300", "original"),
        *peers.ANCHORS,
    ]
    assert missing == {"lc3:16": "apt install liblc3-tools"}
    assert missed == list(missing.items())


@pytest.mark.parametrize(("against", "preset"), [("mp3", "default"), ("codec2:9000", "default"), ("none", "loudest")])
def test_what_nobody_knows(toy, against, preset):
    with pytest.raises(SottoError):
        codecs.available(against, [preset], PeerSettings(), print)
