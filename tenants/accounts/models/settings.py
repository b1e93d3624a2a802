"""The settings of one farm."""

import re
import zoneinfo
from decimal import Decimal
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import connection, models
from django.utils.translation import get_supported_language_variant
from django.utils.translation import gettext_lazy as _

from tenants.accounts.currencies import CURRENCIES
from tenants.operations.compiled import compiled
from tenants.operations.quantities import MoneyField

RUN_PREFIX = r"^[A-Z0-9]{2,8}$"
HOST = re.compile(r"([A-Za-z0-9.-]{1,180}|\[[0-9A-Fa-f:.]{2,45}\])(:[0-9]{1,5})?")
NOT_NEGATIVE = [MinValueValidator(0)]
COPY = "SELECT farms.copy_settings(current_schema(), timezone, locale) FROM accounts_farmsettings"
MARGIN = [MinValueValidator(0), MaxValueValidator(Decimal("99.99"))]
SHARE = [MinValueValidator(0), MaxValueValidator(1000)]


def validate_timezone(value):
    if value not in zoneinfo.available_timezones():
        raise _invalid(_("%(value)s is not an IANA time zone."), "unknown_timezone", value)


def validate_currency(value):
    if value not in CURRENCIES:
        raise _invalid(_("%(value)s is not an ISO 4217 currency."), "unknown_currency", value)


def validate_address(value):
    """Scheme and host, as what stands before every path: ``https://farm.example.com``."""
    try:
        parts = urlsplit(value)
        is_one = parts.scheme in ("http", "https") and HOST.fullmatch(parts.netloc)
        is_one = is_one and value == f"{parts.scheme}://{parts.netloc}" and parts.port != 0
    except ValueError:
        is_one = False
    if not is_one:
        message = _(
            "Like https://farm.example.com or http://192.168.1.20:8000, with nothing after it."
        )
        raise ValidationError(message, code="invalid_address")


def validate_locale(value):
    try:
        get_supported_language_variant(value)
    except LookupError:
        message = _("%(value)s is no locale of Spoolbook: try en-gb, de, fr.")
        raise _invalid(message, "unknown_locale", value) from None


def _invalid(message, code, value):
    return ValidationError(message, code=code, params={"value": value})


def percent(default):
    return models.DecimalField(
        max_digits=6, decimal_places=2, default=default, validators=SHARE, help_text="Percent."
    )


class FarmSettings(models.Model):
    """The one row of it; read with ``FarmSettings.load()``."""

    ANNOUNCED_AS = {"currency": "currency", "address": "base_url"}  # settings of the printers' API

    id = models.SmallIntegerField(primary_key=True, default=1, editable=False)
    run_prefix = models.CharField(
        max_length=8, blank=True, validators=[RegexValidator(RUN_PREFIX, "2 to 8 of A-Z and 0-9.")]
    )
    address = models.CharField(
        max_length=200,
        blank=True,
        validators=[validate_address],
        help_text="What labels and travellers lead to, https://farm.example.com. Empty: the "
        "address that whoever prints them came by.",
    )
    timezone = models.CharField(max_length=64, default="UTC", validators=[validate_timezone])
    currency = models.CharField(max_length=3, default="EUR", validators=[validate_currency])
    locale = models.CharField(max_length=20, default="en-gb", validators=[validate_locale])
    labour_rate = MoneyField("labour rate per hour", default=0, validators=NOT_NEGATIVE)
    machine_hour_rate = MoneyField(default=0, validators=NOT_NEGATIVE)
    energy_price_kwh = MoneyField("energy price per kWh", default=0, validators=NOT_NEGATIVE)
    packing_cost = MoneyField(
        "packing per unit",
        null=True,
        blank=True,
        validators=NOT_NEGATIVE,
        help_text="In the price to ask for. Empty: none.",
    )
    fixed_cost = MoneyField(
        "fixed cost per unit",
        null=True,
        blank=True,
        validators=NOT_NEGATIVE,
        help_text="Rent, administration and the like, in the price to ask for. Empty: none.",
    )
    margin_percent = models.DecimalField(
        "margin",
        max_digits=4,
        decimal_places=2,
        null=True,
        blank=True,
        validators=MARGIN,
        help_text="Percent of the price to ask for that is profit: cost / (1 − margin). Empty: no "
        "price is computed.",
    )
    variance_alert_percent = percent(10)
    plausibility_percent = percent(50)
    low_stock_percent = percent(20)
    reports_before_minutes = models.PositiveSmallIntegerField(
        default=30,
        validators=[MaxValueValidator(1440)],
        help_text="What is reported of a spool so long before the start of a run is the run’s.",
    )
    reports_after_minutes = models.PositiveSmallIntegerField(
        default=720,
        validators=[MaxValueValidator(10080)],
        help_text="And so long after its end.",
    )
    floor_idle_minutes = models.PositiveSmallIntegerField(
        default=5,
        validators=[MinValueValidator(1), MaxValueValidator(480)],
        help_text="After so many, a shared tablet asks again who is there.",
    )
    first_steps_hidden = models.BooleanField(
        "hide the first steps", default=False, help_text="On the front page of the farm."
    )

    class Meta:
        verbose_name = verbose_name_plural = "farm settings"
        constraints = [
            models.CheckConstraint(condition=models.Q(pk=1), name="accounts_farmsettings_one_row")
        ]

    def __str__(self):
        return "Farm settings"

    @classmethod
    def load(cls):
        return _settings.get()

    @staticmethod
    def copy_to_public():
        """Copy what every request needs to the farm's row in ``public``; see ``Tenant``."""
        with connection.cursor() as cursor:
            cursor.execute(COPY)

    def address_for(self, request):
        """Where codes on paper lead to, without a slash at its end: the farm's address, or the one
        that the request came by."""
        return self.address or request.build_absolute_uri("/").rstrip("/")

    def local_date(self, at):
        """The date of an aware moment ``at`` in the farm's time zone."""
        return at.astimezone(zoneinfo.ZoneInfo(self.timezone)).date()


@compiled()
def _settings():
    return FarmSettings.objects.all()
