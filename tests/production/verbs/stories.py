"""How each verb of the program comes to be used: one story for each, and every story ends well."""

from decimal import Decimal
from tempfile import TemporaryDirectory

from django.db import connection
from django_tenants.utils import schema_context

from inventory.models import Location
from inventory.services import (
    bridges,
    client_settings,
    extra_fields,
    filament_merging,
    filaments,
    locations,
    manufacturers,
    overruling,
    receiving,
    reversing,
)
from inventory.services.spools import (
    consumption,
    merging,
    retyping,
    revaluing,
    scale,
    shelf,
    stating,
    tags,
    unbound_tags,
)
from inventory.services.tables import catalogue_search
from inventory.services.tables.filament_import import import_filaments
from inventory.services.tables.report import ReadTable
from inventory.services.tables.spool_import import import_spools
from production.services import completion, product_plans
from production.services.best_fit import taking
from production.services.completion.actuals import ItemCount, MaterialActual
from production.services.print_hosts import managing
from production.services.printing import adding, printers, slots, weighing
from production.services.reports import alerts
from production.services.runs import (
    planning,
)
from production.services.tables.printer_import import import_printers
from production.services.tables.product_import import import_products
from production.services.undo import last_action, loads, receipts
from production.spoolman.importing.moving import import_source
from production.spoolman.importing.source import ENTITIES, Source
from tenants.accounts import access, audited, devices, pins, roles
from tenants.accounts import services as people
from tenants.accounts.models import FarmSettings
from tenants.farms import backups, requests, restoring, services
from tenants.jobs import services as jobs
from tests.factories import (
    PASSWORD,
    a_filament,
    a_manufacturer,
    a_material_type,
    a_print_host,
    a_printer,
    a_printer_token,
    a_product,
    a_repeat,
    a_running_run,
    a_slot,
    a_spool,
    make_user,
    spools_of_one,
)
from tests.production.verbs import stories_of_holds, stories_of_pictures, stories_of_stocktakes
from tests.production.verbs.preparation import misdated
from tests.production.verbs.stories_of_files import OF_FILES
from tests.production.verbs.stories_of_runs import OF_RUNS

NEW = PASSWORD + "8"
BED = {"bed_x_mm": 200, "bed_y_mm": 200, "bed_z_mm": 200}


def of_a_bridge():
    token = a_printer_token(make_user())
    return {"by": token.user, "token": token}


def an_unbound_tag():
    token = a_printer_token(make_user(), kind="reader")
    given = {"extra": {"tag": '"04A2"'}, "token": token}
    return unbound_tags.note("04A2", filament=a_filament(), **given)


def a_double():
    """A filament, and one that is the same."""
    return [a_filament(material_type=a_material_type("PLA")) for _ in range(2)]


def merged_filament():
    filament, double = a_double()
    return filament_merging.merge(filament, double=double, reason="Made by a bridge", by=None)


def merged():
    kept, double = spools_of_one(2)
    return merging.merge(kept, double=double, reason="The same tag", by=None)


def evident():
    """A product that took more than planned, as one completed run has shown."""
    product, spool = a_product(grams=5), a_spool()
    run = a_running_run((spool, 10), items=[(product, 2)])
    took = MaterialActual(spool=spool.pk, actual_grams=Decimal(12))
    good = ItemCount(item=run.items.get().pk, good_count=2)
    completion.complete(run, by=None, materials=[took], items=[good])
    return product


def a_shelf():
    return audited.create(Location, by=None, name="Shelf 1")


def an_extra_field():
    fields = {"name": "Box", "field_type": "text"}
    return extra_fields.define("spool", "box", by=None, **fields)


def a_token():
    return people.issue_token(make_user(), name="printer", scope="read", by=None)[0]


def a_tablet():
    return devices.register(name="Door", by=make_user())[0]


def a_farm():
    return services.add_farm(slug="seen", name="Seen")


def a_farm_request(ask=None):
    """One of the public site, by its administrator."""
    with schema_context("public"):
        root = make_user(role=roles.ADMINISTRATOR, username="seen-root")
        if ask is not None:
            return ask(root)
        return requests.request_farm(
            by=root, slug="seen", name="Seen", manager="mona", password=NEW
        )


def a_farm_to_drop():
    tenant = a_farm()
    return a_farm_request(lambda root: requests.request_drop(tenant, by=root, short_name="seen"))


def a_job():
    return jobs.start("export", by=None, title="Spools", arguments={})


def restored():
    with TemporaryDirectory() as folder:
        path = backups.back_up(connection.tenant, folder)
        return restoring.restore_farm(path, slug="seen", by=None).tenant


