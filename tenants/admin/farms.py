"""The public site's admin: farms and their hosts."""

import zoneinfo

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.db.models import Count, OuterRef, Prefetch, Q, Subquery
from django.http import HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _

from tenants.accounts import audited
from tenants.accounts.currencies import CURRENCIES
from tenants.accounts.models import AuditEvent
from tenants.farms import services
from tenants.farms.names import InvalidHost, clean_host
from tenants.models import Domain, Tenant
from tenants.operations.operation import in_dry_run
from tenants.schemas import logins
from tenants.site.base import LabelledCells, ModelAdmin, TabularInline
from tenants.site.filters import field_filter
from tenants.site.site import AdminSite
from tenants.site.verbs import VerbAction, VerbPages

public_site = AdminSite(name="admin")
public_site.site_header = public_site.site_title = "Spoolbook: farms"
public_site.index_title = "Farms of this installation"
MAX_FARMS, RECENT = 200, 10
ZONES = [(name, name) for name in sorted(zoneinfo.available_timezones())]


class NewFarmForm(forms.ModelForm):
    timezone = forms.ChoiceField(choices=ZONES, initial="UTC", label="Time zone")
    currency = forms.ChoiceField(choices=[(code, code) for code in sorted(CURRENCIES)])
    run_prefix = forms.CharField(
        required=False,
        max_length=8,
        help_text="What its run numbers begin with; by the short name if left empty.",
    )
    manager = forms.CharField(
        initial="manager", help_text="The name of its first person, who lets the others in."
    )
    password = forms.CharField(
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text="Of the manager; at least 8 characters.",
    )

    class Meta:
        model = Tenant
        fields = ["slug", "name"]
        labels = {"slug": "Short name"}

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.initial.setdefault("currency", "EUR")
        self.fields["slug"].help_text = _(
            "Small letters, digits and dashes: as “north”, the farm answers on "
            "north.%(domain)s. It can’t be changed later."
        ) % {"domain": settings.FARM_DOMAIN}


class DomainForm(forms.ModelForm):
    def clean_host(self):
        try:
            host = clean_host(self.cleaned_data["host"])
        except InvalidHost as refusal:
            raise forms.ValidationError(refusal.detail) from refusal
        if host in settings.PUBLIC_HOSTS:
            raise forms.ValidationError(_("%(host)s is the public site’s.") % {"host": host})
        return host


class DomainFormSet(LabelledCells):
    """All hosts of a farm: one of them is primary."""

    def clean(self):
        super().clean()
        remaining = [form for form in self.forms if form not in self.deleted_forms]
        primary = [form for form in remaining if form.cleaned_data.get("is_primary")]
        if len(primary) != 1:
            raise forms.ValidationError(_("One host of the farm is its primary one."))


class DomainInline(TabularInline):
    model, form, formset = Domain, DomainForm, DomainFormSet
    verbose_name, verbose_name_plural = "host", "Where it answers"
    fields = ["host", "is_primary"]


def _verb(name, label, service, **details):
    return VerbAction(
        name=name, label=label, service=service, permission="tenants.suspend_tenant", **details
    )


