"""Refusals of services in the admin: beside the field on a form, else as a message."""

import functools

from django.contrib import messages
from django.contrib.admin.options import ModelAdmin
from django.http import HttpResponseRedirect

from tenants.operations.operation import in_transaction
from tenants.operations.refusals import Refusal
from tenants.site.forms import RefusedForm, ServiceForm, without_add_and_delete

SAFE_METHODS = ("GET", "HEAD", "OPTIONS")


class RefusalErrors(ModelAdmin):
    """Saves in a transaction that is retried like a service's, and shows its refusals."""

    def get_form(self, request, obj=None, change=False, **kwargs):
        form = super().get_form(request, obj, change, **kwargs)
        refusal = getattr(request, "refusal", None)
        bases = (ServiceForm, form) if refusal is None else (RefusedForm, ServiceForm, form)
        form = type(form)(form.__name__, bases, {"refusal": refusal})
        without_add_and_delete(form, ("change", "delete", "view"))
        return form

    def changeform_view(self, request, object_id=None, form_url="", extra_context=None):
        view = functools.partial(self._changeform_view, request, object_id, form_url, extra_context)
        if request.method in SAFE_METHODS:
            return view()
        try:
            return in_transaction(view)
        except Refusal as refusal:
            request.refusal = refusal
            return view()

    def delete_view(self, request, object_id, extra_context=None):
        return self._redirect_if_refused(request, super().delete_view, object_id, extra_context)

    def changelist_view(self, request, extra_context=None):
        return self._redirect_if_refused(request, super().changelist_view, extra_context)

    @staticmethod
    def _redirect_if_refused(request, view, *args):
        try:
            return view(request, *args)
        except Refusal as refusal:
            messages.error(request, refusal.detail)
            return HttpResponseRedirect(request.get_full_path())
