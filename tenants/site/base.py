"""The ModelAdmin all others are built on.

Django's own writes a LogEntry, which refers to content types and lives in no schema of ours. Here
every change goes through ``tenants.accounts.audited`` and is told by the audit trail.
"""

import functools

from django.contrib import admin, messages
from django.contrib.admin.options import TO_FIELD_VAR
from django.contrib.admin.utils import flatten_fieldsets, unquote
from django.contrib.admin.views.main import ERROR_FLAG, PAGE_VAR
from django.core.exceptions import PermissionDenied
from django.db import models
from django.forms.models import BaseInlineFormSet, _get_foreign_key
from django.http import HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils.text import capfirst

from tenants.accounts import audited
from tenants.accounts.models import AuditEvent
from tenants.operations.operation import in_dry_run, in_transaction
from tenants.operations.refusals import Refusal
from tenants.operations.text import humanize_name
from tenants.site.exports import Exported
from tenants.site.forms import (
    INPUTS,
    SUGGESTIONS,
    ByVerb,
    Refused,
    format_figure,
    is_field,
    without_add_and_delete,
)
from tenants.web.pagination import DeferredPaginator
from tenants.web.requests import MOST_WORDS

PARTS_OF_DATES = {"year", "iso_year", "quarter", "month", "week", "week_day", "day", "date", "time"}
READING = ("GET", "HEAD", "OPTIONS")


class ReadOnlyFigures:
    """Numbers that can only be looked at are shown without trailing zeros."""

    def get_fieldsets(self, request, obj=None):
        fieldsets = super().get_fieldsets(request, obj)
        if obj is None or self.has_change_permission(request, obj):
            fixed = filter(callable, self.get_readonly_fields(request, obj))
            swap = functools.partial(self.for_viewer, only={each.__name__ for each in fixed})
        else:
            swap = self.for_viewer
        return [
            (name, {**options, "fields": [swap(each) for each in options["fields"]]})
            for name, options in fieldsets
        ]

    def for_viewer(self, name, *, only=None):
        """What shows the field, or each of a row of fields."""
        if isinstance(name, (tuple, list)):
            return tuple(self.for_viewer(each, only=only) for each in name)
        if callable(name) or only is not None and name not in only:
            return name
        field = self.opts.get_field(name) if is_field(self.opts, name) else None
        return format_figure(field) if isinstance(field, models.DecimalField) else name


class NamedCells(BaseInlineFormSet):
    """Rows whose fields are called as their column, for those who hear the page."""

    def add_fields(self, form, index):
        super().add_fields(form, index)
        for name, field in form.fields.items():
            widget = getattr(field.widget, "widget", field.widget)
            widget.attrs.setdefault("aria-label", field.label or humanize_name(name).capitalize())


class TabularInline(ReadOnlyFigures, admin.TabularInline):
    """Rows of a page, without a way to other pages in each cell."""

    formset = NamedCells
    formfield_overrides = INPUTS
    extra = 0
    show_change_link = False

    def get_formset(self, request, obj=None, **kwargs):
        if "fields" not in kwargs:
            shown = flatten_fieldsets(self.get_fieldsets(request, obj))
            kwargs["fields"] = [getattr(each, "__name__", each) for each in shown]
        formset = super().get_formset(request, obj, **kwargs)
        without_add_and_delete(formset.form, ("add", "change", "delete", "view"))
        return formset


