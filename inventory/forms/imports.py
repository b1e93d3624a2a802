"""A file that is imported from the admin: chosen once, looked at, then imported."""

import secrets
from dataclasses import dataclass

from django import forms
from django.core import signing
from django.db import connection

from tenants.web.forms import VerbForm

LASTS_SECONDS = 24 * 3600


class FileForm(VerbForm):
    """Which file."""

    file = forms.FileField(label="File")


@dataclass(frozen=True)
class SeenFile:
    """A file that somebody has looked at: what its page carries on to the import.

    ``kept`` is its content, compressed and signed: nothing is stored before it is imported, and
    nothing can be imported that was not shown to this person on this page.
    """

    name: str
    content: str
    key: str  # of this one look: an import that is sent twice is carried out once

    @classmethod
    def of(cls, name, content):
        return cls(name=name, content=content, key=secrets.token_urlsafe(12))

    def kept(self, *, by, what):
        return signing.dumps(vars(self), salt=_salt(by, what), compress=True)

    @classmethod
    def from_kept(cls, kept, *, by, what):
        """None for what was signed for nobody, for somebody else, for another page or long ago."""
        try:
            return cls(**signing.loads(kept, salt=_salt(by, what), max_age=LASTS_SECONDS))
        except signing.BadSignature:
            return None


def _salt(by, what):
    return f"import {what} {connection.schema_name} {by.pk}"
