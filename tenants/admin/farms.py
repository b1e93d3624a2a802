"""The public site's admin: farms and their hosts."""

import zoneinfo

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.db.models import Count, OuterRef, Prefetch, Q, Subquery
from django.http import HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _

from tenants.accounts import audited
from tenants.accounts.currencies import CURRENCIES
from tenants.accounts.models import AuditEvent
from tenants.admin.people import ReadOnlyAdmin
from tenants.farms import requests, services
from tenants.farms.names import InvalidHost, clean_host
from tenants.models import Domain, FarmRequest, Tenant
from tenants.operations.operation import in_dry_run
from tenants.site.base import LabelledCells, ModelAdmin, TabularInline
from tenants.site.filters import field_filter
from tenants.site.site import AdminSite
from tenants.site.verbs import VerbAction, VerbPages
from tenants.web.forms import VerbForm
from tenants.web.requests import url_of

public_site = AdminSite(name="admin")
public_site.site_header = public_site.site_title = "Spoolbook: farms"
public_site.index_title = "Farms of this installation"
public_site.help_topic = "operations#managing-farms"
MAX_FARMS, RECENT = 200, 10
LOOK_SECONDS = 2  # how often a page that waits is loaded again
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


class DropForm(VerbForm):
    short_name = forms.CharField(help_text="Type it, as everything in the farm is deleted.")


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
    when_empty = "Each farm has an address and data of its own."
    inlines = [DomainInline]
    list_display = ["slug", "name", "host", "status", "created_at", "ends_at"]
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
        _verb(
            "drop", "Delete", requests.request_drop, form=DropForm, tone="stop",
            description="The farm is deleted with everything in it, for good. Back it up first.",
            success_message="%(row)s will be deleted.",
            redirect_to=lambda row, result: _page(result),
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

    def has_delete_permission(self, request, obj=None):
        return False  # by the verb alone

    def get_form(self, request, obj=None, change=False, **kwargs):
        return super().get_form(request, obj, change, **({} if obj else {"form": NewFarmForm}))

    def get_fields(self, request, obj=None):
        new = ["timezone", "currency", "run_prefix", "manager", "password"]
        known = ["schema_name", "status", "created_at", "ends_at"]
        return ["slug", "name", *(known if obj else new)]

    def get_readonly_fields(self, request, obj=None):
        return ["slug", "schema_name", "status", "created_at", "ends_at"] if obj else []

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
        obj.requested = requests.request_farm(by=request.user, **form.cleaned_data)

    def save_formset(self, request, form, formset, change):
        """A host gives up being the primary one before another takes it over."""
        formset.save(commit=False)
        self.delete_queryset(request, formset.deleted_objects)
        for host, names in sorted(formset.changed_objects, key=lambda pair: pair[0].is_primary):
            audited.update(host, by=request.user, **{name: getattr(host, name) for name in names})
        for host in formset.new_objects:
            audited.create(host, by=request.user)

    def response_add(self, request, obj, post_url_continue=None):
        text = _("The farm %(slug)s will be added.") % {"slug": obj.slug}
        messages.success(request, text)
        return HttpResponseRedirect(_page(obj.requested))


@admin.register(FarmRequest, site=public_site)
class FarmRequestAdmin(ReadOnlyAdmin):
    """How far a farm is that was asked for."""

    when_empty = "What was asked for of a farm, such as adding or removing it, is listed here."
    list_display = ["__str__", "status", "by", "created_at", "finished_at"]
    list_filter = [field_filter("status", "status", lambda: FarmRequest.Status.choices)]
    change_form_template = "tenants/admin_farm_request.html"

    def get_fields(self, request, obj=None):
        detail = ["detail"] if obj and obj.detail else []
        return ["kind", "slug", "status", *detail, "by", "created_at", "finished_at"]

    def render_change_form(self, request, context, obj=None, **kwargs):
        if obj and (obj.kind, obj.status) == (FarmRequest.Kind.ADD, FarmRequest.Status.DONE):
            hosts = Domain.objects.filter(tenant__slug=obj.slug, is_primary=True)
            context["url"] = next((url_of(request, each.host) for each in hosts), "")
        return super().render_change_form(request, context, obj=obj, **kwargs)

    def changeform_view(self, request, object_id=None, form_url="", extra_context=None):
        response = super().changeform_view(request, object_id, form_url, extra_context)
        row = self.get_object(request, unquote(object_id))
        if row is not None and row.status in FarmRequest.UNFINISHED:
            response["Refresh"] = str(LOOK_SECONDS)
        return response


def _page(farm_request):
    return reverse("admin:tenants_farmrequest_change", args=[farm_request.pk])


def _address(request, farm):
    """Where the farm is, seen from where the public site is."""
    return url_of(request, farm.primary_host) if farm.primary_host else ""


def panels(request):
    """What the index shows: which farms there are, whether in use, and where they answer. Nothing
    of a farm's inside."""
    hosts = Prefetch("domains", Domain.objects.order_by("-is_primary", "host"))
    farms = Tenant.objects.prefetch_related(hosts).order_by("name", "pk")[:MAX_FARMS]
    return {
        "requests": FarmRequest.objects.filter(status__in=FarmRequest.UNFINISHED),
        "farms": [
            {
                "farm": farm,
                "hosts": [(each, url_of(request, each.host)) for each in farm.domains.all()],
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