OF_OTHERS = {
    "client_setting.change": lambda: client_settings.change("base_url", value='"x"', by=None),
    "client_setting.forget": lambda: client_settings.forget("base_url", by=None),
    "extra_field.define": an_extra_field,
    "extra_field.drop": lambda: extra_fields.drop(an_extra_field(), by=None),
    "extra_field.rename_value": lambda: extra_fields.rename_value(
        an_extra_field(), value="a", new_value="b", by=None
    ),
    "device.register": lambda: devices.register(name="Door", by=make_user()),
    "device.revoke": lambda: devices.revoke(a_tablet(), by=None),
    "access.restrict": lambda: access.restrict(None, by=None),
    "farm.add": a_farm,
    "farm.close": lambda: services.close_farm(a_farm(), by=None),
    "farm.drop": lambda: services.drop_farm(a_farm(), by=None),
    "farm.request_add": a_farm_request,
    "farm.request_drop": a_farm_to_drop,
    "farm.restore": restored,
    "farm.resume": lambda: services.resume_farm(a_farm(), by=None),
    "filament.merge": lambda: merged_filament(),
    "filament.unmerge": lambda: filament_merging.unmerge(merged_filament().double, by=None),
    "filament.remove": lambda: filaments.remove(a_filament(), by=None),
    "filament.restore": lambda: filaments.restore(filaments.remove(a_filament(), by=None), by=None),
    "location.rename_all": lambda: locations.rename_all(
        a_shelf().name, new_name="Shelf 2", by=None
    ),
    "manufacturer.remove": lambda: manufacturers.remove(a_manufacturer(), by=None),
    "manufacturer.restore": lambda: manufacturers.restore(
        manufacturers.remove(a_manufacturer(), by=None), by=None
    ),
    "filament.choose_entry": lambda: catalogue_search.choose(
        "graphite", external_id="nordfaden_pla_graphite_1000_175", by=None
    ),
    "filament.import": lambda: import_filaments(ReadTable([]), by=None),
    "farm.suspend": lambda: services.suspend_farm(a_farm(), by=None),
    "job.cancel": lambda: jobs.cancel(a_job(), by=None),
    "job.start": a_job,
    "inventory_transaction.correct_clock": lambda: misdated()(),
    "inventory_transaction.reverse": lambda: reversing.reverse(
        consumption.use(a_spool(), grams=5, by=None), reason="slip", by=None
    ),
    "recognised_repeat.overrule": lambda: overruling.overrule(a_repeat(), by=None),
    "pin.clear": lambda: pins.clear_pin(make_user(), by=None),
    "pin.count_try": lambda: pins.count_try(make_user(), device=a_tablet()),
    "pin.forgive": lambda: pins.forgive(make_user(), device=a_tablet()),
    "pin.set": lambda: pins.set_pin(make_user(), pin="8362", by=None),
    "pin.unlock": lambda: pins.unlock(make_user(), by=None),
    "pin.unlock_device": lambda: pins.unlock_device(a_tablet(), by=None),
    "product.import": lambda: import_products(ReadTable([]), by=None),
    "printer.import": lambda: import_printers(ReadTable([]), by=None),
    "printer.add_many": lambda: adding.add_many(names=["P1", "P2"], by=None, **BED),
    "printer.clear": lambda: printers.clear(a_printer(needs_clearing=True), by=None),
    "print_host.change": lambda: managing.update(a_print_host(), url="http://192.0.2.1", by=None),
    "print_host.enter": lambda: managing.create(
        printer=a_printer(), kind="octoprint", url="http://192.0.2.1", by=None
    ),
    "print_host.remove": lambda: managing.delete(a_print_host(), by=None),
    "product.accept_actuals": lambda: alerts.accept(evident(), by=None),
    "production_run.undo": lambda: last_action.undo(
        (run := a_running_run()), event=run.events.last().pk, by=None
    ),
    "production_run.create_many": lambda: planning.create_many([{}, {}], by=None),
    "production_run.take_proposals": lambda: taking.take([], by=None),
    "production_run.plan": lambda: product_plans.plan(
        product=a_product(units_per_plate=4), quantity=6, printers=[a_printer()], by=None
    ),
    "record.add": a_shelf,
    "record.change": lambda: audited.update(a_shelf(), by=None, name="Shelf 2"),
    "record.remove": lambda: audited.delete(a_shelf(), by=None),
    "spool.bridge_remaining": lambda: bridges.set_remaining(a_spool(), grams=700, **of_a_bridge()),
    "spool.bridge_used": lambda: bridges.set_used(a_spool(), grams=300, **of_a_bridge()),
    "spool.give_back": lambda: stating.give_back(a_spool(), grams=5, by=None),
    "tag.note": lambda: an_unbound_tag(),
    "spool.bind_unbound_tag": lambda: unbound_tags.bind(a_spool(), tag=an_unbound_tag(), by=None),
    "spool.receive_tagged": lambda: receiving.receive_tagged(
        ["04A2"], filament=a_filament(), extra={"tag": '"04A2"'}, by=None
    ),
    "spool.merge": lambda: merged(),
    "spool.unmerge": lambda: merging.unmerge(merged().double, by=None),
    "spool.measure": lambda: stating.measure(a_spool(), gross_grams=900, by=None),
    "spool.receive_stated": lambda: receiving.receive_stated(filament=a_filament(), by=None),
    "spool.remove": lambda: shelf.remove(a_spool(), by=None),
    "spool.retype": lambda: retyping.retype(a_spool(), filament=a_filament(), by=None),
    "spool.set_initial": lambda: stating.set_initial(a_spool(), grams=750, by=None),
    "spool.set_remaining": lambda: stating.set_remaining(a_spool(), grams=700, by=None),
    "spool.set_used": lambda: stating.set_used(a_spool(), grams=300, by=None),
    "spool.tag": lambda: tags.bind(a_spool(), uid="04A2", by=None),
    "spool.untag": lambda: tags.unbind(
        tags.bind(a_spool(), uid="04A2", by=None).spool, uid="04A2", by=None
    ),
    "spool.revalue": lambda: revaluing.revalue(a_spool(10), by=None),
    "spool.adjust": lambda: consumption.adjust(a_spool(), grams=-5, reason="found", by=None),
    "spool.archive": lambda: shelf.archive(a_spool(), discard=True, by=None),
    "spool.describe": lambda: shelf.describe(a_spool(), by=None, comment="From Monday"),
    "spool.dry": lambda: shelf.dry(a_spool(), by=None),
    "spool.empty": lambda: consumption.empty(a_spool(20), by=None),
    "spool.import": lambda: import_spools(ReadTable([]), by=None),
    "spoolman.import": lambda: import_source(Source("there", dict.fromkeys(ENTITIES, [])), by=None),
    "spool.load": lambda: slots.load(a_spool(), slot=a_slot(), by=None),
    "spool.undo_load": lambda: loads.undo_load(
        slots.load((spool := a_spool()), slot=a_slot(), by=None)
        and spool.events.get(verb="loaded"),
        by=None,
    ),
    "spool.undo_unload": lambda: loads.undo_unload(
        slots.unload(slots.load((spool := a_spool()), slot=a_slot(), by=None), by=None)
        and spool.events.get(verb="unloaded"),
        by=None,
    ),
    "spool.undo_receipt": lambda: receipts.undo_receipt(a_spool().transactions.get(), by=None),
    "spool.undo_weighing": lambda: last_action.undo_weighing(
        scale.weigh(a_spool(1000), gross_grams=1190, by=None), by=None
    ),
    "spool.unload": lambda: slots.unload(slots.load(a_spool(), slot=a_slot(), by=None), by=None),
    "spool.move": lambda: shelf.move(a_spool(), location=a_shelf(), by=None),
    "spool.open": lambda: shelf.open(a_spool(), by=None),
    "spool.receive": a_spool,
    "spool.receive_many": lambda: receiving.receive_many(filament=a_filament(), count=3, by=None),
    "spool.relabel": lambda: shelf.relabel(a_spool(), by=None),
    "spool.restore": lambda: shelf.restore(
        shelf.archive(a_spool(), discard=False, by=None), by=None
    ),
    "spool.use": lambda: consumption.use(a_spool(), grams=5, by=None),
    "spool.waste": lambda: consumption.waste(a_spool(), grams=5, by=None),
    "spool.weigh": lambda: scale.weigh(a_spool(1000), gross_grams=1190, by=None),
    "spool.weigh_in_use": lambda: weighing.weigh(a_spool(1000), gross_grams=1190, by=None),
    "token.issue": a_token,
    "token.revoke": lambda: people.revoke_token(a_token(), by=None),
    "user.add": lambda: people.add_user(
        username="nina", password=PASSWORD, role=roles.OPERATOR, by=None
    ),
    "settings.change": lambda: people.change_settings(FarmSettings.load(), by=None, locale="de"),
    "user.change": lambda: people.change(make_user(), by=None, role=roles.VIEWER, name="Nina"),
    "user.change_own_password": lambda: people.change_own_password(
        make_user(), password=NEW, end_tokens=True
    ),
    "user.deactivate": lambda: people.deactivate(make_user(), by=None),
    "user.reactivate": lambda: people.reactivate(make_user(is_active=False), by=None),
    "user.set_password": lambda: people.set_password(make_user(), password=NEW, by=None),
    "user.unlock": lambda: people.unlock(make_user(), by=None),
    "user.set_role": lambda: people.set_role(make_user(), role=roles.VIEWER, by=None),
}
STORIES = OF_RUNS | OF_OTHERS | OF_FILES | stories_of_pictures.STORIES
STORIES |= stories_of_stocktakes.STORIES | stories_of_holds.STORIES
