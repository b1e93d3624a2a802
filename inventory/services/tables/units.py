"""Units of numbers: of a column, as in ``weight (kg)``, or of a cell, as in ``0,6 kg``.

A unit is its factor to what is stored: grams, the farm's currency, millimetres, degrees Celsius.
"""

import re
from decimal import Decimal

from django.utils.translation import gettext as _

MASS, MONEY, LENGTH, TEMPERATURE, DENSITY, COUNT, GRAMS, MINUTES, POWER = (
    "mass", "money", "length", "temperature", "density", "count", "grams", "minutes", "power",
)  # fmt: skip
POUND, OUNCE = Decimal("453.59237"), Decimal("28.349523125")
ONE, THOUSAND = Decimal(1), Decimal(1000)
UNITS = {
    MASS: {
        **dict.fromkeys(["g", "gr", "gram", "grams", "gramm"], ONE),
        **dict.fromkeys(["kg", "kgs", "kilogram", "kilograms", "kilogramm"], THOUSAND),
        **dict.fromkeys(["lb", "lbs", "pound", "pounds"], POUND),
        **dict.fromkeys(["oz", "ounce", "ounces"], OUNCE),
    },
    LENGTH: {"mm": ONE},
    TEMPERATURE: dict.fromkeys(["°c", "c", "celsius", "℃"], ONE),
    DENSITY: dict.fromkeys(["g/cm³", "g/cm3", "g/cm^3", "g/ccm"], ONE),
    GRAMS: dict.fromkeys(["g", "gr", "gram", "grams", "gramm"], ONE),  # of a part: never kilograms
    MINUTES: {
        **dict.fromkeys(["min", "mins", "minute", "minutes", "minuten"], ONE),
        **dict.fromkeys(["h", "hour", "hours", "std", "stunden"], Decimal(60)),
    },
    POWER: {"w": ONE, "watt": ONE, "watts": ONE, "kw": THOUSAND},
    COUNT: dict.fromkeys(["x", "pcs", "pc", "spools", "rolls", "stück", "stk", "st"], ONE),
}
WEIGHTS = ("g", "kg", "lb", "oz")
UNDERSTOOD = {
    MASS: ", ".join(WEIGHTS),
    LENGTH: "mm",
    TEMPERATURE: "°C",
    DENSITY: "g/cm³",
    COUNT: "spools",
    GRAMS: "g",
    MINUTES: "min, h",
    POWER: "W, kW",
}
SIGNS = {
    "€": ["EUR"],
    "£": ["GBP"],
    "$": ["USD", "CAD", "AUD", "NZD", "SGD", "HKD", "MXN", "TWD"],
    "¥": ["JPY", "CNY"],
    "zł": ["PLN"],
    "kč": ["CZK"],
    "ft": ["HUF"],
    "kr": ["DKK", "NOK", "SEK", "ISK"],
    "fr.": ["CHF"],
    "₹": ["INR"],
    "₩": ["KRW"],
    "r$": ["BRL"],
}
PER_KILOGRAM = re.compile(r"\s*(/|\bper\b|\bpro\b|\bje\b)\s*(kg|kilo|kilogramm?)$")
# In front only a currency; digits, marks and groups; then any unit, which has a letter or a sign.
AMOUNT = re.compile(
    r"(?P<before>[^0-9\s.,'’+-]*)\s*(?P<number>[+-]?[0-9.,'’ ]*[0-9])(?P<after>[^0-9]*)"
)


class Units:
    """The units of one farm, whose currency is the only one that is understood."""

    def __init__(self, currency):
        self._currency = currency
        money = [currency.casefold()]
        money += [sign for sign, codes in SIGNS.items() if currency in codes]
        self._units = UNITS | {MONEY: dict.fromkeys(money, ONE)}

    def factor(self, dimension, unit):
        """What a number in the ``unit`` is multiplied by; None where it is none of these."""
        return self._units.get(dimension, {}).get(unit.strip().casefold())

    def understood(self, dimension):
        """Those that are understood, for a sentence."""
        return self._currency if dimension == MONEY else UNDERSTOOD.get(dimension, _("none"))

    def split(self, dimension, text):
        """``0,6 kg`` as the text of its number, the factor of its unit (None without one), and the
        unit where it is not understood ("" where it is)."""
        found = AMOUNT.fullmatch(text)
        unit = found and (found["before"] or found["after"]).strip()
        if not found or not unit or (found["before"] and found["after"].strip()):
            return text, None, ""
        if found["before"] and dimension != MONEY:
            return text, None, ""
        factor = self.factor(dimension, unit)
        return found["number"].strip(), factor, "" if factor else unit


def without_kilogram(unit):
    """Of a price for each kilogram, as in ``EUR/kg``, the currency ("" without one); None where it
    is not for each."""
    text, count = PER_KILOGRAM.subn("", unit.strip().casefold())
    return text.strip() if count else None
