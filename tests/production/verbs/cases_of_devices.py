"""The verbs of programs of printers, each on a farm where it has as much to write as can be."""

from datetime import timedelta
from decimal import Decimal

from django.utils import timezone

from inventory.services import (
    bridges,
    client_settings,
    extra_fields,
    filament_merging,
    filaments,
    locations,
    manufacturers,
    metering,
    receiving,
)
from inventory.services.spools import retyping, shelf, stating, tags, unbound_tags
from production.models import BomLine
from production.services.print_hosts import managing
from production.services.runs import lifecycle
from production.services.runs.lines import NewMaterial
from production.services.sliced_files import planning_once
from tests.factories import (
    a_filament,
    a_manufacturer,
    a_material_type,
    a_print_host,
    a_printer,
    a_printer_token,
    a_product,
    a_spool,
    make_user,
)
from tests.production.completed_runs import printed
from tests.production.verbs.preparation import a_table, planned_before
from tests.production.verbs.stories import an_extra_field, an_unbound_tag

CASES, verb = a_table()


def beyond():
    """A spool of which more was used than there was."""
    filament = a_filament()
    return receiving.receive_stated(filament=filament, used_grams=1030, by=None)


def metered():
    """A spool with a meter that is due, and who reported."""
    spool, token = a_spool(1000), a_printer_token(make_user())
    by = {"by": token.user, "token": token}
    metering.use(spool.number, grams=1200, at=timezone.now() - timedelta(hours=1), **by)
    metering.use(spool.number, by=make_user(username="other"), grams=10)
    return spool, by


@verb("spool.bridge_remaining")
def _():
    spool, by = metered()
    by["token"].counts_up = True
    return lambda: bridges.set_remaining(spool, grams=500, **by)


@verb("spool.bridge_used")
def _():
    spool, by = metered()
    return lambda: bridges.set_used(spool, grams=1300, **by)


@verb("spool.receive_stated")
def _():
    filament = a_filament()
    return lambda: receiving.receive_stated(
        filament=filament, used_grams=50, is_archived=True, by=None
    )


@verb("spool.measure")
def _():
    spool = a_spool(1000, needs_weighing=True)
    return lambda: stating.measure(spool, gross_grams=1250, by=None)


@verb("spool.set_remaining")
def _():
    spool = beyond()
    return lambda: stating.set_remaining(spool, grams=500, by=None)


@verb("spool.set_used")
def _():
    spool = beyond()
    return lambda: stating.set_used(spool, grams=1100, by=None)


@verb("spool.set_initial")
def _():
    spool = beyond()
    return lambda: stating.set_initial(spool, grams=1200, by=None)


@verb("spool.give_back")
def _():
    spool = beyond()
    return lambda: stating.give_back(spool, grams=100, by=None)


@verb("spool.retype")
def _():
    spool, other = a_spool(1000, is_initial_assumed=True), a_filament(net_grams=750)
    return lambda: retyping.retype(spool, filament=other, by=None)


@verb("spool.remove")
def _():
    spool = a_spool()
    return lambda: shelf.remove(spool, by=None)


@verb("spool.tag")
def _():
    spool, other = a_spool(), a_spool()
    tags.bind(other, uid="04A2", by=None)
    return lambda: tags.bind(spool, uid="04A2", moves=True, by=None)


@verb("tag.note")
def _():
    token, filament = a_printer_token(make_user(), kind="reader"), a_filament()
    return lambda: unbound_tags.note("04A2", filament=filament, extra={}, token=token)


@verb("spool.bind_unbound_tag")
def _():
    spool, tag = a_spool(), an_unbound_tag()
    return lambda: unbound_tags.bind(spool, tag=tag, by=None)


@verb("spool.receive_tagged")
def _():
    filament = a_filament()
    return lambda: receiving.receive_tagged(["04A2"], filament=filament, extra={}, by=None)


@verb("spool.untag")
def _():
    spool = tags.bind(a_spool(), uid="04A2", by=None).spool
    return lambda: tags.unbind(spool, uid="04A2", by=None)


def _filaments():
    """A filament, and a double of it that everything refers to."""
    kind = a_material_type("PLA")
    target = a_filament("Black", material_type=kind, color_hex="")
    double, further = (a_filament(name, material_type=kind) for name in ("Noir", "Schwarz"))
    filament_merging.merge(double, double=further, reason="Made by a bridge", by=None)
    printed((a_spool(filament=double), 10))
    for lines in ([(double, 5)], [(target, 5), (double, 6)]):
        product = a_product()
        for filament, grams in lines:
            given = {"filament": filament, "material_type": kind, "grams_per_unit": grams}
            BomLine.objects.create(product=product, **given)
    material = NewMaterial(filament=double, planned_grams=Decimal(5))
    lifecycle.create(by=None, items=[], materials=[material])
    token = a_printer_token(make_user(), kind="reader")
    unbound_tags.note("04A3", filament=double, extra={}, token=token)
    return target, double


@verb("filament.merge")
def _():
    target, double = _filaments()
    return lambda: filament_merging.merge(target, double=double, reason="A bridge", by=None)


@verb("filament.unmerge")
def _():
    target, double = _filaments()
    filament_merging.merge(target, double=double, reason="A bridge", by=None)
    return lambda: filament_merging.unmerge(double, by=None)


@verb("filament.remove")
def _():
    filament = a_filament()
    return lambda: filaments.remove(filament, by=None)


@verb("filament.restore")
def _():
    filament = filaments.remove(a_filament(), by=None)
    return lambda: filaments.restore(filament, by=None)


@verb("manufacturer.remove")
def _():
    maker = a_manufacturer()
    a_filament(manufacturer=maker)
    return lambda: manufacturers.remove(maker, by=None)


@verb("manufacturer.restore")
def _():
    maker = manufacturers.remove(a_manufacturer(), by=None)
    return lambda: manufacturers.restore(maker, by=None)


@verb("location.rename_all")
def _():
    place = locations.named("Shelf", by=None)
    a_spool(location=place)
    return lambda: locations.rename_all("Shelf", new_name="Box", by=None)


@verb("client_setting.change")
def _():
    client_settings.change("base_url", value='"a"', by=None)
    return lambda: client_settings.change("base_url", value='"b"', by=None)


@verb("client_setting.forget")
def _():
    client_settings.change("base_url", value='"a"', by=None)
    return lambda: client_settings.forget("base_url", by=None)


@verb("print_host.enter")
def _():
    given = {"printer": a_printer(), "kind": "octoprint", "url": "http://192.0.2.1"}
    return lambda: managing.create(by=None, **given)


@verb("print_host.change")
def _():
    host = a_print_host()
    return lambda: managing.update(host, url="http://192.0.2.1", secret="k-1", by=None)


@verb("print_host.remove")
def _():
    host = a_print_host()
    return lambda: managing.delete(host, by=None)


@verb("sliced_file.plan_once")
def _():
    file, printer = planned_before(), a_printer()
    return lambda: planning_once.plan_once(file, printer=printer, by=None)


def boxed():
    """A field of which a spool has a value."""
    field = an_extra_field()
    shelf.describe(a_spool(), extra={field.key: '"a"'}, by=None)
    return field


@verb("extra_field.define")
def _():
    return an_extra_field


@verb("extra_field.drop")
def _():
    field = boxed()
    return lambda: extra_fields.drop(field, by=None)


@verb("extra_field.rename_value")
def _():
    field = boxed()
    return lambda: extra_fields.rename_value(field, value="a", new_value="b", by=None)
