"""Base classes of ModelAdmins and inlines."""

import functools

from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.options import IS_POPUP_VAR, TO_FIELD_VAR
from django.contrib.admin.utils import flatten_fieldsets, unquote
from django.contrib.admin.views.main import ERROR_FLAG, PAGE_VAR
from django.core.exceptions import PermissionDenied
from django.db import models
from django.forms.models import BaseInlineFormSet, _get_foreign_key
from django.http import HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from tenants.accounts import audited
from tenants.accounts.models import AuditEvent
from tenants.operations.operation import in_dry_run, in_transaction
from tenants.operations.refusals import Refusal
from tenants.operations.searching import TooManyWords, words_in
from tenants.operations.text import humanize_name
from tenants.site.exports import CsvExport
from tenants.site.forms import (
    INPUTS,
    SUGGESTIONS,
    Autocomplete,
    RefusedForm,
    ServiceForm,
    may_be,
    without_add_and_delete,
)
from tenants.site.messages import report_side_effects
from tenants.web.pagination import DeferredPaginator

PARTS_OF_DATES = {"year", "iso_year", "quarter", "month", "week", "week_day", "day", "date", "time"}
RIGHTS = ("view", "add", "change", "delete")
SAFE_METHODS = ("GET", "HEAD", "OPTIONS")


class ReadOnlyFigures:
    """Formats the decimals that the user may view but not change."""

    def get_fieldsets(self, request, obj=None):
        fieldsets = super().get_fieldsets(request, obj)
        only = None
        if obj is None or self.has_change_permission(request, obj):
            fixed = filter(callable, self.get_readonly_fields(request, obj))
            only = {each.__name__ for each in fixed}
        return [
            (title, {**options, "fields": self.for_viewer(options["fields"], only=only)})
            for title, options in fieldsets
        ]

    def for_viewer(self, name, *, only=None):
        """The display function of a decimal field, or of each of several fields."""
        if isinstance(name, (tuple, list)):
            return type(name)(self.for_viewer(each, only=only) for each in name)
        if callable(name) or only is not None and name not in only:
            return name
        fields = {field.name: field for field in self.opts.concrete_fields}
        is_decimal = isinstance(fields.get(name), models.DecimalField)
        return format_figure(fields[name]) if is_decimal else name


@functools.cache
def format_figure(field):
    """A display function for the field, the same one for each call."""

    @admin.display(description=field.verbose_name)
    def figure(obj):
        value = getattr(obj, field.attname)
        return "–" if value is None else f"{value.normalize():f}"

    figure.__name__ = field.name
    return figure


class LabelledCells(BaseInlineFormSet):
    """Labels each field of a row by its column for screen readers."""

    def add_fields(self, form, index):
        super().add_fields(form, index)
        for name, field in form.fields.items():
            widget = getattr(field.widget, "widget", field.widget)
            widget.attrs.setdefault("aria-label", field.label or humanize_name(name).capitalize())


class Suggesting:
    """Has autocompletes that take any value."""

    def formfield_for_foreignkey(self, db_field, request, **kwargs):
        if db_field.name in self.get_autocomplete_fields(request):
            kwargs.setdefault("widget", Autocomplete(db_field, self.admin_site))
        return super().formfield_for_foreignkey(db_field, request, **kwargs)


class TabularInline(Suggesting, ReadOnlyFigures, admin.TabularInline):
    formset = LabelledCells
    formfield_overrides = INPUTS
    extra = 0
    show_change_link = False
    select_related = ()
    foreign_key_rows = {}  # by field, a function that returns the queryset of its choices

    def get_queryset(self, request):
        rows = super().get_queryset(request)
        return rows.select_related(*self.select_related) if self.select_related else rows

    def formfield_for_foreignkey(self, db_field, request, **kwargs):
        if rows := self.foreign_key_rows.get(db_field.name):
            kwargs["queryset"] = rows()
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def get_formset(self, request, obj=None, **kwargs):
        if "fields" not in kwargs:
            names = flatten_fieldsets(self.get_fieldsets(request, obj))
            kwargs["fields"] = [getattr(each, "__name__", each) for each in names]
        formset = super().get_formset(request, obj, **kwargs)
        without_add_and_delete(formset.form, ("add", "change", "delete", "view"))
        return formset


