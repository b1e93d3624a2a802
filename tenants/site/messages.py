"""Messages of the admin."""

from contextlib import contextmanager

from django.contrib import messages
from django.utils.translation import gettext as _

from tenants.operations import side_effects

MAX_NAMED = 12


@contextmanager
def report_side_effects(request):
    """Adds one message about the side effects that services report in the block."""
    with side_effects.collected() as changed:
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


def some_of(names, *, most=5):
    """The first of the names as a text, and how many more there are."""
    text = ", ".join(names[:most])
    if len(names) <= most:
        return text
    return _("%(names)s and %(count)s more") % {"names": text, "count": len(names) - most}
