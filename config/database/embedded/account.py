"""Who PostgreSQL's programs run as: whoever starts them, or an ordinary user in place of root."""

import os
import pwd
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from . import unprivileged
from .binaries import binary
from .errors import EmbeddedPostgresError
from .unprivileged import CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH, NO_CAPABILITY

NOBODY = 65534
# The least first. Data and virtual environment often lie below a folder that only root may enter;
# the modes of such folders are not ours to change, so the server is let through them instead.
CAPABILITIES = {
    NO_CAPABILITY: "no privilege",
    CAP_DAC_READ_SEARCH: "CAP_DAC_READ_SEARCH",
    CAP_DAC_OVERRIDE: "CAP_DAC_OVERRIDE",
}


@dataclass(frozen=True)
class Account:
    """The user whom the server runs as, and who owns the files of the data folder."""

    uid: int
    gid: int
    capability: int = NO_CAPABILITY

    def command(self, folder: Path, *words: str | Path) -> list[str]:
        """What to execute so that `words` run as this account in `folder`."""
        words = [str(word) for word in words]
        if os.geteuid() == self.uid:
            return words
        who = [str(self.uid), str(self.gid), str(self.capability)]
        return [sys.executable, "-I", "-S", unprivileged.__file__, *who, str(folder), *words]

    def own(self, path: Path | int) -> None:
        """Give a file or folder (or an open file) that this process made to the account."""
        if os.geteuid() != self.uid:
            os.chown(path, self.uid, self.gid, **_not_through_links(path))


def account_for(data: Path) -> Account:
    """The account for a data folder that exists: ourselves, or for root somebody else."""
    if os.geteuid() != 0:
        return Account(os.geteuid(), os.getegid())
    uid, gid = _ordinary_user(data)
    problems = []
    for capability, name in CAPABILITIES.items():
        account = Account(uid, gid, capability)
        problem = _try(account, data)
        if not problem:
            return account
        problems.append(f"with {name}: {problem}")
    raise EmbeddedPostgresError(
        f"PostgreSQL does not run as root, and user {uid} can't be used for it in {data} "
        f"({'; '.join(problems)}). Start Spoolbook as an ordinary user, or choose a data folder "
        "and a copy of Spoolbook that this user can reach (make run DATA=..., or SPOOLBOOK_DATA)."
    )


def owner_of_new(data: Path) -> Account:
    """The account to own a data folder that is yet to be made."""
    if os.geteuid() != 0:
        return Account(os.geteuid(), os.getegid())
    return Account(*_ordinary_user(data))


def _ordinary_user(data: Path) -> tuple[int, int]:
    """Whose the cluster is; else who owns the data folder or the folder it is in; else nobody."""
    cluster = data / "postgres"
    if cluster.exists() and cluster.stat().st_uid:
        return cluster.stat().st_uid, cluster.stat().st_gid
    around = next(folder for folder in data.parents if folder.exists())
    for folder in filter(Path.exists, (data, around)):
        owner = folder.stat()
        if owner.st_uid and _is_known(owner.st_uid):
            return owner.st_uid, owner.st_gid
    return _nobody()


def _nobody() -> tuple[int, int]:
    try:
        entry = pwd.getpwnam("nobody")
    except KeyError:
        return NOBODY, NOBODY
    return entry.pw_uid, entry.pw_gid


def _is_known(uid: int) -> bool:
    # initdb refuses a user who has no entry in the password file.
    try:
        pwd.getpwuid(uid)
    except KeyError:
        return False
    return True


def _try(account: Account, data: Path) -> str:
    command = account.command(data, binary("initdb"), "--version")
    answer = subprocess.run(command, capture_output=True, text=True, check=False, cwd="/")
    if answer.returncode == 0:
        return ""
    return answer.stderr.strip() or f"exit code {answer.returncode}"


def _not_through_links(path: Path | int) -> dict[str, bool]:
    return {} if isinstance(path, int) else {"follow_symlinks": False}
