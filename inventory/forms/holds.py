"""Forms for holds, and for spools that go back to their supplier."""

from django import forms
from django.utils.translation import gettext_lazy as _

from inventory.models import Hold
from tenants.web.forms import NumberField, VerbForm

REASON_LENGTH = Hold._meta.get_field("reason").max_length


class FilamentHoldForm(VerbForm):
    """Why all of a filament is held."""

    reason = forms.CharField(label=_("Why"), max_length=REASON_LENGTH)


class SpoolHoldForm(FilamentHoldForm):
    """What is held, by one spool of it, and why."""

    what = forms.ChoiceField(
        label=_("What is held"),
        choices=[
            (Hold.Target.SPOOL, _("This spool")),
            (Hold.Target.LOT, _("Its lot")),
            (Hold.Target.DELIVERY, _("All that was received with it")),
            (Hold.Target.FILAMENT, _("Its filament")),
        ],
        initial=Hold.Target.SPOOL,
    )
    field_order = ("what", "reason")

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        field = self.fields["what"]
        if self.touch:
            field.widget = forms.RadioSelect()
        field.choices = [
            choice
            for choice in field.choices
            if choice[0] != Hold.Target.LOT or (self.subject and self.subject.lot_number)
        ]


class ReleaseForm(VerbForm):
    note = forms.CharField(label=_("Note"), required=False, max_length=REASON_LENGTH)


class ReturnForm(VerbForm):
    credit = NumberField(
        label=_("Credit"),
        help_text=_("What the supplier pays for it. Left empty: not known."),
    )
    note = forms.CharField(label=_("Note"), required=False)


class HoldReturnForm(ReturnForm):
    credit = NumberField(
        label=_("Credit for all together"),
        help_text=_("Shared out by grams. Left empty: not known."),
    )
