"""What is passed on, and what came of it."""

from dataclasses import dataclass
from typing import NamedTuple

from tenants.operations.refusals import Refusal

CHUNK_BYTES = 262_144


@dataclass(frozen=True, kw_only=True)
class Upload:
    """A file of ``size`` bytes, from where ``stream`` is: it can be sent more than once.

    ``folder`` is below the one for files, "" for that itself; ``is_to_print``: at once.
    """

    stream: object
    size: int
    filename: str
    sha256: str = ""
    folder: str = ""
    is_to_print: bool = False

    @property
    def path(self):
        return f"{self.folder}/{self.filename}" if self.folder else self.filename

    def chunks(self):
        """All of it, from its beginning. Raises OSError where the stream ends before ``size``."""
        self.stream.seek(0)
        left = self.size
        while left:
            chunk = self.stream.read(min(CHUNK_BYTES, left))
            if not chunk:
                raise OSError("the file ended early")
            left -= len(chunk)
            yield chunk


class Sent(NamedTuple):
    """The print host took the file, and calls it ``path``. ``is_printing``: it prints it now;
    ``reason`` is why not, where it says so."""

    path: str
    is_printing: bool = False
    reason: str = ""


class NotPassedOn(Refusal):
    """``status`` is what the print host answered, where that is of use to the sender.
    ``may_have_arrived``: it has not said so, but got all of the file."""

    code = "not_passed_on"
    status = 502
    title = "The printer did not take the file"

    def __init__(self, detail="", *, status=502, may_have_arrived=False, **numbers):
        super().__init__(detail, **numbers)
        self.status, self.may_have_arrived = status, may_have_arrived
