"""The form of the best fit: which proposals are taken."""

from django import forms
from django.utils.translation import gettext_lazy as _

from inventory.models import Spool
from production.models import RunMaterial
from production.services.best_fit.taking import MOST
from tenants.web.forms import VerbForm

SEPARATOR = ":"


class ProposalsField(forms.Field):
    """Proposals by their values: the id of a material and those of its spools. What was removed
    meanwhile is left out."""

    widget = forms.MultipleHiddenInput
    default_error_messages = {
        "required": _("Nothing is ticked."),
        "invalid": _("Look at the proposals again: these can't be read."),
    }

    def to_python(self, value):
        try:
            rows = [[int(part) for part in each.split(SEPARATOR)] for each in value or ()]
        except ValueError as error:
            raise self._invalid() from error
        if len(rows) > MOST or any(len(row) < 2 for row in rows):
            raise self._invalid()
        if any(not 0 < number < 2**63 for row in rows for number in row):
            raise self._invalid()
        lines = RunMaterial.objects.in_bulk(line for line, *_spools in rows)
        ids = {pk for _line, *spools in rows for pk in spools}
        spools = Spool.objects.present().in_bulk(ids)
        return [
            (lines[line], [spools[pk] for pk in named])
            for line, *named in rows
            if line in lines and spools.keys() >= set(named)
        ]

    def _invalid(self):
        return forms.ValidationError(self.error_messages["invalid"], code="invalid")


class BestFitForm(VerbForm):
    take = ProposalsField()

    def service_kwargs(self):
        return {"chosen": self.cleaned_data["take"]}
