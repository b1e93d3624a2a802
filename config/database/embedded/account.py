"""The user that PostgreSQL runs as: the current one, or an ordinary user when started by root."""

import os
import pwd
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from .binaries import binary
from .errors import EmbeddedPostgresError

# The least first. Data and programs often lie below a folder that only root may enter, whose mode
# is not ours to change: then the server gets the capability to read past it. Containers usually
# have the second alone.
CAPABILITIES = ("", "dac_read_search", "dac_override")


@dataclass(frozen=True)
class Account:
    """The user who runs the server and owns the files of its data folder."""

    uid: int
    gid: int

    def own(self, path: Path | int) -> None:
        """Give a file or folder (or an open file) that this process made to the account."""
        if os.geteuid() != self.uid:
            change_owner = os.fchown if isinstance(path, int) else os.lchown
            change_owner(path, self.uid, self.gid)

    @cache  # noqa: B019 - accounts are few and small
    def prefix(self, data: Path) -> list[str]:
        """What to put before a command so that it runs as this account on `data`."""
        if os.geteuid() == self.uid:
            return []
        problems = []
        for capability in CAPABILITIES:
            prefix = self._setpriv(capability)
            problem = _try(prefix, data)
            if not problem:
                return prefix
            problems.append(f"with {capability or 'no capability'}: {problem}")
        raise EmbeddedPostgresError(
            f"PostgreSQL does not run as root, and user {self.uid} can't be used for it in {data} "
            f"({'; '.join(problems)}). Start Spoolbook as an ordinary user, or choose a data "
            "folder and a copy of Spoolbook that this user can reach (make run DATA=...)."
        )

    def _setpriv(self, capability: str) -> list[str]:
        arguments = ["setpriv", f"--reuid={self.uid}", f"--regid={self.gid}", "--clear-groups"]
        if capability:
            # Without no_setuid_fixup access(2) ignores capabilities, and PostgreSQL's programs
            # look for one another with access(2).
            arguments += ["--securebits=+no_setuid_fixup", f"--inh-caps=-all,+{capability}"]
            arguments += [f"--ambient-caps=-all,+{capability}"]
        return [*arguments, "--"]


def account_for(data: Path) -> Account:
    """The account for a data folder, which may not exist yet.

    For root it is the owner of the cluster, else of the data folder, else of the nearest folder
    around it, else nobody.
    """
    if os.geteuid() != 0:
        return Account(os.geteuid(), os.getegid())
    cluster = data / "postgres"
    around = next(folder for folder in data.parents if folder.exists())
    for folder in filter(Path.exists, (cluster, data, around)):
        owner = folder.stat()
        # initdb refuses a user without an entry in the password file.
        if owner.st_uid and (folder == cluster or _is_known(owner.st_uid)):
            return Account(owner.st_uid, owner.st_gid)
    nobody = pwd.getpwnam("nobody")
    return Account(nobody.pw_uid, nobody.pw_gid)


def _is_known(uid: int) -> bool:
    try:
        return bool(pwd.getpwuid(uid))
    except KeyError:
        return False


def _try(prefix: list[str], data: Path) -> str:
    """Why a program can't be run on `data` with this prefix, or an empty string."""
    script = 'cd "$1" && "$2" --version'
    command = [*prefix, "/bin/sh", "-c", script, "sh", data, binary("initdb")]
    try:
        answer = subprocess.run(command, capture_output=True, text=True, check=False, cwd="/")
    except FileNotFoundError:
        return "setpriv (of util-linux) is not installed"
    if answer.returncode == 0:
        return ""
    return answer.stderr.strip() or f"exit code {answer.returncode}"
