"""The two extension modules and their compiler flags; everything else is in pyproject.toml."""

import os
from glob import glob

from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext

# No contraction of a * b + c: the float32 check of the sampler is compared across machines.
UNIX_FLAGS = ["-std=c++17", "-O3", "-ffp-contract=off"]
MSVC_FLAGS = ["/std:c++17", "/O2", "/fp:precise", "/EHsc", "/DNOMINMAX"]

# Without a compiler the package installs anyway and needs numba (the extra `numba`); wheels must have the kernels.
OPTIONAL = not os.environ.get("SOTTO_REQUIRE_KERNELS")


class BuildKernels(build_ext):
    """Compile with the flags of the compiler at hand."""

    def build_extensions(self):
        """Set the flags, then build."""
        for extension in self.extensions:
            extension.extra_compile_args = MSVC_FLAGS if self.compiler.compiler_type == "msvc" else UNIX_FLAGS
        super().build_extensions()


def kernel(folder):
    """Return the extension module `_native` of a folder."""
    return Extension(
        f"sottovoce.{folder.replace('/', '.')}._native",
        [f"{folder}/kernel.cpp"],
        depends=sorted([*glob(f"{folder}/*.h"), *glob("native/*.h")]),
        language="c++",
        optional=OPTIONAL,
    )


setup(
    ext_modules=[kernel("models/wavenet"), kernel("codec/bits/context")],
    cmdclass={"build_ext": BuildKernels},
)
