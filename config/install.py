"""Install a requirements file into .venv: python -I config/install.py FILE

For the Makefile, before anything is installed, so with the standard library alone. It does nothing
when the last complete installation was of the same file by the same Python.
"""

import fcntl
import hashlib
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
NO_VENV = """\
{python} can't create virtual environments: its module venv or ensurepip is missing.
Debian, Ubuntu:  sudo apt install python{version}-venv
Or choose another Python:  make run PYTHON=/path/to/python3
"""
NO_PERMISSION = """\
No permission to write in {folder}, where the requirements are installed. Give the folder to the
user who starts Spoolbook, or start it as its owner.
"""


def main(name: str) -> None:
    # Two `make run` at once, each with its own data, share the virtual environment.
    fcntl.flock(os.open(ROOT, os.O_RDONLY), fcntl.LOCK_EX)
    if not is_installed(name):
        if not os.access(VENV if VENV.exists() else ROOT, os.W_OK):
            sys.exit(NO_PERMISSION.format(folder=VENV if VENV.exists() else ROOT))
        install(name)


def is_installed(name: str) -> bool:
    """Whether the last installation was complete, and of this very file."""
    stamp = _stamp(name)
    return PYTHON.exists() and stamp.exists() and stamp.read_text() == _key(name)


def install(name: str) -> None:
    """Install, and write the stamp when all is done."""
    _stamp(name).unlink(missing_ok=True)
    if not _is_usable():
        create_venv()
    print(f"Installing {name} into .venv ...", flush=True)
    options = ["-qq", "--disable-pip-version-check", "--no-input"]
    if _run(PYTHON, "-m", "pip", "install", *options, "-r", ROOT / name).returncode:
        sys.exit(f"Installing {name} failed: see above. It is tried again the next time.")
    for each in _included(name):
        _stamp(each).write_text(_key(each))


def create_venv() -> None:
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    print(f"Creating the virtual environment .venv with Python {version} ...", flush=True)
    # Not sys.executable: that may be the Python of the .venv which is about to be cleared.
    python = getattr(sys, "_base_executable", None) or sys.executable
    result = _run(python, "-m", "venv", "--clear", VENV, stdout=subprocess.PIPE)
    if result.returncode and not _create_venv_with_system_pip(python):
        print(result.stdout, file=sys.stderr)
        sys.exit(NO_VENV.format(python=python, version=version))


def _create_venv_with_system_pip(python: str) -> bool:
    # Debian has ensurepip in a package of its own, but often a pip that can be used instead.
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    pip = [python, "-m", "pip", "--python", PYTHON, "install", "--quiet", "pip"]
    without = [python, "-m", "venv", "--clear", "--without-pip", VENV]
    return all(_run(*arguments, **quiet).returncode == 0 for arguments in (without, pip))


def _is_usable() -> bool:
    """Whether .venv is complete and of the Python that runs this."""
    ours = f"import pip, sys; sys.exit(sys.version_info[:2] != {sys.version_info[:2]})"
    return PYTHON.exists() and not _run(PYTHON, "-c", ours, stderr=subprocess.DEVNULL).returncode


def _run(*arguments: str | Path, **options: int) -> subprocess.CompletedProcess:
    return subprocess.run([str(each) for each in arguments], check=False, text=True, **options)


def _included(name: str) -> list[str]:
    lines = (ROOT / name).read_text().splitlines()
    return [name, *(line.split()[1] for line in lines if line.startswith("-r "))]


def _stamp(name: str) -> Path:
    return VENV / f"installed-{name}"


def _key(name: str) -> str:
    texts = [(ROOT / each).read_text() for each in _included(name)]
    return hashlib.sha256("\0".join([sys.version, *texts]).encode()).hexdigest()


if __name__ == "__main__":
    main(sys.argv[1])
