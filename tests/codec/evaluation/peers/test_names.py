"""Names of codecs to compare with, and their order."""

import pytest

from sottovoce.codec import SottoError
from sottovoce.codec.evaluation import peers


def test_names_in_order():
    assert peers.names("none", ["low", "max"]) == ["sotto:low", "sotto:max", *peers.ANCHORS]
    assert peers.names("lc3,codec2", []) == [*peers.FAMILIES["codec2"], "lc3:16", *peers.ANCHORS]
    assert peers.names("opus:6, codec2:450,codec2:450,stage1:low,opus", ["low"]) == [
        *("sotto:low", "stage1:low", "codec2:450", "opus:12", "opus:9", "opus:6"),
        *peers.ANCHORS,
    ]


@pytest.mark.parametrize("against", ["mp3", "codec2:9000", "", "codec2,", "none,opus", "sotto:low", "stage1:"])
def test_unknown_names(against):
    with pytest.raises(SottoError, match="no codec named"):
        peers.names(against, ["default"])
