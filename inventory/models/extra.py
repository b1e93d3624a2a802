"""The farm's own fields of manufacturers, filaments and spools, and what clients keep here."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

KEY = r"^[a-z0-9_]+$"


class ExtraField(models.Model):
    """A field of the farm's own, whose values are in ``extra`` of the rows.

    ``default_value`` is JSON, a hint for forms alone. ``position``: fields are listed in the order
    in which they were written last.
    """

    class Entity(models.TextChoices):
        VENDOR = "vendor", "manufacturer"
        FILAMENT = "filament"
        SPOOL = "spool"

    class Type(models.TextChoices):
        TEXT = "text"
        INTEGER = "integer"
        INTEGER_RANGE = "integer_range"
        FLOAT = "float"
        FLOAT_RANGE = "float_range"
        DATETIME = "datetime"
        BOOLEAN = "boolean"
        CHOICE = "choice"

    entity = models.CharField(max_length=8, choices=Entity)
    key = models.CharField(max_length=64)
    name = models.CharField(max_length=128)
    order = models.BigIntegerField(default=0)
    unit = models.CharField(max_length=16, blank=True)
    field_type = models.CharField(max_length=13, choices=Type)
    default_value = models.TextField(null=True, blank=True)
    choices = ArrayField(models.TextField(), null=True, blank=True)
    multi_choice = models.BooleanField(null=True, blank=True)
    position = models.BigIntegerField(editable=False)

    class Meta:
        ordering = ["entity", "position", "pk"]
        constraints = [
            models.UniqueConstraint("entity", "key", name="extra_field_key_unique"),
            models.CheckConstraint(condition=Q(key__regex=KEY), name="extra_field_key_characters"),
        ]

    def __str__(self):
        return self.name


class ClientSetting(models.Model):
    """A setting that clients of the printers' API keep here, as JSON, byte for byte."""

    key = models.CharField(max_length=64)
    value = models.TextField()
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["key"]
        constraints = [models.UniqueConstraint("key", name="client_setting_key_unique")]

    def __str__(self):
        return self.key
