"""Builds the package as maturin does, and shows it the libclang that was installed beside it.

`LIBCLANG_PATH`, where it is set, names another one.
"""

import importlib.util
import os
from pathlib import Path

from maturin import *  # noqa: F403 - a build backend is these functions


def _show_libclang() -> None:
    package = importlib.util.find_spec("clang")
    if package is not None and package.submodule_search_locations:
        os.environ.setdefault("LIBCLANG_PATH", str(Path(package.submodule_search_locations[0]) / "native"))


_show_libclang()
