"""Files that are served beside the pages."""

from __future__ import annotations

from pathlib import Path

import pytest

from server.application import Application
from server.http import templates
from tests.server.bare import Client


@pytest.mark.parametrize(
    "path", ["../settings.py", "css/../../settings.py", "%2e%2e/settings.py", "css", "css/none.css"]
)
async def test_static_files_stay_in_their_folder(bare: tuple[Application, Client], path: str) -> None:
    assert (await bare[1].get(f"/static/{path}", allow_redirects=False)).status == 404


async def test_only_the_address_with_a_files_digest_may_be_kept(bare: tuple[Application, Client]) -> None:
    app, client = bare
    right = app.pages.static("css/tokens.css")
    for address, kept in (
        (right, True),
        (right[:-1], False),
        (right + "0", False),
        ("/static/css/tokens.css?v=", False),
        ("/static/css/tokens.css?v=1", False),
        ("/static/css/tokens.css", False),
        ("/static/css/tokens.css?v=1&" + right.partition("?")[2], False),
    ):
        response = await client.get(address)
        assert response.status == 200
        said = response.headers["Cache-Control"]
        assert ("immutable" in said, said == "no-cache") == (kept, not kept), address


async def test_a_file_that_changes_gets_another_address(
    bare: tuple[Application, Client], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app, client = bare
    monkeypatch.setattr(templates, "_LOOKED_AT", 0.0)
    app.static_folders["shop"] = app.pages._statics["shop"] = tmp_path
    (tmp_path / "a.css").write_text("a{}")
    old = app.pages.static("shop/a.css")
    assert "immutable" in (await client.get(old)).headers["Cache-Control"]
    (tmp_path / "a.css").write_text("b{c:d}")
    new = app.pages.static("shop/a.css")
    assert new != old
    assert (await client.get(old)).headers["Cache-Control"] == "no-cache"
    assert "immutable" in (await client.get(new)).headers["Cache-Control"]
