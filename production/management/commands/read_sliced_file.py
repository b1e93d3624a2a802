from pathlib import Path

from django.core.management.base import CommandError

from production.slicing.reading import read
from tenants.management.farm_command import FarmCommand
from tenants.operations.quantities import duration
from tenants.operations.text import format_number


class Command(FarmCommand):
    help = "Show what a sliced file takes: time, and grams or length by slot. Nothing is stored."

    def add_arguments(self, parser):
        parser.add_argument("file", type=Path)

    def handle(self, *, file, **options):
        try:
            with file.open("rb") as stream:
                found = read(stream)
        except OSError as error:
            raise CommandError(f"{file} can't be read: {error.strerror}.") from error
        self.stdout.write(" ".join(filter(None, (found.slicer, found.slicer_version))))
        for plate in found.plates:
            self.stdout.write(f"plate {plate.index}: {_time(plate)}")
            for slot in plate.slots:
                self.stdout.write(f"  slot {slot.slot}: {_amount(slot)} {slot.material}".rstrip())
            for name, count in plate.objects:
                self.stdout.write(f"  {count} x {name}")
        for doubt in found.doubts:
            self.stdout.write(f"doubtful, plate {doubt.plate}: {doubt.detail}")


def _time(plate):
    return "time unknown" if plate.seconds is None else duration(plate.seconds / 60)


def _amount(slot):
    if slot.grams is None:
        sizes = ((slot.length_mm, "mm"), (slot.volume_mm3, "mm³"))
        known = [f"{format_number(size)} {unit}" for size, unit in sizes if size is not None]
        return ", ".join([*known, "grams unknown"])
    derived = " (derived from its length)" if slot.is_derived else ""
    return f"{format_number(slot.grams)} g{derived}"