class ModelAdmin(Suggesting, CsvExport, ReadOnlyFigures, admin.ModelAdmin):
    """Saves and deletes by services, with an AuditEvent, and shows their refusals.

    Django's LogEntry refers to content types, which the schema of a farm has none of. ``records``
    has the services; ``when_empty`` is shown in the place of rows where there are none.
    """

    records = audited
    when_empty = ""  # what goes into the list

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

    # -- lists ---------------------------------------------------------------------------------

    def changelist_view(self, request, extra_context=None):
        if ERROR_FLAG in request.GET and len(request.GET) > 1:  # Django's page for it is broken
            return HttpResponseRedirect(f"?{ERROR_FLAG}=1")
        title = capfirst(self.opts.verbose_name_plural)
        urls = {"csv_url": self.csv_url(request), "xlsx_url": self.xlsx_url(request)}
        context = {"title": title, **urls, **(extra_context or {})}
        answer = self._redirect_if_refused(request, super().changelist_view, context)
        if getattr(request, "search_refused", False):
            answer.status_code = 400
        return answer

    def response_action(self, request, queryset):
        """Nothing is done where what was selected is no row: Django fails at it."""
        selected = request.POST.getlist(ACTION_CHECKBOX_NAME)
        if all(may_be(self.opts.pk, each) for each in selected):
            return super().response_action(request, queryset)
        self.message_user(request, _("Nothing was done: select the rows again."), messages.ERROR)
        return None

    def lookup_allowed(self, lookup, value, request):
        """No hash of a secret, which could be guessed letter by letter; parts of a date only as
        the date hierarchy uses them, which checks the figure: elsewhere the year 0 fails."""
        if audited.SECRETS & set(lookup.split("__")):
            return False
        if PARTS_OF_DATES & set(lookup.split("__")[1:]):
            parts = [f"{self.date_hierarchy}__{part}" for part in ("year", "month", "day")]
            return lookup in parts and len(value) <= 4
        return super().lookup_allowed(lookup, value, request)

    def get_search_results(self, request, queryset, search_term):
        """Limits the number of words; override ``search`` to search in another way."""
        try:
            words = words_in(search_term, field="q")
        except TooManyWords as refusal:
            messages.error(request, refusal.detail)
            request.search_refused = True
            return queryset.none(), False
        return self.search(request, queryset, " ".join(words))

    def search(self, request, queryset, search_term):
        """As the API: by ``matching`` where the rows have it, else by the ``search_fields``."""
        if not hasattr(queryset, "matching"):
            return super().get_search_results(request, queryset, search_term)
        for word in search_term.split():
            queryset = queryset.matching(word)
        return queryset, False

    # -- one row -------------------------------------------------------------------------------

    def get_object(self, request, object_id, from_field=None):
        """Django's, which takes an empty name of a field for the name of one."""
        return super().get_object(request, object_id, from_field or None)

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
            return in_transaction(lambda: self._announced(request, view))
        except Refusal as refusal:
            request.refusal = refusal
            return view()

    @staticmethod
    def _announced(request, view):
        with report_side_effects(request):
            return view()

    def delete_view(self, request, object_id, extra_context=None):
        return self._redirect_if_refused(request, super().delete_view, object_id, extra_context)

    @staticmethod
    def _redirect_if_refused(request, view, *args):
        try:
            return view(request, *args)
        except Refusal as refusal:
            messages.error(request, refusal.detail)
            return HttpResponseRedirect(request.get_full_path())

    def render_change_form(self, request, context, add=False, change=False, form_url="", obj=None):
        """Django's, which queries a content type: there is none in the schema of a farm, and no
        hook to leave it out."""
        inlines = context["inline_admin_formsets"]
        rights = [f"has_{right}_permission" for right in RIGHTS]
        context |= {name: getattr(self, name)(request, obj) for name in rights if "add" not in name}
        context |= {
            "has_add_permission": self.has_add_permission(request),
            "has_editable_inline_admin_formsets": any(
                getattr(inline, name) for inline in inlines for name in rights[1:]
            ),
            **{"add": add, "change": change, "form_url": form_url, "opts": self.opts},
            "has_file_field": context["adminform"].form.is_multipart(),
            "has_absolute_url": False,
            **{"save_as": self.save_as, "save_on_top": self.save_on_top},
            **{"to_field_var": TO_FIELD_VAR, "is_popup_var": IS_POPUP_VAR},
            "app_label": self.opts.app_label,
        }
        if obj is not None:
            context |= {"title": str(obj), "subtitle": None}
        own = self.add_form_template if add else self.change_form_template
        request.current_app = self.admin_site.name
        return TemplateResponse(request, own or "admin/change_form.html", context)

    # -- saving --------------------------------------------------------------------------------

    def save_model(self, request, obj, form, change):
        """Override to call a more specific service."""
        if change:
            self.records.update(obj, by=request.user, **self.changed_values(form))
        else:
            self.records.create(obj, by=request.user, **self.more_values(form))

    def changed_values(self, form):
        columns = {field.name for field in self.opts.concrete_fields}
        changed = [name for name in form.changed_data if name in columns]
        return {name: form.cleaned_data[name] for name in changed} | self.more_values(form)

    def more_values(self, form):
        """Values of the row that are of no field of the model's form."""
        return {}

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

    def log_addition(self, *args):
        """Nothing: the service has recorded it."""

    log_change = log_deletions = log_addition

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
            "title": _("History of %(object)s") % {"object": obj},
            "events": paginator.get_page(request.GET.get(PAGE_VAR, 1)),
            "module_name": self.opts.verbose_name_plural.capitalize(),
            "object": obj,
            "opts": self.opts,
            **(extra_context or {}),
        }
        request.current_app = self.admin_site.name
        return TemplateResponse(request, self.object_history_template, context)

    def _history(self, obj):
        events = AuditEvent.objects.of(obj)
        for inline in self.inlines:
            parent = _get_foreign_key(self.model, inline.model, fk_name=inline.fk_name).name
            events |= AuditEvent.objects.of_parts(obj, inline.model, parent)
        return events.latest_first()
