"""Changes of spools, and reports of what was used of them."""

from functools import partial

from inventory.services import bridges, extra_values, locations, metering, receiving
from inventory.services.doubles import SpoolMerged
from inventory.services.spools import retyping, shelf, stating, tag_values, tags, unbound_tags
from production.spoolman import answers, bodies, rows, shapes
from production.spoolman.answers import Failure
from production.spoolman.changes import DELETED, is_gone_not_found, without_nulls
from tenants.live.announcing import USED, announce
from tenants.operations.operation import in_transaction
from tenants.web.requests import received_at

COLUMNS = {
    "first_used": "first_used_at",
    "last_used": "last_used_at",
    "initial_weight": "initial_grams",
    "remaining_weight": "remaining_grams",
    "used_weight": "used_grams",
    "spool_weight": "tare_grams",
    "lot_nr": "lot_number",
    "archived": "is_archived",
}
DESCRIBED = ("first_used", "last_used", "price", "spool_weight", "location", "lot_nr", "comment")
TEXTS = {"lot_nr", "comment"}
WEIGHTS = ("initial_weight", "remaining_weight", "used_weight")
ONE_WEIGHT = "Only specify either remaining_weight or used_weight."
NOT_CREATED = "Failed to create spool, see server logs for more information."
NOT_UPDATED = "Failed to update spool, see server logs for more information."
ONE_AMOUNT = "Only specify either use_weight or use_length."
NO_AMOUNT = "Either use_weight or use_length must be specified."
PRINTER_NAME_LENGTH = 100
UNBOUND_TAG = (
    "Tag %(uid)s is on no spool. Sealed spools of %(filament)s without a tag: %(numbers)s. Say on "
    "the floor which one it is, or let the token make spools."
)
NO_INITIAL, NO_SPOOL = "Initial weight is not set.", "Spool not found."


def create(call):
    given = bodies.read(bodies.NEW_SPOOL, call.body)
    _require_one_weight(given)
    extra_values.check("spool", given.get("extra") or {})
    fields = {name: value for name, value in _columns(given, call).items() if value is not None}
    fields["filament"] = rows.target_filament(fields.pop("filament_id"))
    fields["extra"] = extra_values.merged({}, fields.get("extra", {}))
    receive = receiving.receive_stated
    if uids := tag_values.uids_in(fields["extra"]):
        if not unbound_tags.makes_spools(call.client.token):
            return _tagged(uids, fields, call)
        receive = partial(receiving.receive_tagged, uids)
    try:
        made = receive(by=call.client.user, note=note_of(call), **fields)
    except stating.InitialUnknown as refusal:
        raise Failure(400, NOT_CREATED) from refusal
    made.refresh_from_db(fields=["number"])
    return rows.spool_shape(made.number)


def _tagged(uids, fields, call):
    """The spool that a tag is on; where it is on none it is noted, as people say which it is."""
    extra, filament, client = fields["extra"], fields["filament"], call.client
    tags.lock(uids)
    if spool := tags.found(uids):
        tags.describe(spool, by=client.user, extra=extra)
        return rows.spool_shape(spool.number)
    uid = uids[0]
    unbound_tags.note(uid, filament=filament, extra=extra, token=client.token)
    offered = unbound_tags.candidates([filament]).get(filament.pk, [])
    numbers = ", ".join(str(spool.number) for spool in offered) or "none"
    text = UNBOUND_TAG % {"uid": uid, "filament": filament, "numbers": numbers}
    return answers.of_failure(Failure(403, text), call.request)  # what was noted stays


def update(call):
    given = bodies.read(bodies.SPOOL, call.body, is_partial=True)
    _require_rights(call.client, given)
    _require_one_weight(given)
    number = call.number("spool_id")
    rows.spool_shape(number)  # it is there, whatever is wrong with the values
    extra = given.get("extra") or {}
    extra_values.check("spool", extra)
    tags.lock(tag_values.uids_in(extra))
    try:
        changed = _do_to_target(number, lambda spool: _change(call, spool, given))
    except stating.InitialUnknown as refusal:
        raise Failure(400, NOT_UPDATED) from refusal
    return rows.spool_shape(changed)


def delete(call):
    number = call.number("spool_id")
    try:
        with is_gone_not_found("spool", number):
            shelf.remove(rows.spool(number), by=call.client.user)
    except (shelf.SpoolClaimed, shelf.SpoolLoaded) as refusal:
        raise Failure(403, str(refusal.detail)) from refusal
    return DELETED


