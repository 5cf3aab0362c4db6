"""Which kernel is chosen, and the messages where it is a slow one or none."""

import importlib.util
import shutil
import subprocess
from pathlib import Path

import pytest

from sottovoce.codec.errors import SottoError, error_context
from sottovoce.models.wavenet import kernels

COMPARISON = Path(__file__).with_name("compare_engines.cpp")


@pytest.fixture
def only(monkeypatch):
    """Makes some kernels the only ones."""

    def choose(*compiled: str, numba: bool) -> None:
        monkeypatch.delenv("SOTTO_KERNEL", raising=False)
        module = type("Module", (), {"kernels": staticmethod(lambda: list(compiled))}) if compiled else None
        monkeypatch.setattr(kernels, "extension", lambda: module)
        monkeypatch.setattr(importlib.util, "find_spec", lambda name: object() if numba else None)
        for function in (kernels.kernels, kernels.default_kernel):
            function.cache_clear()

    yield choose
    monkeypatch.undo()
    for function in (kernels.kernels, kernels.default_kernel):
        function.cache_clear()


def test_the_fastest_is_the_default(only):
    only("avx2", "portable", numba=True)
    assert kernels.kernels() == ["avx2", "portable", "numba"]
    assert kernels.choose(None) == "avx2"
    assert kernels.slow_kernel_note() is None


def test_numba_is_not_needed_beside_a_compiled_kernel(only):
    only("neon", "portable", numba=False)
    assert kernels.kernels() == ["neon", "portable"]
    with pytest.raises(kernels.KernelError, match="'numba' does not run here; choose one of neon, portable"):
        kernels.choose("numba")


def test_slow_kernels_are_noted(only, monkeypatch):
    only(numba=True)
    assert "no compiled kernel here" in kernels.slow_kernel_note()
    only("portable", numba=False)
    assert "neither AVX2 nor NEON" in kernels.slow_kernel_note()
    monkeypatch.setenv("SOTTO_KERNEL", "portable")
    assert kernels.slow_kernel_note() is None


def test_without_any_kernel_one_line_names_what_to_install(only):
    only(numba=False)
    line = r"neither a compiled kernel nor numba; pip install 'sottovoce\[numba\]'"
    with pytest.raises(SottoError, match=line), error_context(""):
        kernels.choose(None)


def test_neon_computes_what_the_portable_kernel_does(tmp_path):
    """Cross-compiled, in an emulator."""
    compiler = shutil.which("aarch64-linux-gnu-g++")
    emulator = shutil.which("qemu-aarch64-static") or shutil.which("qemu-aarch64")
    if not (compiler and emulator):
        pytest.skip("needs g++-aarch64-linux-gnu and qemu-user")
    program = tmp_path / "compare"
    subprocess.run([compiler, "-std=c++17", "-O2", "-static", COMPARISON, "-o", program], check=True)
    done = subprocess.run([emulator, program], check=True, capture_output=True, text=True)
    assert done.stdout == "neon\n"
