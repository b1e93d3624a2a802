"""Several sliced files at once: each is read by itself, and one that can't be stops no other."""

from dataclasses import dataclass

from django.utils import formats, timezone
from django.utils.translation import gettext as _

from production.models import SlicedFile
from production.services.sliced_files import receiving
from tenants.operations.refusals import Refusal

SUFFIXES = (".gcode", ".gco", ".g", ".bgcode", ".3mf", ".ufp", ".gx")  # of files that can be read


@dataclass(frozen=True)
class Brought:
    """A file that somebody has sent: what was read of it, or why it was not."""

    name: str
    row: SlicedFile | None = None
    refusal: Refusal | None = None

    @property
    def sentence(self):
        """Why it was not read, or when it was before; "" of a new one."""
        if self.refusal:
            return _("%(name)s: %(why)s") % {"name": self.name, "why": self.refusal.detail}
        if self.row.is_new:
            return ""
        on = formats.date_format(timezone.localtime(self.row.created_at), "SHORT_DATE_FORMAT")
        return _("%(name)s was read before, on %(date)s.") % {"name": self.row, "date": on}


def receive_all(files, *, by):
    """The Broughts of IncomingFiles, in their order. Not to be called in a transaction."""
    brought, left = [], receiving.MOST_PICTURES
    for file in files:
        given = {"filename": file.name, "sha256": file.sha256, "size_bytes": file.size}
        try:
            read = receiving.read_file(file, **given, most_pictures=left)
            left -= len(read.pictures)
            row = receiving.receive(read, by=by)
        except Refusal as refusal:
            brought.append(Brought(file.name, refusal=refusal))
        else:
            brought.append(Brought(file.name, row))
    return brought
