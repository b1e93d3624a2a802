"""Travellers of runs in the admin."""

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponseRedirect
from django.urls import path, reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from production.models import ProductionRun
from production.paper import traveller
from tenants.accounts.models import FarmSettings
from tenants.api.documents import pdf_answer


class TravellerPages:
    """For the ModelAdmin of runs."""

    actions = ["print_travellers"]

    def get_urls(self):
        view = self.admin_site.admin_view(self.travellers_view)
        return [path("travellers/", view, name="run_travellers"), *super().get_urls()]

    @admin.action(description="Print travellers", permissions=["view"])
    def print_travellers(self, request, queryset):
        ids = list(queryset.values_list("pk", flat=True)[: traveller.MAX_RUNS + 1])
        if len(ids) > traveller.MAX_RUNS:
            messages.error(
                request,
                _("At most %(most_runs)s at once; choose fewer.")
                % {"most_runs": traveller.MAX_RUNS},
            )
            return None
        return HttpResponseRedirect(travellers_url(ids))

    def travellers_view(self, request):
        """The PDF of the runs that the address names, in its order."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        ids = request.GET.get("ids", "")[:3000].split(",")
        ids = [int(text) for text in ids if text.isascii() and text.isdigit() and len(text) < 19]
        found = ProductionRun.objects.live().for_paper().in_bulk(ids[: traveller.MAX_RUNS])
        runs = [found[pk] for pk in dict.fromkeys(ids) if pk in found]
        if not runs:
            raise Http404("None of these runs is there.")
        farm = FarmSettings.load().address_for(request)
        printed = {"farm": farm, "farm_name": request.tenant.name, "printed_at": timezone.now()}
        name = runs[0].number if len(runs) == 1 else "travellers"
        return pdf_answer(traveller.pdf(runs, **printed), name)


def travellers_url(ids):
    """Where the travellers of runs are printed."""
    return f"{reverse('admin:run_travellers')}?{urlencode({'ids': ','.join(map(str, ids))})}"
