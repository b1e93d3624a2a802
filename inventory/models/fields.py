"""Model fields for texts with a normal form, such as GTINs and colours; numbers of rows."""

from functools import partial

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Func
from django.utils import timezone
from django.utils.deconstruct import deconstructible
from django.utils.translation import gettext as _

from inventory import colors, gtins

MAX_INPUT_LENGTH = 40  # with spaces, hyphens and #

validate_color = RegexValidator(colors.HEX, "A colour is 6 or 8 hex digits, such as FF8800.")


def validate_gtin(gtin):
    if not gtins.is_valid(gtin):
        message = _("“%(gtin)s” is no GTIN: 8, 12, 13 or 14 digits, the last a check digit.")
        raise ValidationError(message % {"gtin": gtin[:MAX_INPUT_LENGTH]})


class NormalisedInput(forms.CharField):
    def __init__(self, *, normalise, **kwargs):
        self.normalise = normalise
        super().__init__(**kwargs)

    def to_python(self, value):
        return self.normalise(super().to_python(value))


class NormalisedField(models.CharField):
    """``normalise`` leads from what was typed to what is stored and looked for."""

    @staticmethod
    def normalise(text):
        raise NotImplementedError

    def to_python(self, value):
        value = super().to_python(value)
        return value if value is None else self.normalise(value)

    def formfield(self, **kwargs):
        form_class = partial(NormalisedInput, normalise=self.normalise)
        return super().formfield(
            **{"form_class": form_class, "max_length": MAX_INPUT_LENGTH, **kwargs}
        )

    def deconstruct(self):
        name, _path, args, kwargs = super().deconstruct()
        return name, "django.db.models.CharField", args, kwargs


class ColorHexField(NormalisedField):
    """``#ff8800`` and ``FF8800`` are one colour."""

    normalise = staticmethod(colors.normalise)
    default_validators = [validate_color]


class GtinField(NormalisedField):
    """``4006381 333931`` and ``04006381333931`` are one number."""

    normalise = staticmethod(gtins.normalise)
    default_validators = [validate_gtin]


@deconstructible
class NextNumber(Func):
    """The next number of a sequence, as the default of a column."""

    template = "nextval('%(sequence)s'::regclass)"

    def __init__(self, sequence):
        super().__init__(sequence=sequence, output_field=models.BigIntegerField())

    @property
    def allowed_default(self):
        return True


def number_field(table):
    """What clients of the printers' API know a row of the table by. It is never used again."""
    return models.BigIntegerField(
        db_default=NextNumber(f"{table}_number_seq"),
        editable=False,
        help_text="Short, and never used again.",
    )


class NumberedRow(models.Model):
    """A row that clients of the printers' API may extend and remove.

    ``extra`` has a JSON-encoded string, byte for byte as it was given, for each key of an
    ExtraField. What was removed is kept for the ledger and in no list.
    """

    extra = models.JSONField(default=dict, blank=True, editable=False)
    created_at = models.DateTimeField("added", default=timezone.now, editable=False)
    removed_at = models.DateTimeField("removed", null=True, editable=False)

    class Meta:
        abstract = True

    @property
    def is_removed(self):
        return self.removed_at is not None
