"""The page of the admin that adds several printers of a kind."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from production.forms.printers import AddSeveralForm
from production.models import Printer
from production.services.printing import adding
from tenants.operations.refusals import Refusal
from tenants.site.forms import with_suggestions
from tenants.site.messages import some_of


class SeveralPrinters:
    """Adds the page, and its buttons on the list and on the page of a printer."""

    change_list_template = "production/admin_printers.html"

    def get_urls(self):
        view = self.admin_site.admin_view(self.add_several_view)
        like = "<int:pk>/add-several/"
        return [
            path("add-several/", view, name="production_printer_add_several"),
            path(like, view, name="production_printer_add_several_like"),
            *super().get_urls(),
        ]

    def add_several_view(self, request, pk=None):
        if not self.has_add_permission(request):
            raise PermissionDenied
        like = None if pk is None else get_object_or_404(Printer, pk=pk)
        form = AddSeveralForm(request.POST or None, subject=like, by=request.user)
        with_suggestions(form, self.admin_site)
        if request.method == "POST" and form.is_valid() and self._add_several(request, form):
            return HttpResponseRedirect(reverse("admin:production_printer_changelist"), status=303)
        context = {
            **self.admin_site.each_context(request),
            "title": _("Add several printers"),
            "opts": self.opts,
            "form": form,
            "like": like,
        }
        return TemplateResponse(request, "production/admin_printers_add.html", context)

    def _add_several(self, request, form):
        """Whether they were added; else the form has the errors."""
        try:
            added = adding.add_many(by=request.user, **form.service_kwargs())
        except Refusal as refusal:
            form.add_refusal(refusal)
            return False
        names = some_of([printer.name for printer in added])
        text = ngettext(
            "%(count)s printer added: %(names)s.",
            "%(count)s printers added: %(names)s.",
            len(added),
        )
        messages.success(request, text % {"count": len(added), "names": names})
        return True
