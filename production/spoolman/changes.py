"""What changes of manufacturers, filaments and spools have in common."""

from contextlib import contextmanager

from inventory.models import Filament, Manufacturer
from inventory.services.removal import AlreadyRemoved
from inventory.services.spools.shelf import SpoolRemoved
from production.spoolman import rows

DELETED = {"message": "Success!"}
GONE = (AlreadyRemoved, SpoolRemoved, Manufacturer.DoesNotExist, Filament.DoesNotExist)


@contextmanager
def is_gone_not_found(kind, number):
    """What somebody else removed at this moment is not there. Raises Failure."""
    try:
        yield
    except GONE as error:
        raise rows.not_found(kind, number) from error


def without_nulls(given, texts):
    """Values that were sent, for our rows: "" for no text but an external id, which is None, and no
    ``extra`` that is null."""
    found = {
        name: "" if value is None and name in texts else value for name, value in given.items()
    }
    if found.get("extra", {}) is None:
        del found["extra"]
    if found.get("external_id") == "":
        found["external_id"] = None
    return found
