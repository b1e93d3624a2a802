"""Scopes of tokens, as data: a token may do what its person's role and its scope both include."""

from django.utils.translation import gettext_lazy as _

from tenants.accounts import roles

ALL, FLOOR, READ, PRINTER, PRINTER_READ = "all", "floor", "read", "printer", "printer_read"
CHOICES = [
    (READ, _("Read: what a viewer may")),
    (FLOOR, _("Floor: what an operator may")),
    (ALL, _("All: what its person may, people and settings included")),
    (PRINTER, _("Printer: the addresses for printers only")),
    (PRINTER_READ, _("Printer, reading only")),
]
HELP = _(
    "The least that is enough. With “all”, whoever steals the token can change people and settings."
)
# What the scopes of printers include, at the addresses of printers alone.
OF_PRINTERS = {
    PRINTER_READ: frozenset({"inventory.view_spool"}),
    PRINTER: frozenset(
        [
            *(f"inventory.{verb}_spool" for verb in ("view", "use", "weigh", "receive")),
            *(f"inventory.{verb}_spool" for verb in ("change", "archive")),
            *(f"inventory.{verb}_filament" for verb in ("add", "change", "delete")),
            *(f"inventory.{verb}_manufacturer" for verb in ("add", "change", "delete")),
            "accounts.change_farmsettings",
            # At the address that slicers send files to.
            "production.add_slicedfile",
            "production.start_productionrun",
        ]
    ),
}
# The role whose permissions a scope includes; None: those of any role. One includes those before
# it. The scopes of printers are in none of them: they are for addresses of their own.
WIDENING = {READ: roles.VIEWER, FLOOR: roles.OPERATOR, ALL: None}


def limited(permissions, scope):
    """The permissions that a scope includes."""
    if scope == ALL:
        return permissions
    return permissions & roles.permissions(WIDENING.get(scope))


def limited_to_printers(permissions, scope):
    """The permissions that a scope includes at the addresses of printers."""
    return permissions & OF_PRINTERS.get(scope, frozenset())


def needed_for(permission):
    """The narrowest scope that includes a permission."""
    return next(scope for scope in WIDENING if permission in limited({permission}, scope))


def includes(scope, other):
    """Whether a scope includes all of another."""
    order = list(WIDENING)
    return scope in order and order.index(scope) >= order.index(other)
