"""Bills of materials, and what runs ask for, follow when a filament is merged into another.

Planned runs ask for the filament that is kept. What a run that was started recorded stays: its
plan, its bill of materials and, where it took spools of both, what each was of.
"""

from decimal import Decimal

from django.db.models import Exists, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from inventory.models import Spool
from inventory.services.spools import shelf
from production.models import BomLine, Product, ProductionRun, RunEvent, RunMaterial
from production.services import run_state
from tenants.accounts import audited
from tenants.operations.refusals import Refusal
from tenants.operations.text import format_number

NOTED = (("spool", "spool_filament"), ("planned_spool", "planned_spool_filament"))
LOCK = {"no_key": True, "of": ("self",)}


class FilamentPrinting(Refusal):
    code = "filament_printing"
    title = "A run in progress asks for the filament"


class BillChangedSinceMerge(Refusal):
    code = "bill_changed_since_merge"
    title = "A bill of materials was changed since"


def lock(target, double):
    """Lock the products whose bills name either; they come before all other locks."""
    named = BomLine.objects.filter(filament__in=(target, double)).order_by()
    products = Product.objects.filter(pk__in=named.values("product")).order_by("pk")
    list(products.select_for_update(**LOCK))


def require_free(spools):
    """Raises SpoolClaimed where an open run names one of the spools, by their ids."""
    lines = RunMaterial.objects.of_open_runs().filter(spool__in=spools)
    if line := lines.select_related("spool").order_by("spool", "pk").first():
        shelf.require_unclaimed(line.spool)


def move(target, double, *, by, at):
    _require_not_printing(double)
    lock(target, double)  # those that named it only now
    bills = [_move_bill(line, target, by=by, at=at) for line in _bills(double)]
    lines = _planned(double)
    _ask_for(lines, target, by=by, at=at)
    _note_history(Spool.objects.filter(filament=double), of=double, beside=target)
    sentences = []
    if bills:
        figures = {"count": len(bills)}
        text = ngettext("%(count)s bill of materials", "%(count)s bills of materials", len(bills))
        sentences.append(text % figures)
    sentences += [sentence for bill in bills if (sentence := bill.pop("sentence"))]
    if runs := sorted({line.run.number for line in lines}):
        sentences.append(_("planned runs %(runs)s") % {"runs": ", ".join(runs)})
    return {"bills": bills, "lines": [line.pk for line in lines]}, sentences


def put_back(target, double, before, *, by, at):
    lock(target, double)
    for bill in before["bills"]:
        _put_back_bill(bill, target, double, by=by, at=at)
    lines = [line for line in _planned(target) if line.pk in set(before["lines"])]
    _ask_for(lines, double, by=by, at=at)
    returning = Spool.objects.filter(pk__in=before["spools"], filament=target)
    _note_history(returning, of=target, beside=target)
    for _spool, noted in NOTED:
        RunMaterial.objects.filter(**{noted: double}).update(**{noted: None})


# --- Bills of materials --------------------------------------------------------------------------


def _bills(filament):
    lines = BomLine.objects.filter(filament=filament).select_related("product", "material_type")
    return list(lines.order_by("pk"))


def _move_bill(line, target, *, by, at):
    """Let a line of a bill name the target; where another one does, it gets the grams too."""
    was = {
        "line": line.pk,
        "product": line.product_id,
        "material_type": line.material_type_id,
        "grams": str(line.grams_per_unit),
        "sentence": "",
    }
    own = BomLine.objects.filter(product=line.product_id, filament=target).first()
    if own is None:
        fields = {"filament": target, "material_type": target.material_type}
        audited.update(line, by=by, at=at, **fields)
        return was
    together = own.grams_per_unit + line.grams_per_unit
    names = {
        "product": line.product.sku,
        "grams": format_number(line.grams_per_unit),
        "own": format_number(own.grams_per_unit),
        "together": format_number(together),
    }
    audited.delete(line, by=by)
    audited.update(own, by=by, at=at, grams_per_unit=together)
    sentence = _("%(product)s named both: %(own)s g and %(grams)s g are %(together)s g") % names
    return was | {"joined": own.pk, "together": str(together), "sentence": sentence}