class ModelAdmin(Exported, ReadOnlyFigures, admin.ModelAdmin):
    """Finds, calls a verb, answers: changes are made by ``records``, refusals are shown."""

    formfield_overrides = INPUTS
    show_facets = admin.ShowFacets.NEVER
    view_on_site = False
    change_list_template = "tenants/admin_list.html"
    delete_confirmation_template = "tenants/admin_delete.html"
    object_history_template = "tenants/admin_history.html"
    history_page = 100
    paginator = DeferredPaginator

    class Media:
        js = SUGGESTIONS

    def save_model(self, request, obj, form, change):
        """The verb; override to call a more telling one."""
        if not change:
            audited.create(obj, by=request.user)
            return
        columns = {field.name for field in obj._meta.concrete_fields}
        changed = [name for name in form.changed_data if name in columns]
        values = {name: form.cleaned_data[name] for name in changed}
        audited.update(obj, by=request.user, **values)

    def save_formset(self, request, form, formset, change):
        formset.save(commit=False)
        for obj in formset.deleted_objects:
            audited.delete(obj, by=request.user)
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
        """Nothing: the verb wrote its own line."""

    log_change = log_addition

    def log_deletions(self, request, queryset):
        """Nothing: the verb wrote its own line."""

    def get_form(self, request, obj=None, change=False, **kwargs):
        form = super().get_form(request, obj, change, **kwargs)
        refusal = getattr(request, "refusal", None)
        bases = (ByVerb, form) if refusal is None else (Refused, ByVerb, form)
        form = type(form)(form.__name__, bases, {"refusal": refusal})
        without_add_and_delete(form, ("change", "delete", "view"))
        return form

    def changeform_view(self, request, object_id=None, form_url="", extra_context=None):
        """Django's, in a transaction that is tried again like a verb's; a refusal is shown in the
        form, beside the field it concerns."""
        view = functools.partial(self._changeform_view, request, object_id, form_url, extra_context)
        if request.method in READING:
            return view()
        try:
            return in_transaction(view)
        except Refusal as refusal:
            request.refusal = refusal
            return view()

    def get_object(self, request, object_id, from_field=None):
        """Django's, which takes an empty name of a field for the name of one."""
        return super().get_object(request, object_id, from_field or None)

    def delete_view(self, request, object_id, extra_context=None):
        return self._or_say_why(request, super().delete_view, object_id, extra_context)

    def get_deleted_objects(self, objs, request):
        """What goes with them, and (as ``protected``) why they can't go: by the verb, taken back;
        Django looks at each row that refers to them, and names permissions."""
        try:
            in_dry_run(lambda: [audited.delete(obj, by=request.user) for obj in objs])
        except Refusal as refusal:
            return [], {}, set(), [refusal.detail]
        return [str(obj) for obj in objs], {self.opts.verbose_name_plural: len(objs)}, set(), []

    def lookup_allowed(self, lookup, value, request):
        """Django's, but no hash of a secret, which could be found out letter by letter; and a part
        of a date only as a list by date asks for it: there the figure is looked at, elsewhere the
        year 0 is a fault."""
        if audited.SECRETS & set(lookup.split("__")):
            return False
        if PARTS_OF_DATES & set(lookup.split("__")[1:]):
            parts = [f"{self.date_hierarchy}__{part}" for part in ("year", "month", "day")]
            return lookup in parts and len(value) <= 4
        return super().lookup_allowed(lookup, value, request)

    def get_search_results(self, request, queryset, search_term):
        """A search of a few words; a list that has its own way overrides ``found``."""
        if len(search_term.split()) > MOST_WORDS:
            messages.error(request, f"A search has at most {MOST_WORDS} words.")
            return queryset.none(), False
        return self.found(request, queryset, search_term)

    def found(self, request, queryset, search_term):
        return super().get_search_results(request, queryset, search_term)

    def changelist_view(self, request, extra_context=None):
        if ERROR_FLAG in request.GET and len(request.GET) > 1:  # Django's page for it is broken
            return HttpResponseRedirect(f"?{ERROR_FLAG}=1")
        titled = {
            "title": capfirst(self.opts.verbose_name_plural),
            "csv_url": self.csv_url(request),
            **(extra_context or {}),
        }
        return self._or_say_why(request, super().changelist_view, titled)

    @staticmethod
    def _or_say_why(request, view, *args):
        try:
            return view(request, *args)
        except Refusal as refusal:
            messages.error(request, refusal.detail)
            return HttpResponseRedirect(request.get_full_path())

    def history_view(self, request, object_id, extra_context=None):
        obj = self.get_object(request, unquote(object_id))
        if obj is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
        if not self.has_view_or_change_permission(request, obj):
            raise PermissionDenied
        paginator = self.get_paginator(request, self._history(obj), self.history_page)
        events = paginator.get_page(request.GET.get(PAGE_VAR, 1))
        context = {
            **self.admin_site.each_context(request),
            "title": f"History of {obj}",
            "events": events,
            "module_name": self.opts.verbose_name_plural.capitalize(),
            "object": obj,
            "opts": self.opts,
            **(extra_context or {}),
        }
        request.current_app = self.admin_site.name
        return TemplateResponse(request, self.object_history_template, context)

    def _history(self, obj):
        """What is on record of the row, and of those that its page has rows for."""
        events = AuditEvent.objects.of(obj)
        for inline in self.inlines:
            parent = _get_foreign_key(self.model, inline.model, fk_name=inline.fk_name).name
            events |= AuditEvent.objects.of_parts(obj, inline.model, parent)
        return events.latest_first()

    def _rights(self, request, obj, inlines):
        rights = ("has_add_permission", "has_change_permission", "has_delete_permission")
        return {
            "has_view_permission": self.has_view_permission(request, obj),
            "has_add_permission": self.has_add_permission(request),
            "has_change_permission": self.has_change_permission(request, obj),
            "has_delete_permission": self.has_delete_permission(request, obj),
            "has_editable_inline_admin_formsets": any(
                getattr(inline, right) for inline in inlines for right in rights
            ),
        }

    def render_change_form(self, request, context, add=False, change=False, form_url="", obj=None):
        """Django's, without the content type's id, which a farm can't ask for."""
        context |= self._rights(request, obj, context["inline_admin_formsets"])
        context |= {
            "add": add,
            "change": change,
            "has_file_field": context["adminform"].form.is_multipart(),
            "has_absolute_url": False,
            "form_url": form_url,
            "opts": self.opts,
            "save_as": self.save_as,
            "save_on_top": self.save_on_top,
            "to_field_var": TO_FIELD_VAR,
            "is_popup_var": admin.options.IS_POPUP_VAR,
            "app_label": self.opts.app_label,
        }
        if obj is not None:
            context |= {"title": str(obj), "subtitle": None}  # which it is, not what can be done
        own = self.add_form_template if add else self.change_form_template
        names = [f"admin/{self.opts.app_label}/{self.opts.model_name}/", "admin/"]
        request.current_app = self.admin_site.name
        templates = own or [f"{name}change_form.html" for name in names]
        return TemplateResponse(request, templates, context)
