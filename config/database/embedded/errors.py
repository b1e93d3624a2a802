"""Errors of the embedded PostgreSQL, with messages for the person at the terminal."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

DISK_FULL = "No space left on device"


class EmbeddedPostgresError(Exception):
    """The embedded PostgreSQL can't be used; the message says why and what to do about it."""


@contextmanager
def explained(folder: Path) -> Iterator[None]:
    """Raise the operating system's errors about `folder` as EmbeddedPostgresError."""
    try:
        yield
    except OSError as error:
        raise EmbeddedPostgresError(_message(folder, error)) from error


def _message(folder: Path, error: OSError) -> str:
    advice = "or choose another data folder (make run DATA=..., or SPOOLBOOK_DATA)."
    where = error.filename or folder
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return (
            f"No permission to write in the data folder {folder} (at {where}). "
            f"Give the folder to the user who starts Spoolbook, {advice}"
        )
    if error.errno in (errno.ENOTDIR, errno.EEXIST):
        around = (Path(where), folder, *folder.parents)
        where = next((path for path in around if path.exists() and not path.is_dir()), where)
        return f"The data folder {folder} can't be made: {where} is not a folder. Move it, {advice}"
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"The disk is full: the data folder {folder} needs about 100 MB. Make room, {advice}"
    return f"The data folder {folder} can't be used: {error}."