def measure(call):
    weight = bodies.read(bodies.MEASURE, call.body)["weight"]
    how = {"by": call.client.user, "note": note_of(call), "gross_grams": max(weight, 0)}
    try:
        number = call.number("spool_id")
        weighed = _do_to_target(number, lambda spool: stating.measure(spool, **how))
    except stating.InitialUnknown as refusal:
        raise Failure(400, NO_INITIAL) from refusal
    except Failure as failure:
        raise Failure(400, NO_SPOOL) from failure
    return rows.spool_shape(weighed)


def use(call):
    """What a device used goes to its meter."""
    amount, number = _amount(bodies.read(bodies.USE, call.body)), call.number("spool_id")
    client = call.client
    how = {
        "answer": rows.spool_columns,
        "printer_name": _printer_name(call.request),
        "agent": call.request.headers.get("User-Agent", ""),
        "received_at": received_at(call.request),
    }
    report = partial(metering.use, by=client.user, token=client.token, **amount, **how)
    try:
        found = report(number)
    except metering.NoSuchSpool:
        found = _used_of_target(number, report)
    announce("spool", USED, number=found[0])
    return shapes.spool(found)


def _used_of_target(number, report):
    """Of a spool that was not found by its number: it is a double, or just was or became one."""

    def attempt(target):
        try:
            return report(target)
        except metering.NoSuchSpool:
            return None

    rows.wait_for_merge(number)
    return rows.of_target(number, attempt)


def note_of(call):
    """The note of entries of the ledger: the name of the token."""
    return call.client.token.name if call.client.token else ""


def _do_to_target(number, work):
    """``work(spool)`` of the spool that the one of this number is; returns its number. Raises
    Failure."""

    def attempt(target):
        spool = rows.present_spool(target)
        if spool is None:
            return None
        try:
            in_transaction(lambda: work(spool))
        except (shelf.SpoolRemoved, SpoolMerged):
            return None
        return target

    with is_gone_not_found("spool", number):
        return rows.of_target(number, attempt)


def _change(call, spool, given):
    by = call.client.user
    if "filament_id" in given:
        retyping.retype(spool, filament=rows.target_filament(given["filament_id"]), by=by)
    _change_weights(call, spool, given)
    named = {name: given[name] for name in (*DESCRIBED, "extra") if name in given}
    if described := _columns(named, call):
        tags.describe(spool, by=by, **described)
    if "archived" in given and given["archived"] != (spool.archived_at is not None):
        if given["archived"]:
            shelf.archive(spool, by=by, discard=False)
        else:
            shelf.restore(spool, by=by)


def _change_weights(call, spool, given):
    by, token, note = call.client.user, call.client.token, note_of(call)
    if "initial_weight" in given:
        stating.set_initial(spool, grams=given["initial_weight"], by=by, note=note)
    verbs, how = stating, {"by": by, "note": note}
    if bridges.states(token):
        verbs, how = bridges, {"by": by, "token": token}
    if given.get("remaining_weight") is not None:
        verbs.set_remaining(spool, grams=given["remaining_weight"], **how)
    elif "used_weight" in given:
        verbs.set_used(spool, grams=given["used_weight"], **how)


def _require_rights(client, given):
    """What a PATCH takes beyond changing a spool. Raises Failure."""
    if any(name in given for name in WEIGHTS):
        client.require("inventory.weigh_spool")
    if "archived" in given:
        client.require("inventory.archive_spool")


def _require_one_weight(given):
    if given.get("remaining_weight") is not None and given.get("used_weight") is not None:
        raise Failure(400, ONE_WEIGHT)


def _amount(given):
    weight, length = given.get("use_weight"), given.get("use_length")
    if weight is not None and length is not None:
        raise Failure(400, ONE_AMOUNT)
    if weight is None and length is None:
        raise Failure(400, NO_AMOUNT)
    return {"length_mm": length} if weight is None else {"grams": weight}


def _printer_name(request):
    name = request.headers.get("X-Printer-Name", "").strip()
    return name[:PRINTER_NAME_LENGTH] if name.isprintable() else ""


def _columns(given, call):
    """The values by our own names, the location as a row."""
    given = without_nulls(given, TEXTS)
    if "location" in given:
        name = given["location"]
        given["location"] = locations.named(name, by=call.client.user) if name else None
    return {COLUMNS.get(name, name): value for name, value in given.items()}
