"""The package as others import it."""

import os
import re
import shutil
import subprocess
import sys
import sysconfig
import venv
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path

import pytest

import sottovoce


def test_public_names():
    for name in sottovoce.__all__:
        assert getattr(sottovoce, name) == getattr(sottovoce, name)
        assert name in dir(sottovoce)
    assert sottovoce.__version__ == version("sottovoce")
    with pytest.raises(AttributeError, match="no attribute 'codecs'"):
        _ = sottovoce.codecs


def test_types_are_published():
    assert files("sottovoce").joinpath("py.typed").is_file()


def test_importing_it_imports_nothing_else():
    code = "import sys, sottovoce; assert not {'numpy', 'importlib.metadata', 'sottovoce.codec'} & {*sys.modules}"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_names_are_those_of_its_modules():
    from sottovoce.codec.api import Codec
    from sottovoce.codec.offline.info import info

    assert (sottovoce.Codec, sottovoce.info) == (Codec, info)


ROOT = Path(__file__).parents[1]
PARTS = ("sottovoce", "codec", "models", "cli", "native", "pyproject.toml", "README.md", "LICENSE")
PROGRAM = """
import numpy as np
import sottovoce

codec = sottovoce.Codec.load(preset="low")
reveal_type(codec.encode(np.zeros(16000), 16000))
reveal_type(sottovoce.info(b"").concealed)
reveal_type(sottovoce.StreamEncoder(codec.model, codec.preset).header)
reveal_type(sottovoce.__version__)
codec.decode("not bytes")
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Path:
    """Return the site-packages of an environment with a wheel; without the optional kernels, which take long."""
    pytest.importorskip("setuptools", minversion="77")
    folder = tmp_path_factory.mktemp("wheel")
    for part in PARTS:
        if (ROOT / part).is_dir():
            shutil.copytree(ROOT / part, folder / part, ignore=shutil.ignore_patterns("*.so", "__pycache__"))
        else:
            shutil.copy(ROOT / part, folder / part)
    build = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation", "-w", "out", "."]
    subprocess.run(build, cwd=folder, env=os.environ | {"CC": "false", "CXX": "false"}, check=True, capture_output=True)
    (wheel,) = (folder / "out").glob("*.whl")
    venv.create(folder / "venv")
    found = Path(sysconfig.get_path("purelib", "venv", {"base": folder / "venv", "platbase": folder / "venv"}))
    shutil.unpack_archive(wheel, found, "zip")
    return found


def test_a_wheel_has_all_modules(site):
    for part in ("sottovoce", "codec", "models", "cli"):
        for path in (ROOT / part).rglob("*.py"):
            place = path.relative_to(ROOT / part if part == "sottovoce" else ROOT)
            assert (site / "sottovoce" / place).is_file(), place


def test_type_checkers_see_the_types_in_a_wheel(site, tmp_path):
    pytest.importorskip("mypy")
    (tmp_path / "program.py").write_text(PROGRAM)
    python = next(path for path in site.parents if path.name == "venv") / "bin" / "python"
    check = [sys.executable, "-m", "mypy", "--python-executable", str(python), "--ignore-missing-imports"]
    done = subprocess.run([*check, "program.py"], cwd=tmp_path, capture_output=True, text=True)
    types = re.findall(r'Revealed type is "(.*?)"', done.stdout)
    found = [name.replace("builtins.", "") for name in types]
    assert found == ["bytes", "list[tuple[float, float]]", "bytes", "str"], done.stdout
    assert 'incompatible type "str"; expected "bytes"' in done.stdout
