"""Forms for importing a file in the admin: choose, preview, import."""

import base64
import secrets
from dataclasses import asdict, dataclass

from django import forms
from django.core import signing
from django.db import connection

from tenants.web.forms import VerbForm

MAX_AGE = 24 * 3600  # seconds


class FileForm(VerbForm):
    file = forms.FileField(label="File")


@dataclass(frozen=True)
class SeenFile:
    """A file that was previewed, as a hidden field of the page: nothing is stored before it is
    imported, and nothing is imported that was not previewed by this person on this page."""

    name: str
    base64: str
    options: dict  # of the import, as it was previewed
    key: str  # of this preview: an import that is sent twice is carried out once

    @classmethod
    def of(cls, name, content, options):
        encoded = base64.b64encode(content).decode()
        return cls(name, encoded, options, key=secrets.token_urlsafe(12))

    @property
    def content(self):
        return base64.b64decode(self.base64)

    def sign(self, *, by, what):
        return signing.dumps(asdict(self), salt=_salt(by, what), compress=True)

    @classmethod
    def unsign(cls, signed, *, by, what):
        """None when it is forged, too old, or of another person or page."""
        try:
            return cls(**signing.loads(signed, salt=_salt(by, what), max_age=MAX_AGE))
        except signing.BadSignature:
            return None


def _salt(by, what):
    return f"import {what} {connection.schema_name} {by.pk}"
