import subprocess
import sys

import numpy as np
import pytest
from helpers.packages import need

from sottovoce.codec.evaluation.speaker import similarity, voice

need("resemblyzer")


def test_as_its_package_says(talk):
    import resemblyzer  # `need` has imported it beside the stand-in

    expected = resemblyzer.VoiceEncoder("cpu", verbose=False).embed_utterance(resemblyzer.preprocess_wav(talk))
    np.testing.assert_allclose(voice(talk), expected, atol=1e-6)
    assert similarity(voice(talk), expected) == pytest.approx(1)


def test_silence_is_nobody(talk):
    assert similarity(voice(talk), voice(np.zeros_like(talk))) is None


def test_one_thread(talk):
    import torch

    voice(talk)
    assert torch.get_num_threads() == 1


def test_without_pkg_resources():
    code = """
import importlib.util
import sys
find = importlib.util.find_spec
importlib.util.find_spec = lambda name, package=None: None if name == "pkg_resources" else find(name, package)

class Refusing:
    def find_spec(self, name, path=None, target=None):
        if name == "pkg_resources":
            raise ModuleNotFoundError(name)

class OldWebrtcvad:  # 2.0.10 asks when it is imported
    def find_spec(self, name, path=None, target=None):
        if name == "webrtcvad":
            import pkg_resources
            assert pkg_resources.get_distribution("numpy").version

sys.meta_path[:0] = [Refusing(), OldWebrtcvad()]
import numpy as np
from sottovoce.codec.evaluation.pitch import pitch
from sottovoce.codec.evaluation.speaker import voice
talk = np.random.default_rng(0).normal(0, 0.1, 32000).astype(np.float32)
assert len(pitch(talk)) == 200
assert len(voice(talk)) == 256
assert "pkg_resources" not in sys.modules
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
