"""Roles and their permissions, as data. The verbs of a run are registered by ``production``.

A permission is ``app.verb_model``. Each verb of the floor has its own, so that no right to change
a row is a right to complete a run. No role may change or delete what only services write: ledger
entries, events, run numbers.
"""

VIEWER, OPERATOR, MANAGER, ADMINISTRATOR = "viewer", "operator", "manager", "administrator"
FARM_ROLES = [VIEWER, OPERATOR, MANAGER]
ALL = [*FARM_ROLES, ADMINISTRATOR]
CHOICES = [(role, role.capitalize()) for role in ALL]


def _each(verbs, app, models):
    return {f"{app}.{verb}_{model}" for verb in verbs.split() for model in models.split()}


FLOOR_CATALOGUE = "manufacturer materialtype filament location"
BOOKS = "spool inventorytransaction spoolevent recognisedrepeat stocktake stocktakeline hold"
PRODUCTS = "product bomline"
LEARNT = "productfile productalias"
MACHINES = "printer printerslot"
RUNS = "productionrun runitem runmaterial"
EVENTS = "runevent reason slicercorrection"
PICTURES = "picture runphoto"

VIEW = _each("view", "inventory", f"{FLOOR_CATALOGUE} {BOOKS}") | _each(
    "view", "production", f"{PRODUCTS} {LEARNT} {MACHINES} {RUNS} {EVENTS} {PICTURES}"
)
VIEW |= {"inventory.view_extrafield", "production.view_slicedfile"}
VIEW |= {"jobs.view_job", "jobs.cancel_job"}  # one's own: who reads may export
FLOOR_DATA = _each("add change", "inventory", f"{FLOOR_CATALOGUE} spool") | _each(
    "add change", "production", f"{PRODUCTS} printerslot"
)
FLOOR_DATA |= {"production.add_slicedfile", "production.delete_slicedfile"}
FLOOR_DATA |= {"production.change_productfile"}
FLOOR_DATA |= {"production.accept_actuals_product"}  # no more than changing its grams by hand
RUN_DATA = _each("add change delete", "production", RUNS) | _each(
    "record undo", "production", "productionrun"
)
RUN_DATA |= _each("add delete", "production", "runphoto")
SPOOL_VERBS = _each(
    "receive weigh use waste empty move load unload open dry relabel archive restore undo",
    "inventory",
    "spool",
)
STOCKTAKES = _each("begin record", "inventory", "stocktake")
HOLDS = {"inventory.add_hold"}
CLEAR_PRINTER = {"production.clear_printer"}
FLOOR = FLOOR_DATA | RUN_DATA | SPOOL_VERBS | STOCKTAKES | HOLDS | CLEAR_PRINTER
MANAGEMENT = (
    _each("delete", "inventory", f"{FLOOR_CATALOGUE} spool")
    | _each("delete", "production", f"{PRODUCTS} {LEARNT} printerslot")
    | _each("add change delete", "production", "printer reason printhost")
    | {"production.view_printhost"}
    | _each("add change delete", "inventory", "extrafield")
    | {"inventory.adjust_spool", "inventory.revalue_spool", "inventory.merge_spool"}
    | {"inventory.merge_filament", "inventory.override_spool"}
    | _each("reverse correct_clock", "inventory", "inventorytransaction")
    | {"inventory.overrule_recognisedrepeat"}
    | _each("post cancel undo", "inventory", "stocktake")
    | {"inventory.release_hold", "inventory.return_hold", "inventory.return_spool"}
    | _each("accept withdraw", "production", "slicercorrection")
    | {"production.delete_picture"}
    | {"production.override_productionrun", "production.undo_any_productionrun"}
    | _each("view add change", "accounts", "user devicetoken floordevice")
    | _each("view change", "accounts", "farmsettings")
    | _each("view add restore", "accounts", "backup")
    | {"accounts.view_auditevent", "jobs.view_any_job"}
)
PLATFORM = (
    _each("view add change", "tenants", "tenant")
    | _each("view add change delete", "tenants", "domain")
    | {"tenants.suspend_tenant", "tenants.view_platform", "tenants.view_farmrequest"}
)

PERMISSIONS = {
    VIEWER: frozenset(VIEW),
    OPERATOR: frozenset(VIEW | FLOOR),
    MANAGER: frozenset(VIEW | FLOOR | MANAGEMENT),
    # Of the public site only: it holds no permission that means anything in a farm.
    ADMINISTRATOR: frozenset(PLATFORM),
}


def register(role, codenames):
    """Let a role, and the farm's roles above it, do more: an app does so when it is ready."""
    for each in FARM_ROLES[FARM_ROLES.index(role) :]:
        PERMISSIONS[each] |= codenames


def permissions(role):
    """Everything a role may do; an unknown role may do nothing."""
    return PERMISSIONS.get(role, frozenset())
