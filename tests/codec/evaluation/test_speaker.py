import numpy as np
import pytest

from sottovoce.codec.evaluation.speaker import similarity, voice

resemblyzer = pytest.importorskip("resemblyzer")


def test_as_its_package_says(talk):
    expected = resemblyzer.VoiceEncoder("cpu", verbose=False).embed_utterance(resemblyzer.preprocess_wav(talk))
    np.testing.assert_allclose(voice(talk), expected, atol=1e-6)
    assert similarity(voice(talk), expected) == pytest.approx(1)


def test_silence_is_nobody(talk):
    assert similarity(voice(talk), voice(np.zeros_like(talk))) is None


def test_one_thread(talk):
    import torch

    voice(talk)
    assert torch.get_num_threads() == 1
