"""Notes of what changed, and the channel of a farm that they go over.

PostgreSQL lets everybody listen to every channel and write to it: so the name of a farm's channel
can't be guessed by another, and a note is signed. Both take the installation's secret.
"""

import json
from dataclasses import asdict, dataclass

from django.utils.crypto import constant_time_compare, salted_hmac

MAX_BYTES = 7900  # of a note: PostgreSQL takes less than 8,000
ACCESS = "access"  # the resource of a note that somebody may have lost theirs
ADDED, UPDATED, DELETED = "added", "updated", "deleted"
USED = "used"  # updated by a device's report, which may be told a moment later


@dataclass(frozen=True)
class Note:
    """``resource`` as Spoolman calls it, or ``run`` or ACCESS. Which one by its ``id`` in the
    database or its ``number``, a setting by its ``key``; ``was`` is what an erased one was."""

    resource: str
    type: str = UPDATED
    id: int | None = None
    number: int | None = None
    key: str | None = None
    was: dict | None = None

    @property
    def which(self):
        return self.resource, self.id, self.number, self.key


def channel_of(schema):
    return f"live_{_digest('channel', schema)[:40]}"


def write(schema, note):
    """The text of a note, signed. Raises TooLong."""
    given = {name: value for name, value in asdict(note).items() if value is not None}
    content = json.dumps(given, separators=(",", ":"), default=str)
    text = f"{_digest('note', schema, content)} {content}"
    if len(text.encode()) > MAX_BYTES:
        raise TooLong
    return text


def read(schema, text):
    """The Note of a text, or None: it was not written here, or for another farm."""
    signature, _space, content = text.partition(" ")
    if not constant_time_compare(signature, _digest("note", schema, content)):
        return None
    return Note(**json.loads(content))


class TooLong(Exception):
    """A note that the database would not take."""


def _digest(*parts):
    return salted_hmac("spoolbook.live", json.dumps(parts), algorithm="sha256").hexdigest()
