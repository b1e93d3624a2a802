"""The public site's admin: the farms, and where they answer."""

from django import forms
from django.contrib import admin

from tenants import services
from tenants.accounts import records
from tenants.accounts.admin import AdminSite, ModelAdmin
from tenants.accounts.models.settings import validate_currency, validate_timezone
from tenants.models import Domain, Tenant
from tenants.naming import InvalidHost, clean_host

public_site = AdminSite(name="admin")


class NewFarmForm(forms.ModelForm):
    """What ``add_farm`` asks for."""

    timezone = forms.CharField(initial="UTC", validators=[validate_timezone])
    currency = forms.CharField(initial="EUR", max_length=3, validators=[validate_currency])
    run_prefix = forms.CharField(required=False, max_length=8)
    manager = forms.CharField(initial="manager", help_text="Who lets the others in.")
    password = forms.CharField(widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}))

    class Meta:
        model = Tenant
        fields = ["slug", "name"]


class DomainForm(forms.ModelForm):
    """A host as people write it."""

    def clean_host(self):
        try:
            return clean_host(self.cleaned_data["host"])
        except InvalidHost as refusal:
            raise forms.ValidationError(refusal.detail) from refusal


class DomainInline(admin.TabularInline):
    model = Domain
    form = DomainForm
    extra = 0


@admin.register(Tenant, site=public_site)
class TenantAdmin(ModelAdmin):
    list_display = ["slug", "name", "is_active", "created_at"]
    list_filter = ["is_active"]
    search_fields = ["slug", "name"]
    actions = ["suspend", "resume"]

    def has_delete_permission(self, request, obj=None):
        return False  # dropping waits for the caches: `manage.py drop_farm`

    def has_suspend_permission(self, request):
        return request.user.has_perm("tenants.suspend_tenant")

    def get_form(self, request, obj=None, change=False, **kwargs):
        return super().get_form(request, obj, change, **({} if obj else {"form": NewFarmForm}))

    def get_fields(self, request, obj=None):
        new = ["timezone", "currency", "run_prefix", "manager", "password"]
        return ["slug", "name", *(["schema_name", "is_active", "created_at"] if obj else new)]

    def get_readonly_fields(self, request, obj=None):
        return ["slug", "schema_name", "is_active", "created_at"] if obj else []

    def get_inlines(self, request, obj):
        return [DomainInline] if obj else []

    def save_model(self, request, obj, form, change):
        if change:
            records.change(obj, by=request.user, name=form.cleaned_data["name"])
            return
        tenant = services.add_farm(by=request.user, **form.cleaned_data)
        obj.pk, obj.schema_name = tenant.pk, tenant.schema_name

    @admin.action(description="Suspend the farms", permissions=["suspend"])
    def suspend(self, request, queryset):
        for tenant in queryset:
            services.suspend_farm(tenant, by=request.user)

    @admin.action(description="Resume the farms", permissions=["suspend"])
    def resume(self, request, queryset):
        for tenant in queryset:
            services.resume_farm(tenant, by=request.user)
