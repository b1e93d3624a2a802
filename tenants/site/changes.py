"""Messages of the admin that tell what else a change changed."""

from contextlib import contextmanager

from django.contrib import messages
from django.utils.translation import gettext as _

from tenants.operations import changes

MAX_NAMED = 12


@contextmanager
def announced(request):
    """Tell what is reported in the block in one message."""
    with changes.collected() as changed:
        yield
    if not changed:
        return
    text = _("Changed with it: %(changes)s.")
    if len(changed) > MAX_NAMED:
        text = _("Changed with it: %(changes)s; and %(more)d more.")
    figures = {
        "changes": "; ".join(map(str, changed[:MAX_NAMED])),
        "more": len(changed) - MAX_NAMED,
    }
    messages.info(request, text % figures)
