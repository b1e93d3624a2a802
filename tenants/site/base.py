"""The ModelAdmin and the inline that all others are built on."""

from django.contrib import admin, messages
from django.contrib.admin.options import IS_POPUP_VAR, TO_FIELD_VAR
from django.contrib.admin.utils import flatten_fieldsets
from django.contrib.admin.views.main import ERROR_FLAG
from django.forms.models import BaseInlineFormSet
from django.http import HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from tenants.accounts import audited
from tenants.operations.text import humanize_name
from tenants.site.audited import AuditedAdmin
from tenants.site.exports import CsvExport
from tenants.site.figures import ReadOnlyFigures
from tenants.site.forms import INPUTS, SUGGESTIONS, without_add_and_delete
from tenants.site.refusals import RefusalErrors
from tenants.web.pagination import DeferredPaginator
from tenants.web.requests import MOST_WORDS

PARTS_OF_DATES = {"year", "iso_year", "quarter", "month", "week", "week_day", "day", "date", "time"}
RIGHTS = ("view", "add", "change", "delete")


class LabelledCells(BaseInlineFormSet):
    """Labels each field of a row by its column for screen readers."""

    def add_fields(self, form, index):
        super().add_fields(form, index)
        for name, field in form.fields.items():
            widget = getattr(field.widget, "widget", field.widget)
            widget.attrs.setdefault("aria-label", field.label or humanize_name(name).capitalize())


class TabularInline(ReadOnlyFigures, admin.TabularInline):
    """Rows without links to other pages in each cell."""

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
            shown = flatten_fieldsets(self.get_fieldsets(request, obj))
            kwargs["fields"] = [getattr(each, "__name__", each) for each in shown]
        formset = super().get_formset(request, obj, **kwargs)
        without_add_and_delete(formset.form, ("add", "change", "delete", "view"))
        return formset


class StrictLookups(admin.ModelAdmin):
    """Rejects filters and searches that leak secrets or fail in the database."""

    def get_object(self, request, object_id, from_field=None):
        """Django's, which takes an empty name of a field for the name of one."""
        return super().get_object(request, object_id, from_field or None)

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
        if len(search_term.split()) > MOST_WORDS:
            text = _("A search has at most %(count)d words.") % {"count": MOST_WORDS}
            messages.error(request, text)
            return queryset.none(), False
        return self.search(request, queryset, search_term)

    def search(self, request, queryset, search_term):
        return super().get_search_results(request, queryset, search_term)


class ModelAdmin(CsvExport, ReadOnlyFigures, StrictLookups, RefusalErrors, AuditedAdmin):
    """Looks up, calls a service, responds."""

    formfield_overrides = INPUTS
    show_facets = admin.ShowFacets.NEVER
    view_on_site = False
    change_list_template = "tenants/admin_list.html"
    delete_confirmation_template = "tenants/admin_delete.html"
    paginator = DeferredPaginator

    class Media:
        js = SUGGESTIONS

    def changelist_view(self, request, extra_context=None):
        if ERROR_FLAG in request.GET and len(request.GET) > 1:  # Django's page for it is broken
            return HttpResponseRedirect(f"?{ERROR_FLAG}=1")
        title = capfirst(self.opts.verbose_name_plural)
        context = {"title": title, "csv_url": self.csv_url(request), **(extra_context or {})}
        return super().changelist_view(request, context)

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
