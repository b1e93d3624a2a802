"""Usual models of printers, with what is known of them: `production/samples/printer_models.json`.

Beds are what the makers state, in mm, temperatures in degrees Celsius; null is not known. The watts
are estimates of what a print of PLA draws on average, to be replaced by what is measured.
"""

import json
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path

from django.utils.text import slugify

import production

FILE = Path(production.__file__).parent / "samples" / "printer_models.json"


@dataclass(frozen=True, kw_only=True)
class PrinterModel:
    """A model, called by its ``key``; ``slots`` are the labels of its slots."""

    manufacturer: str
    model: str
    bed_mm: tuple[Decimal, ...]
    nozzle_mm: Decimal
    hardened_nozzle: bool
    max_nozzle_temp: int | None
    max_bed_temp: int | None
    power_watts: int | None
    slots: tuple[str, ...]

    def __str__(self):
        return f"{self.manufacturer} {self.model}"

    @property
    def key(self):
        return slugify(str(self).replace("+", " plus"))

    def fields(self):
        """The fields of a Printer of this model."""
        sides = zip(("bed_x_mm", "bed_y_mm", "bed_z_mm"), self.bed_mm, strict=True)
        return dict(sides) | {
            "manufacturer": self.manufacturer,
            "model": self.model,
            "nozzle_diameter_mm": self.nozzle_mm,
            "has_hardened_nozzle": self.hardened_nozzle,
            "max_nozzle_temp": self.max_nozzle_temp,
            "max_bed_temp": self.max_bed_temp,
            "power_watts": self.power_watts,
        }


@cache
def printer_models():
    """``{key: PrinterModel}``, by maker and model."""
    rows = json.loads(FILE.read_text(encoding="utf-8"))
    return {model.key: model for model in map(_model, rows)}


def _model(row):
    sides = tuple(map(Decimal, row["bed_mm"]))
    more = {"bed_mm": sides, "nozzle_mm": Decimal(row["nozzle_mm"]), "slots": tuple(row["slots"])}
    return PrinterModel(**row | more)
