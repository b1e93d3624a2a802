"""What was found by words, for a page of the floor or, asked from there, of the admin."""

from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext as _

from inventory import codes
from production.models import ProductionRun

FLOOR_PAGES = {
    "spool": "floor-spool",
    "run": "floor-run",
    "printer": "floor-printer",
    "sliced_file": "floor-sliced-file",
}
ADMIN_MODELS = {
    "spool": "inventory_spool",
    "run": "production_productionrun",
    "printer": "production_printer",
    "product": "production_product",
    "filament": "inventory_filament",
    "sliced_file": "production_slicedfile",
    "user": "accounts_user",
}
ADMIN_LISTS = ADMIN_MODELS | {"order": "production_productionrun", "lot": "inventory_spool"}
STATUSES = dict(ProductionRun.Status.choices)


def titles():
    return {
        "spool": _("Spools"),
        "run": _("Runs"),
        "order": _("Orders"),
        "printer": _("Printers"),
        "product": _("Products"),
        "filament": _("Filaments"),
        "lot": _("Lots"),
        "sliced_file": _("Sliced files"),
        "user": _("People"),
    }


def displayed(found, text, *, user, is_admin):
    """A dict for each FoundKind: its title, its rows with their addresses, and for those who may
    open the admin the address of the list with all of them. ``is_admin``: rather its pages."""
    return [
        {
            "kind": each.kind,
            "title": titles()[each.kind],
            "rows": [_row(row, text, user=user, is_admin=is_admin) for row in each.rows],
            "has_more": each.has_more,
            "total": each.total,
            "list": _list(each.kind, text) if user.is_staff else "",
        }
        for each in found
    ]


def _row(row, text, *, user, is_admin):
    return {
        "name": codes.spelled(row.row.code) if row.kind == "spool" else row.name,
        "row": row.row,
        "address": _address(row, text, user=user, is_admin=is_admin),
        "status": STATUSES.get(row.status, ""),
        "details": [*row.products[:3], *row.orders[:3]],
        "is_in_use": row.is_in_use,
    }


def _address(row, text, *, user, is_admin):
    """Where it has no page of its own, what has its name is found; "" where that is asked."""
    if not is_admin and row.kind in FLOOR_PAGES:
        return reverse(FLOOR_PAGES[row.kind], args=[row.id])
    if user.is_staff and row.kind in ADMIN_MODELS:
        return reverse(f"admin:{ADMIN_MODELS[row.kind]}_change", args=[row.id])
    if is_admin:
        return _list(row.kind, row.name)
    if row.kind not in ("order", "lot", "product") or row.name.upper() == text.upper():
        return ""
    return f"{reverse('floor-find')}?{urlencode({'code': row.name})}"


def _list(kind, text):
    query = {"q": text} | ({"shelf": "all"} if kind in ("spool", "lot") else {})
    return f"{reverse(f'admin:{ADMIN_LISTS[kind]}_changelist')}?{urlencode(query)}"
