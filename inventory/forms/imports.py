"""Forms for importing a file in the admin: choose, preview, import."""

import base64
import secrets
from dataclasses import asdict, dataclass

from django import forms
from django.core import signing
from django.db import connection

from inventory.services.tables.report import CREATABLE
from inventory.services.tables.uploads import DEFAULTS
from tenants.web.forms import VerbForm

COLUMN_FIELDS = ("column", "heading", "heading_was")
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


def options_of(sent, seen_with):
    """Options of an import: those that the page was shown with, but for what was changed on it,
    what columns mean, what is made, grams that no line says, and whether spools are updated."""
    columns = zip(*(sent.getlist(name) for name in COLUMN_FIELDS), strict=False)
    columns = [(name, new.strip(), was) for name, new, was in columns]
    is_looked_at = "_look" in sent  # then what is empty is meant to be
    changed = {name: new for name, new, was in columns if new != was or not new and is_looked_at}
    create = [kind for kind in CREATABLE if kind in sent.getlist("create")]
    options = {"create": create, "chosen": seen_with["chosen"] | changed}
    options |= {name: sent.get(name, seen_with[name] or "").strip() or None for name in DEFAULTS}
    return options | {"update": "update" in sent}


def _salt(by, what):
    return f"import {what} {connection.schema_name} {by.pk}"
