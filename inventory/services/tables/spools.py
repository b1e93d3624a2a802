"""Spools out of a table: one line, one spool, with its receipt in the ledger."""

from collections import Counter
from decimal import Decimal
from itertools import islice

from django.core.exceptions import ValidationError
from django.utils import timezone

from inventory import codes
from inventory.models import Filament, Location, Spool, SpoolEvent
from inventory.services import ledger, receiving
from inventory.services.tables.cells import BadCell, day, money, quantity, text
from inventory.services.tables.finding import DIAMETER, MATERIAL, Catalogue, folded, the_place
from inventory.services.tables.imports import BATCH
from tenants.accounts.models import FarmSettings
from tenants.operations.quantities import CostPerGramField, rounded
from tenants.operations.refusals import Refusal
from tenants.operations.text import format_number

COLUMNS = {
    "external_id": text(200, "filament_external_id"),
    "manufacturer": text(100, "maker", "brand", "vendor"),
    "name": text(150, "filament", "filament_name"),
    "material": MATERIAL,
    "diameter_mm": DIAMETER,
    "initial_grams": quantity("grams", "net_grams", "initial", "weight", above="0"),
    "remaining_grams": quantity("remaining"),
    "tare_grams": quantity("tare", "empty_spool_grams", "spool_weight"),
    "price": money("cost"),
    "lot_number": text(100, "lot", "lot_nr", "batch"),
    "supplier": text(100, "shop"),
    "received_on": day("received", "date", "purchased_on"),
    "location": text(100, "place", "shelf"),
    "code": text(20, "spool_code", "label"),
    "comment": text(2000, "note", "notes"),
}
NEEDED = (("external_id", "name"),)
DETAILS = ("tare_grams", "lot_number", "supplier", "comment", "code")


def plan(lines):
    """Say of each good line what spool it becomes; a line that can't be is refused."""
    good = [line for line in lines if line.is_ok]
    catalogue, places = Catalogue(), {folded(place.name): place for place in Location.objects.all()}
    _check_codes(good)
    chosen = {}
    for line in good:
        with line.refusing():
            chosen[line] = catalogue.the_one(line.values).pk
    filaments = Filament.objects.with_makers().in_bulk(set(chosen.values()))
    today = FarmSettings.load().local_date(timezone.now())
    for line, pk in chosen.items():
        with line.refusing():
            line.subject = _spool(line.values, filaments[pk], places, today)
            line.said = _said(line)


def write(lines, *, by, at=None):
    """Receive the spools of the lines, a thousand at a time."""
    rest = iter(lines)
    while batch := list(islice(rest, BATCH)):
        received = Spool.objects.bulk_create(line.subject for line in batch)
        with ledger.book([spool.pk for spool in received], by=by, at=at) as book:
            for line, spool in zip(batch, received, strict=True):
                _post(book, book.spools[spool.pk], line.values.get("remaining_grams"))


def _post(book, spool, remaining):
    book.receive(spool)
    if remaining is not None and remaining != spool.initial_grams:
        note = "What was used before the spool was in this book."
        book.adjust(spool, remaining - spool.initial_grams, reason="imported", note=note)


def _spool(values, filament, places, today):
    details = {name: values[name] for name in DETAILS if name in values}
    if "location" in values:
        details["location"] = the_place(places, values["location"])
    try:
        spool = receiving.unsaved(
            filament=filament,
            initial_grams=values.get("initial_grams"),
            price=values.get("price"),
            received_on=values.get("received_on", today),
            **details,
        )
    except ValidationError as error:
        raise BadCell("; ".join(error.messages), errors=error.message_dict) from error
    remaining = values.get("remaining_grams")
    if remaining is not None and remaining > spool.initial_grams:
        raise BadCell("More is left than was on it.", errors={"remaining_grams": []})
    _require_rate(spool)
    return spool


def _require_rate(spool):
    """A gram must not cost more than the ledger can keep."""
    if (rate := spool.cost_per_gram()) is None:
        return
    column = CostPerGramField
    try:
        rounded(rate, digits=column.digits, places=column.places, field="price")
    except Refusal as refusal:
        raise BadCell("A gram of it would cost too much.", errors={"price": []}) from refusal


def _said(line):
    spool, remaining = line.subject, line.values.get("remaining_grams")
    left = "" if remaining is None else f", {format_number(Decimal(remaining))} g left"
    return f"A spool of {spool.filament}, {format_number(spool.initial_grams)} g{left}."


def _check_codes(lines):
    """A label that is on a spool already, or on two lines, is no label for a new one."""
    for line in lines:
        if "code" in line.values:
            line.values["code"] = codes.normalise(line.values["code"])
    wanted = Counter(line.values.get("code") for line in lines)
    taken = set(Spool.objects.filter(code__in=wanted).values_list("code", flat=True))
    former = SpoolEvent.objects.filter(verb=SpoolEvent.Verb.RELABELLED, before__in=wanted)
    taken |= set(former.values_list("before", flat=True))
    for line in lines:
        code = line.values.get("code")
        if code is None:
            continue
        if not codes.is_valid(code):
            line.refuse("code", "This is not a spool code; was it mistyped?")
        elif code in taken:
            line.refuse("code", f"Spool {code} is there already.")
        elif wanted[code] > 1:
            line.refuse("code", f"{code} is on {wanted[code]} lines.")