def _put_back_bill(bill, target, double, *, by, at):
    grams, joined = Decimal(bill["grams"]), bill.get("joined")
    line = BomLine.objects.filter(pk=joined or bill["line"], product=bill["product"]).first()
    expected = Decimal(bill["together"]) if joined else grams
    if line is None or line.filament_id != target.pk or line.grams_per_unit != expected:
        product = Product.objects.filter(pk=bill["product"]).first()
        if product is None:
            return
        names = {"product": product.sku, "grams": format_number(expected), "filament": target}
        raise BillChangedSinceMerge(
            _(
                "The bill of materials of %(product)s was changed since: the merge left it with "
                "%(grams)s g of %(filament)s. Put that back first."
            )
            % names,
            product_id=product.pk,
        )
    if not joined:
        material_type = double.material_type
        audited.update(line, by=by, at=at, filament=double, material_type=material_type)
        return
    audited.update(line, by=by, at=at, grams_per_unit=expected - grams)
    fields = {"product_id": bill["product"], "material_type_id": bill["material_type"]}
    back = BomLine(pk=bill["line"], filament=double, grams_per_unit=grams, **fields)
    audited.create(back, by=by, at=at)


# --- Runs ----------------------------------------------------------------------------------------


def _require_not_printing(double):
    runs = ProductionRun.objects.in_progress().filter(materials__filament=double)
    if numbers := sorted(set(runs.order_by().values_list("number", flat=True))):
        raise FilamentPrinting(
            _("Runs in progress ask for %(filament)s: %(numbers)s. Complete or fail them first.")
            % {"filament": double, "numbers": ", ".join(numbers)},
            filament_id=double.pk,
            run_numbers=numbers,
        )


def _planned(filament):
    """The lines of planned runs that ask for the filament, their runs locked."""
    of_lines = RunMaterial.objects.filter(filament=filament).order_by().values("run")
    runs = ProductionRun.objects.planned().filter(pk__in=of_lines).order_by("pk")
    runs = {run.pk: run for run in runs.select_for_update(**LOCK)}
    lines = RunMaterial.objects.filter(run__in=runs, filament=filament).order_by("run", "pk")
    lines = list(lines.select_for_update(**LOCK))
    for line in lines:
        line.run = runs[line.run_id]
    return lines


def _ask_for(lines, filament, *, by, at):
    RunMaterial.objects.filter(pk__in=[line.pk for line in lines]).update(filament=filament)
    events = []
    for run in {line.run_id: line.run for line in lines}.values():
        run.version += 1
        run.updated_at = at or timezone.now()
        run.save(update_fields=["version", "updated_at"])
        events.append(run_state.event_of(run, "derive_plan", came_from=run.status, by=by, at=at))
    RunEvent.objects.bulk_create(events)


def _note_history(spools, *, of, beside):
    """Note what these spools were of, in closed runs that took others of the filament ``beside``
    them: there one stood in for the other."""
    lines, others = RunMaterial.objects.filter(run=OuterRef("run")), Q()
    for spool, noted in NOTED:
        is_now = Q(**{f"{spool}__filament": beside, noted: None})
        others |= is_now & ~Q(**{f"{spool}__in": spools}) | Q(**{noted: beside})
    closed = RunMaterial.objects.exclude(run__status__in=ProductionRun.OPEN)
    closed = closed.filter(Exists(lines.filter(others)))
    for spool, noted in NOTED:
        rows = closed.filter(**{f"{spool}__in": spools, noted: None}).order_by()
        ids = list(rows.values_list("pk", flat=True))
        RunMaterial.objects.filter(pk__in=ids).update(**{noted: of})
