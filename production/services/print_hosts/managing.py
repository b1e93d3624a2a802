"""Where a printer takes files, as a manager enters it. What is sent as the key is shown to nobody:
it goes to the address that it was entered for, and to no other."""

from django.utils.translation import gettext as _

from production.models import PrintHost
from tenants.accounts import audited
from tenants.operations.operation import operation
from tenants.operations.refusals import Invalid

PLACE = ("kind", "url")


@operation("print_host.enter")
def create(model=PrintHost, /, *, by, **fields):
    """Let the files of a printer's slicer be passed on. Raises Invalid, Duplicate."""
    host = model if isinstance(model, PrintHost) else model(**fields)
    _check(host, fields)
    return audited.create(host, by=by, **fields)


@operation("print_host.change")
def update(host, /, *, by, **fields):
    """Without a ``secret`` that of before stays, unless it would be sent to another address.

    Raises Invalid, Duplicate.
    """
    host = PrintHost.objects.select_for_update(no_key=True).get(pk=host.pk)
    moves = any(name in fields and fields[name] != getattr(host, name) for name in PLACE)
    if moves and host.secret and "secret" not in fields:
        detail = _("Enter the key or password again: it was entered for another address.")
        raise Invalid.of("secret", detail)
    _check(host, fields)
    return audited.update(host, by=by, **fields)


@operation("print_host.remove")
def delete(host, /, *, by):
    """Pass nothing on any more."""
    return audited.delete(host, by=by)


def _check(host, fields):
    given = {name: fields.get(name, getattr(host, name)) for name in ("kind", "username")}
    if given["username"] and given["kind"] != PrintHost.Kind.PRUSALINK:
        raise Invalid.of("username", _("Only PrusaLink has a user: the others take a key."))
