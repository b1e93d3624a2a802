"""Everything that can go wrong with the embedded PostgreSQL, said in plain sentences."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

DISK_FULL = "No space left on device"


class EmbeddedPostgresError(Exception):
    """The embedded PostgreSQL can't be used; the message says why and what to do about it."""


@contextmanager
def explained(folder: Path) -> Iterator[None]:
    """Turn the operating system's errors about `folder` into sentences for a person."""
    try:
        yield
    except OSError as error:
        raise EmbeddedPostgresError(_sentence(folder, error)) from error


def _sentence(folder: Path, error: OSError) -> str:
    other = "or choose another data folder (make run DATA=..., or SPOOLBOOK_DATA)."
    where = error.filename or folder
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return (
            f"No permission to write in the data folder {folder} (at {where}). "
            f"Give the folder to the user who starts Spoolbook, {other}"
        )
    if error.errno in (errno.ENOTDIR, errno.EEXIST):
        around = (Path(where), folder, *folder.parents)
        where = next((path for path in around if path.exists() and not path.is_dir()), where)
        return f"The data folder {folder} can't be made: {where} is not a folder. Move it, {other}"
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"The disk is full: the data folder {folder} needs about 100 MB. Make room, {other}"
    return f"The data folder {folder} can't be used: {error}."
