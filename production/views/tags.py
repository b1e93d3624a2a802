"""Tags that readers saw on no spool, and the spools that they may be on."""

from django import forms
from django.urls import reverse
from django.utils.translation import gettext as _

from inventory.models import Spool, UnboundTag
from inventory.services.spools import unbound_tags
from production.views.floor import VerbView
from tenants.web.forms import VerbForm

MAX_ROWS = 50


class UnboundTagForm(VerbForm):
    """Which tag is on which spool."""

    tag = forms.ModelChoiceField(UnboundTag.objects.unbound())
    spool = forms.ModelChoiceField(Spool.objects.present().on_shelf())


class UnboundTagsView(VerbView):
    help_topic = "floor#tags"
    template_name = "production/floor/tags.html"
    permission_required = verb_permission = "inventory.relabel_spool"
    form_class = UnboundTagForm

    def get_context_data(self):
        tags = list(UnboundTag.objects.unbound()[:MAX_ROWS])
        offered = unbound_tags.candidates({tag.filament_id for tag in tags})
        for tag in tags:
            tag.spools = offered.get(tag.filament_id, [])
        return {"tags": tags}

    def perform(self, form):
        tag, spool = form.cleaned_data["tag"], form.cleaned_data["spool"]
        unbound_tags.bind(spool, tag=tag, by=form.by)
        return _("The tag %(uid)s is on spool %(spool)s.") % {"uid": tag.uid, "spool": spool.code}

    def get_success_url(self):
        return reverse("floor-tags")
