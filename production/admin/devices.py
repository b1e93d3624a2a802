"""What devices report: on the first page and on those of printers; and that a spool is loaded."""

from datetime import timedelta

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from inventory.admin.repeats import repeats_by_day
from inventory.models import Spool
from inventory.services.spools import scale
from production.models import Printer, PrinterSlot, ProductionRun
from production.services.printing import active_spool, slots
from production.services.reports import devices
from production.services.transitions import TRANSITIONS
from tenants.accounts.models import SocketProcess
from tenants.operations.refusals import Refusal

DAYS = 7  # in which a weight is doubted
MAX_ROWS = 8
INDEX = "index"
TAKE_OVER = TRANSITIONS["take_over_reports"]


class LoadedForm(forms.Form):
    slot = forms.ModelChoiceField(PrinterSlot.objects.select_related("printer"))
    spool = forms.ModelChoiceField(Spool.objects.present())


class TakenOverForm(forms.Form):
    run = forms.ModelChoiceField(ProductionRun.objects.live())
    spool = forms.ModelChoiceField(Spool.objects.present())


def panel():
    """The context of the first page; a constant number of queries."""
    since = timezone.now() - timedelta(days=DAYS)
    return {
        "mismatches": devices.mismatches()[:MAX_ROWS],
        "doubtful": scale.doubtful(since)[:MAX_ROWS],
    }


def page(printer):
    """The context of a printer's page."""
    return {
        "mismatches": devices.mismatches(printer),
        "repeats": repeats_by_day(printer),
        "reported": devices.reported(printer)[:MAX_ROWS],
        "active_spool": active_spool.last_job(printer) if printer.moonraker_url else None,
    }


def with_websockets(tokens):
    """``[(token, since when its websocket is up or down, whether it is up)]``, None where that is
    not known. Two queries."""
    present = set(SocketProcess.objects.present(timezone.now()).values_list("pk", flat=True))
    return [(token, *_websocket(token, present)) for token in tokens.select_related("socket")]


def _websocket(token, present):
    socket = getattr(token, "socket", None)
    if socket is None:
        return None, False
    if socket.count == 0:
        return socket.down_at, False
    return (socket.up_since, True) if socket.process in present else (None, False)


def loaded_view(request, pk):
    """Load the spool that a printer reports, by one press."""
    form = _form(LoadedForm, request, pk, "slot", "inventory.load_spool")
    missing = _("Nothing was loaded: the slot or the spool is gone.")
    return _pressed(request, pk, form, _load, missing)


def take_over_view(request, pk):
    """Let the printer's run have what it reports of a spool that the run does not name."""
    form = _form(TakenOverForm, request, pk, "run", TAKE_OVER.codename)
    missing = _("Nothing was taken over: the run or the spool is gone.")
    return _pressed(request, pk, form, _take_over, missing)


def _form(form_class, request, pk, field, permission):
    """The form of what was pressed; its field is of the printer."""
    if not request.user.has_perm(permission):
        raise PermissionDenied
    printer = get_object_or_404(Printer, pk=pk)
    form = form_class(request.POST)
    form.fields[field].queryset = form.fields[field].queryset.filter(printer=printer)
    return form


def _pressed(request, pk, form, work, missing):
    if not form.is_valid():
        messages.error(request, missing)
    else:
        try:
            messages.success(request, work(by=request.user, **form.cleaned_data))
        except Refusal as refusal:
            messages.error(request, refusal.detail)
    if request.POST.get("from") == INDEX:
        return HttpResponseRedirect(reverse("admin:index"))
    return HttpResponseRedirect(reverse("admin:production_printer_change", args=[pk]))


def _load(*, by, slot, spool):
    slots.load(spool, slot=slot, by=by, is_reported=True)
    return _("Spool %(code)s is in %(slot)s.") % {"code": spool.code, "slot": slot}


def _take_over(*, by, run, spool):
    TAKE_OVER.call(run, spool=spool, by=by)
    return TAKE_OVER.success % {"run": run}
