"""Runs a program as an ordinary user, for a process started by root, which PostgreSQL refuses.

Also a program of its own (standard library only, no import from here: it runs before any path is
set up): `python -I -S unprivileged.py UID GID CAPABILITY FOLDER PROGRAM ARGUMENT ...`
becomes that user, enters the folder and turns into the program. A new interpreter, and not
a function in the forked child, because the parent may have threads.
"""

import ctypes
import os
import sys

NO_CAPABILITY = -1
CAP_DAC_OVERRIDE = 1
CAP_DAC_READ_SEARCH = 2

PR_SET_SECUREBITS = 28
SECBIT_NO_SETUID_FIXUP = 1 << 2
SECBIT_KEEP_CAPS = 1 << 4
PR_CAP_AMBIENT = 47
PR_CAP_AMBIENT_RAISE = 2
CAPABILITY_VERSION_3 = 0x20080522


def become(uid: int, gid: int, capability: int = NO_CAPABILITY) -> None:
    """Turn this process into an ordinary user, who keeps one Linux capability over an exec."""
    keep = capability != NO_CAPABILITY
    if keep:
        # Without it access(2) leaves capabilities out of account, and by access(2) PostgreSQL's
        # programs look for one another.
        _prctl(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP | SECBIT_KEEP_CAPS)
    os.setgroups([])
    os.setresgid(gid, gid, gid)
    os.setresuid(uid, uid, uid)
    if keep:
        _keep_only(capability)
        _prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability)


def _keep_only(capability: int) -> None:
    bit = 1 << capability
    header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION_3, 0)
    # Two triples of (effective, permitted, inheritable), for capabilities 0-31 and 32-63.
    data = (ctypes.c_uint32 * 6)(bit, bit, bit, 0, 0, 0)
    _checked(_libc().capset(header, data))


def _prctl(option: int, *arguments: int) -> None:
    four = (*arguments, 0, 0, 0, 0)[:4]
    _checked(_libc().prctl(option, *(ctypes.c_ulong(value) for value in four)))


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _checked(result: int) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def main(arguments: list[str]) -> None:
    uid, gid, capability = (int(value) for value in arguments[:3])
    folder, *command = arguments[3:]
    try:
        become(uid, gid, capability)
        os.chdir(folder)
        if not os.access(command[0], os.X_OK):
            sys.exit(f"user {uid} can't reach {command[0]}")
        os.execv(command[0], command)
    except OSError as error:
        sys.exit(f"user {uid}: {error}")


if __name__ == "__main__":
    main(sys.argv[1:])