@admin.register(Tenant, site=public_site)
class TenantAdmin(VerbPages, ModelAdmin):
    inlines = [DomainInline]
    list_display = ["slug", "name", "host", "status", "created_at"]
    list_filter = [field_filter("status", "status", lambda: Tenant.Status.choices)]
    search_fields = ["slug", "name", "domains__host"]
    change_form_template = "tenants/admin_farm.html"
    preview_template = "tenants/_farm_preview.html"
    verbs = (
        _verb(
            "close", "Close for maintenance", services.close_farm,
            bulk_label="Close the chosen farms for maintenance", tone="stop",
            is_possible=lambda farm: farm.status == Tenant.Status.ACTIVE,
            description="People and devices are asked to come back later (503).",
            success_message="%(row)s is closed for maintenance.",
        ),
        _verb(
            "suspend", "Suspend", services.suspend_farm, bulk_label="Suspend the chosen farms",
            tone="stop",
            is_possible=lambda farm: farm.status != Tenant.Status.SUSPENDED,
            description="Suspended: nobody can sign in. Data is kept.",
            success_message="%(row)s is suspended.",
        ),
        _verb(
            "resume", "Resume", services.resume_farm, bulk_label="Resume the chosen farms",
            tone="go",
            is_possible=lambda farm: farm.status != Tenant.Status.ACTIVE,
            description="People can sign in again.", success_message="%(row)s is active again.",
        ),
    )  # fmt: skip

    def get_queryset(self, request):
        primary = Domain.objects.filter(tenant=OuterRef("pk"), is_primary=True).values("host")
        return super().get_queryset(request).annotate(primary_host=Subquery(primary[:1]))

    @admin.display(description="answers on", ordering="primary_host")
    def host(self, farm):
        return farm.primary_host

    def preview(self, row, verb, values, by):
        return {"farm": in_dry_run(lambda: verb.service(row, by=by, **values))}

    # -- one farm ------------------------------------------------------------------------------

    def has_add_permission(self, request):
        return logins.is_owner() and super().has_add_permission(request)

    def has_delete_permission(self, request, obj=None):
        return False  # only `manage.py drop_farm` does

    def get_form(self, request, obj=None, change=False, **kwargs):
        return super().get_form(request, obj, change, **({} if obj else {"form": NewFarmForm}))

    def get_fields(self, request, obj=None):
        new = ["timezone", "currency", "run_prefix", "manager", "password"]
        return ["slug", "name", *(["schema_name", "status", "created_at"] if obj else new)]

    def get_readonly_fields(self, request, obj=None):
        return ["slug", "schema_name", "status", "created_at"] if obj else []

    def get_inlines(self, request, obj):
        return self.inlines if obj else []

    def render_change_form(self, request, context, obj=None, **kwargs):
        if obj is not None:
            context["url"] = _address(request, obj)
        return super().render_change_form(request, context, obj=obj, **kwargs)

    # -- saving --------------------------------------------------------------------------------

    def save_model(self, request, obj, form, change):
        if change:
            audited.update(obj, by=request.user, name=form.cleaned_data["name"])
            return
        tenant = services.add_farm(by=request.user, **form.cleaned_data)
        obj.pk, obj.schema_name = tenant.pk, tenant.schema_name

    def save_formset(self, request, form, formset, change):
        """A host gives up being the primary one before another takes it over."""
        formset.save(commit=False)
        self.delete_queryset(request, formset.deleted_objects)
        for host, names in sorted(formset.changed_objects, key=lambda pair: pair[0].is_primary):
            audited.update(host, by=request.user, **{name: getattr(host, name) for name in names})
        for host in formset.new_objects:
            audited.create(host, by=request.user)

    def response_add(self, request, obj, post_url_continue=None):
        farm = self.get_queryset(request).get(pk=obj.pk)
        text = 'The farm {} answers on <a href="{}">{}</a>.'
        url = _address(request, farm)
        messages.success(request, format_html(text, farm, url, farm.primary_host))
        return HttpResponseRedirect(reverse("admin:tenants_tenant_change", args=[farm.pk]))


def _address(request, farm):
    """Where the farm is, seen from where the public site is."""
    return _url(request, farm.primary_host) if farm.primary_host else ""


def _url(request, host):
    port = request.get_port()
    given = f":{port}" if port not in ("80", "443") else ""
    return f"{request.scheme}://{host}{given}/"


def panels(request):
    """What the index shows: which farms there are, whether in use, and where they answer. Nothing
    of a farm's inside."""
    hosts = Prefetch("domains", Domain.objects.order_by("-is_primary", "host"))
    farms = Tenant.objects.prefetch_related(hosts).order_by("name", "pk")[:MAX_FARMS]
    return {
        "can_add": logins.is_owner(),
        "farms": [
            {
                "farm": farm,
                "hosts": [(each, _url(request, each.host)) for each in farm.domains.all()],
            }
            for farm in farms
        ],
        "count": Tenant.objects.aggregate(
            all=Count("pk"),
            closed=Count("pk", filter=Q(status=Tenant.Status.MAINTENANCE)),
            suspended=Count("pk", filter=Q(status=Tenant.Status.SUSPENDED)),
        ),
        "latest": AuditEvent.objects.latest_first()[:RECENT],
    }


public_site.panels = panels
public_site.index_template = "tenants/public_index.html"
