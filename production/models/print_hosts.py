"""The programs through which printers take files."""

import re
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext as _

from production.models.printers import Printer
from tenants.operations.sql_property import sql_property

PRINT_HOST_URL = re.compile(r"https?://[A-Za-z0-9._:\[\]-]+(/[A-Za-z0-9._~/-]*)?")


def validate_print_host_url(value):
    """Scheme, host and port, perhaps with a path, and no user."""
    try:
        parts = urlsplit(value)
        is_one = bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_one = False
    if not is_one or not PRINT_HOST_URL.fullmatch(value):
        message = _("Like http://192.168.1.31, without a user.")
        raise ValidationError(message, code="invalid_address")


class PrintHost(models.Model):
    """What a printer takes files through: where it is, and what it asks for.

    ``secret`` is sent to it and shown to nobody. ``busy_until``: a print is being started there,
    unless whoever did so is gone.
    """

    class Kind(models.TextChoices):
        MOONRAKER = "moonraker", "Moonraker (Klipper)"
        PRUSALINK = "prusalink", "PrusaLink"
        OCTOPRINT = "octoprint", "OctoPrint"

    printer = models.OneToOneField(Printer, models.CASCADE, related_name="print_host")
    kind = models.CharField(max_length=10, choices=Kind)
    url = models.CharField(
        "address",
        max_length=200,
        validators=[validate_print_host_url],
        help_text="Like http://192.168.1.31, as in a browser. Files of its slicer are passed on to "
        "it.",
    )
    username = models.CharField(
        max_length=100,
        blank=True,
        help_text="Of PrusaLink, with a password. Left empty, what is entered below is a key.",
    )
    secret = models.CharField("key or password", max_length=200, blank=True, editable=False)
    busy_until = models.DateTimeField(null=True, blank=True, editable=False)
    last_filename = models.CharField("last file", max_length=255, blank=True, editable=False)
    last_at = models.DateTimeField("last sent", null=True, blank=True, editable=False)
    last_problem = models.CharField("what went wrong", max_length=500, blank=True, editable=False)

    objects = models.Manager()

    class Meta:
        ordering = ["printer__name", "pk"]

    def __str__(self):
        return f"{self.printer}: {self.get_kind_display()}"

    @sql_property(~models.Q(secret=""))
    def has_secret(self):
        return bool(self.secret)
