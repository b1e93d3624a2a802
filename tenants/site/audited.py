"""Changes in the admin through `tenants.accounts.audited`, and their history."""

from django.contrib.admin.options import ModelAdmin
from django.contrib.admin.utils import unquote
from django.contrib.admin.views.main import PAGE_VAR
from django.core.exceptions import PermissionDenied
from django.forms.models import _get_foreign_key
from django.template.response import TemplateResponse

from tenants.accounts import audited
from tenants.accounts.models import AuditEvent
from tenants.operations.operation import in_dry_run
from tenants.operations.refusals import Refusal


class AuditedAdmin(ModelAdmin):
    """Saves and deletes with an AuditEvent.

    Django's LogEntry refers to content types, which the schema of a farm has none of.
    """

    object_history_template = "tenants/admin_history.html"
    history_page = 100

    def save_model(self, request, obj, form, change):
        """Override to call a more specific service."""
        if not change:
            audited.create(obj, by=request.user)
            return
        columns = {field.name for field in obj._meta.concrete_fields}
        changed = [name for name in form.changed_data if name in columns]
        values = {name: form.cleaned_data[name] for name in changed}
        audited.update(obj, by=request.user, **values)

    def save_formset(self, request, form, formset, change):
        formset.save(commit=False)
        self.delete_queryset(request, formset.deleted_objects)
        for obj, names in formset.changed_objects:
            values = {name: getattr(obj, name) for name in names}
            audited.update(obj, by=request.user, **values)
        for obj in formset.new_objects:
            audited.create(obj, by=request.user)

    def delete_model(self, request, obj):
        audited.delete(obj, by=request.user)

    def delete_queryset(self, request, queryset):
        for obj in queryset:
            audited.delete(obj, by=request.user)

    def log_addition(self, request, obj, message):
        """Nothing: the service has recorded it."""

    log_change = log_addition

    def log_deletions(self, request, queryset):
        """Nothing: the service has recorded it."""

    def get_deleted_objects(self, objs, request):
        """The rows, or why they can't be deleted (as ``protected``), by a dry run."""
        try:
            in_dry_run(lambda: [audited.delete(obj, by=request.user) for obj in objs])
        except Refusal as refusal:
            return [], {}, set(), [refusal.detail]
        return [str(obj) for obj in objs], {self.opts.verbose_name_plural: len(objs)}, set(), []

    def history_view(self, request, object_id, extra_context=None):
        obj = self.get_object(request, unquote(object_id))
        if obj is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
        if not self.has_view_or_change_permission(request, obj):
            raise PermissionDenied
        paginator = self.get_paginator(request, self._history(obj), self.history_page)
        context = {
            **self.admin_site.each_context(request),
            "title": f"History of {obj}",
            "events": paginator.get_page(request.GET.get(PAGE_VAR, 1)),
            "module_name": self.opts.verbose_name_plural.capitalize(),
            "object": obj,
            "opts": self.opts,
            **(extra_context or {}),
        }
        request.current_app = self.admin_site.name
        return TemplateResponse(request, self.object_history_template, context)

    def _history(self, obj):
        """The events of the row and of its inlines."""
        events = AuditEvent.objects.of(obj)
        for inline in self.inlines:
            parent = _get_foreign_key(self.model, inline.model, fk_name=inline.fk_name).name
            events |= AuditEvent.objects.of_parts(obj, inline.model, parent)
        return events.latest_first()
