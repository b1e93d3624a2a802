"""The farm's own fields, and their values in the forms of the rows that have them."""

from django.contrib import admin
from django.contrib.admin.utils import flatten_fieldsets, unquote
from django.utils.translation import gettext as _

from inventory.forms.extra_fields import ExtraFieldForm, RenameForm
from inventory.forms.extra_values import PREFIX, changes, given, value_field
from inventory.models import ExtraField
from inventory.services import extra_fields, extra_values
from tenants.site.base import ModelAdmin
from tenants.site.filters import field_filter
from tenants.site.site import farm_site
from tenants.site.verbs import VerbAction, VerbPages

FIXED = ["entity", "key", "field_type", "multi_choice"]


def _has_names(field):
    """Whether its values are texts of spools, one of each."""
    kinds = (ExtraField.Type.TEXT, ExtraField.Type.CHOICE)
    is_of_spools = field.entity == ExtraField.Entity.SPOOL
    return is_of_spools and field.field_type in kinds and not field.multi_choice


@admin.register(ExtraField, site=farm_site)
class ExtraFieldAdmin(VerbPages, ModelAdmin):
    when_empty = "Fields of your own for spools, filaments and manufacturers."
    form = ExtraFieldForm
    change_form_template = "inventory/admin_extra_field.html"
    preview_template = "inventory/_rename_preview.html"
    verbs = (
        VerbAction(
            name="rename",
            label="Rename a value",
            service=extra_fields.rename_value,
            permission="inventory.change_extrafield",
            form=RenameForm,
            is_possible=_has_names,
            description="All spools that have the value get another one, archived ones too.",
            success_message="A value of %(row)s is renamed.",
        ),
    )
    list_display = ["name", "entity", "field_type", "unit", "key"]
    list_filter = [field_filter("entity", "of", lambda: ExtraField.Entity.choices)]
    search_fields = ["name", "key"]
    ordering = ["entity", "order", "position", "pk"]
    fieldsets = [
        (None, {"fields": [("entity", "field_type"), ("name", "key"), ("unit", "order")]}),
        ("Values", {"fields": ["default_value", "choices", "multi_choice"]}),
    ]

    def get_actions(self, request):
        return ModelAdmin.get_actions(self, request)

    def preview(self, row, verb, values, by):
        return {"count": super().preview(row, verb, values, by)}

    def get_readonly_fields(self, request, obj=None):
        return FIXED if obj else []

    def save_model(self, request, obj, form, change):
        given = {"by": request.user, "only_new": not change, **form.definition()}
        obj.pk = extra_fields.define(obj.entity, obj.key, **given).pk

    def delete_model(self, request, obj):
        extra_fields.drop(obj, by=request.user)

    def delete_queryset(self, request, queryset):
        for field in queryset:
            extra_fields.drop(field, by=request.user)

    def delete_view(self, request, object_id, extra_context=None):
        field = self.get_object(request, unquote(object_id))
        count = extra_fields.rows_with_values(field).count() if field else 0
        lost = {"lost": _("Values lost with it: %(count)d.") % {"count": count}} if count else {}
        return super().delete_view(request, object_id, lost | (extra_context or {}))

    def get_deleted_objects(self, objs, request):
        """Nothing refers to a field."""
        return [str(field) for field in objs], {}, set(), []


class ExtraValuesAdmin(ModelAdmin):
    """Has the values of the farm's own fields in its form; ``entity`` is what the fields call its
    rows. Whoever may not change a row sees them above it."""

    entity = None

    def get_fieldsets(self, request, obj=None):
        fieldsets = super().get_fieldsets(request, obj)
        if not self._may_enter(request, obj) or not (names := list(self._inputs(request, obj))):
            return fieldsets
        return [*fieldsets, (_("Extra fields"), {"fields": names})]

    def get_form(self, request, obj=None, change=False, **kwargs):
        if "fields" not in kwargs:
            kwargs["fields"] = flatten_fieldsets(self.get_fieldsets(request, obj))
        if names := kwargs["fields"]:
            kwargs["fields"] = [each for each in names if not str(each).startswith(PREFIX)]
        form = super().get_form(request, obj, change, **kwargs)
        if names and self._may_enter(request, obj):
            form.base_fields |= self._inputs(request, obj)
        return form

    def more_values(self, form):
        """A row that is made takes what the fields suggest, unless it was taken out."""
        extra = given(form) if form.instance._state.adding else changes(form)
        extra_values.check(self.entity, extra)  # a field may be gone since the page was sent
        return {"extra": extra} if extra else {}

    def values_of(self, obj):
        """What the page shows besides its form."""
        return extra_values.named(self.entity, obj.extra)

    def _may_enter(self, request, obj):
        if obj is None:
            return self.has_add_permission(request)
        return self.has_change_permission(request, obj)

    def _inputs(self, request, obj):
        """``{name: form field}``; the fields are read once for a request."""
        if not hasattr(request, "extra_fields"):
            fields = ExtraField.objects.filter(entity=self.entity)
            request.extra_fields = list(fields.order_by("order", "position", "pk"))
        return {
            PREFIX + field.key: value_field(
                field, obj.extra.get(field.key) if obj else field.default_value
            )
            for field in request.extra_fields
        }
