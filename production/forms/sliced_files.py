"""The form that plans the runs of a sliced file: what it makes and takes is proposed."""

import re
from dataclasses import dataclass

from django import forms
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from inventory.models import Spool
from production.forms.fields import SCANNED, SpoolChoice, SpoolField, SpoolInput
from production.forms.starting import OverridableForm
from production.models import Printer, Product
from production.services.runs.planning import MAX_PLATES, MAX_UNITS
from production.services.sliced_files import contents, fitting, proposing, spools
from production.services.sliced_files.figures import SlotChoice
from production.services.sliced_files.matching import match
from production.services.sliced_files.planning import PlateProduct
from production.services.sliced_files.proposals import WantedSlot
from production.slicing.sliced_file import DERIVED, Slot
from tenants.web.forms import SuggestedField

ANOTHER_SPOOL = gettext_lazy("Another spool: scan or type its code")
ANOTHER_PRODUCT = gettext_lazy("Another product’s SKU or name, or the name of a new one")
NEW = "new"
COUNT, IS_ID = re.compile(r"[1-9][0-9]{0,3}"), re.compile(r"[0-9]{1,18}")
SEEN = "newest_run"  # when the form was shown
NOT_OF_GRAMS = ("no_time", "no_material", "more_objects", "plates_left_out")  # codes of doubts


def product_called(text):
    """The product of a SKU, or of a name that only one has; None where none is called so. Raises
    ValidationError."""
    products = Product.objects.active().order_by("pk")
    found = list(products.filter(sku__iexact=text)[:1] or products.filter(name__iexact=text)[:2])
    if len(found) > 1:
        message = _("Several products have this name: type the SKU.")
        raise forms.ValidationError(message, code="ambiguous")
    return found[0] if found else None


@dataclass(frozen=True)
class ProposedPart:
    """A product that is proposed for a plate, with its fields."""

    proposal: proposing.ProposedProduct
    product: object
    another: object
    units: object


@dataclass(frozen=True)
class SlotGroup:
    """A slot of the file, the spools proposed for it, and its fields: of the grams where those of
    a plate are doubtful or unknown."""

    matched: object
    spool: object
    choices: list
    figures: list
    sources: set

    @property
    def is_doubtful(self):
        return bool(self.figures)

    @property
    def has_choice(self):
        """Whether the first spool is chosen, so that the others need not be seen."""
        return bool(self.choices) and self.choices[0][1]

    @property
    def is_open(self):
        return bool(self.spool.errors)

    @property
    def origin(self):
        """Where its grams are from."""
        if self.matched.needed_grams is None:
            return _("The file does not say how many grams it takes.")
        if DERIVED in self.sources:
            return _("Derived from its length: the slicer has no grams.")
        return _("As the slicer says.")


class PlanFileForm(OverridableForm):
    """Which plates of the file are printed, how often, where, of what; all of it is proposed.

    ``printer`` is where the proposed spools are looked for; ``entered`` is a QueryDict of the same
    form, to go on with for another printer.
    """

    after_refusal = {"confirm": {"doubtful_figures"}}

    copies = forms.IntegerField(min_value=1, max_value=MAX_PLATES, initial=1)
    printer = forms.ModelChoiceField(Printer.objects.active(), required=False)
    confirm = forms.BooleanField(
        label=gettext_lazy("I have looked at the doubtful figures"), required=False
    )

    def __init__(self, *args, printer=None, entered=None, **kwargs):
        super().__init__(*args, **kwargs)
        file = self.subject
        self.plates_read = contents.plates_of(file)
        self.doubts = contents.doubts_of(file)
        self.proposed = proposing.propose(file)
        self._choose_printer(printer)
        # Of a file that names no material, somebody enters what the first slot takes.
        wanted = spools.wanted_slots(file) or [WantedSlot(1)]
        copies = self._count((self.data or entered or {}).get("copies", ""))
        self.matched = match(wanted, printer=self.likely_printer, plates=copies)
        self._add_plates()
        for index, proposal in enumerate(self.proposed):
            self._add_product(index, proposal)
        for matched in self.matched:
            self._add_slot(matched)
        self.initial = self._initial_of(entered or {})
        if not file.doubts:
            del self.fields["confirm"]
        elif not self.touch:  # the floor's page has them above
            details = " ".join(each["detail"] for each in file.doubts)
            self.fields["confirm"].help_text = details
        self.add_override()

    def is_visible(self, name):
        return name == "confirm" or super().is_visible(name)

    # -- Fields --------------------------------------------------------------------------------

    def _choose_printer(self, printer):
        """The printer that was asked for, else that of the token, else the only one that fits."""
        rows = Printer.objects.active().order_by("name", "pk")
        self.printers = [(each, fitting.fits(self.subject, each)) for each in rows]
        self.printers.sort(key=lambda pair: not pair[1])
        fit = [each for each, fits in self.printers if fits]
        only = fit[0] if len(fit) == 1 else None
        self.fields["printer"].initial = self.likely_printer = (
            printer or self.subject.printer or only
        )

    def _add_plates(self):
        if len(self.plates_read) > 1:
            self.fields["plates"] = forms.TypedMultipleChoiceField(
                label=_("Plates"),
                choices=[(plate.index, _full_name(plate)) for plate in self.plates_read],
                initial=[plate.index for plate in self.plates_read],
                widget=forms.CheckboxSelectMultiple,
                coerce=int,
            )
            self.fields["is_one_run"] = forms.BooleanField(label=_("As one run"), required=False)
        for plate in self.plates_read:
            if plate.seconds is None:
                label = _("Minutes of %(plate)s") % {"plate": _name_of(plate)}
                self.fields[f"minutes-{plate.index}"] = self.number_field(label=label, unit="min")

    def _add_product(self, index, proposal):
        label = _("What it makes")
        if len(self.plates_read) > 1:
            label = _("What plate %(plate)s makes") % {"plate": proposal.plate}
        if self.touch:
            offered = [(NEW, _("A new product, “%(name)s”") % {"name": proposal.name})]
            if proposal.product:
                known = (str(proposal.product.pk), proposal.product.name)
                offered = [known, (NEW, _("A new product"))]
            self.fields[f"product-{index}"] = forms.ChoiceField(
                label=label, choices=offered, initial=offered[0][0], widget=forms.RadioSelect
            )
            self.fields[f"another-{index}"] = forms.CharField(
                label=ANOTHER_PRODUCT, max_length=200, required=False
            )
        else:
            self.fields[f"another-{index}"] = SuggestedField(
                Product.objects.active(),
                of="production.runitem.product",
                label=label,
                initial=proposal.product,
                required=False,
                help_text=_("%(why)s Left empty, a new one is made: %(name)s.")
                % {"why": proposal.detail, "name": proposal.name},
            )
        self.fields[f"units-{index}"] = forms.IntegerField(
            label=_("Pieces on the plate"),
            min_value=1,
            max_value=MAX_UNITS,
            initial=proposal.units,
        )

    def _add_slot(self, matched):
        number = matched.wanted.slot
        chosen = matched.chosen and matched.chosen.spool
        if self.touch:
            field = SpoolField(
                label=ANOTHER_SPOOL, required=False, widget=SpoolInput(attrs=SCANNED)
            )
            field.widget.choices = {each.spool.code for each in matched.proposals}
            field.initial = chosen.code if chosen else None
        else:
            field = SpoolChoice(
                Spool.objects.on_shelf().holding().with_filament(),
                label=_("Spool for slot %(slot)s") % {"slot": number},
                initial=chosen,
                required=False,
                help_text=_why(matched),
            )
        self.fields[f"spool-{number}"] = field
        for plate in self.plates_read:
            for slot in plate.slots or [Slot(1)]:
                if slot.slot == number and self.is_doubtful(plate, slot):
                    label = _("Grams of slot %(slot)s, %(plate)s")
                    label %= {"slot": number, "plate": _name_of(plate)}
                    self.fields[f"grams-{plate.index}-{number}"] = self.number_field(
                        label=label, unit="g"
                    )

    def is_doubtful(self, plate, slot):
        """Whether the grams of a slot are to be looked at, or typed."""
        doubts = [each for each in self.doubts[plate.index] if each.code not in NOT_OF_GRAMS]
        return slot.grams is None or any(each.slot in (None, slot.slot) for each in doubts)

    @staticmethod
    def _count(text):
        """How often the plates are printed, as far as that was entered."""
        return int(text) if COUNT.fullmatch(str(text)) else 1

    def _initial_of(self, entered):
        """What was entered, but for spools that were as proposed: those are proposed anew."""
        if not entered:
            return {}
        initial = {
            name: field.widget.value_from_datadict(entered, {}, name)
            for name, field in self.fields.items()
            if name != "printer"
        }
        for matched in self.matched:
            name = f"spool-{matched.wanted.slot}"
            if initial[name] == entered.get(f"proposed-{name}"):
                del initial[name]
        return initial

    # -- For the page ----------------------------------------------------------------------------

    @cached_property
    def parts(self):
        return [
            ProposedPart(
                proposal,
                self[f"product-{index}"],
                self[f"another-{index}"],
                self[f"units-{index}"],
            )
            for index, proposal in enumerate(self.proposed)
        ]

    @property
    def minutes(self):
        return [self[name] for name in self.fields if name.startswith("minutes-")]

    @cached_property
    def slot_groups(self):
        groups = []
        for matched in self.matched:
            bound = self[f"spool-{matched.wanted.slot}"]
            chosen = bound.value() or ""
            choices = [(each, each.spool.code == chosen) for each in matched.proposals]
            end = f"-{matched.wanted.slot}"
            names = [name for name in self.fields if name.startswith("grams-")]
            figures = [self[name] for name in names if name.endswith(end)]
            slots = [slot for plate in self.plates_read for slot in plate.slots]
            sources = {slot.source for slot in slots if slot.slot == matched.wanted.slot}
            groups.append(SlotGroup(matched, bound, choices, figures, sources))
        return groups

    # -- What is planned -------------------------------------------------------------------------

    def service_kwargs(self):
        values = self.cleaned_data
        plates = values.get("plates") or [plate.index for plate in self.plates_read]
        planned = {
            "plates": plates,
            "copies": values["copies"],
            "products": [each for each in self._products() if each.plate in plates],
            "slots": [each for each in self._choices() if each.plate in (None, *plates)],
            "seconds": self._seconds(plates),
        }
        for name in ("printer", "is_one_run", "confirm", "override_reason"):
            if values.get(name):
                planned[name] = values[name]
        return planned

    def clean(self):
        for index in range(len(self.proposed)) if self.touch else ():
            self._clean_product(index)
        if SEEN in self.data:
            self._require_seen(self.data[SEEN])
        return super().clean()

    @property
    def newest_run(self):
        """The id of the last run that is planned by the file, 0 without one."""
        return max((each["pk"] for each in self.subject.planned), default=0)

    def _require_seen(self, text):
        """Refuse once where somebody else has planned the file since the form was shown."""
        if self.newest_run <= (int(text) if IS_ID.fullmatch(text) else 0):
            return
        run = self.subject.runs.select_related("created_by").get(pk=self.newest_run)
        if run.created_by != self.by:
            names = {"run": run.number, "who": run.created_by or _("The system")}
            message = _("%(who)s has planned it as %(run)s meanwhile. Press again to plan another.")
            self.add_error(None, message % names)

    def _clean_product(self, index):
        """Put what was typed in the place of what was chosen."""
        name, values = f"another-{index}", self.cleaned_data
        try:
            text = values.get(name)
            values[name] = product_called(text) if text else None
            if text and values[name] is None:
                if values.get(f"product-{index}") != NEW:
                    raise forms.ValidationError(_("No product has this SKU or name."), "unknown")
                values[f"name-{index}"] = text
        except forms.ValidationError as error:
            self.add_error(name, error)

    def _products(self):
        values = self.cleaned_data
        for index, proposal in enumerate(self.proposed):
            product = values[f"another-{index}"]
            if product is None and values.get(f"product-{index}", NEW) != NEW:
                product = proposal.product
            yield PlateProduct(
                plate=proposal.plate,
                units=values[f"units-{index}"],
                product=product,
                name=values.get(f"name-{index}", proposal.name),
            )

    def _choices(self):
        for matched in self.matched:
            number = matched.wanted.slot
            spool = self.cleaned_data.get(f"spool-{number}")
            if spool:
                yield SlotChoice(slot=number, spool=spool)
            for plate in self.plates_read:
                grams = self.cleaned_data.get(f"grams-{plate.index}-{number}")
                if grams is not None:
                    yield SlotChoice(slot=number, plate=plate.index, spool=spool, grams=grams)

    def _seconds(self, plates):
        given = {index: self.cleaned_data.get(f"minutes-{index}") for index in plates}
        return {index: int(minutes * 60) for index, minutes in given.items() if minutes is not None}

    def field_errors(self, refusal):
        yield from super().field_errors(refusal)
        for name in self.fields:
            if refusal.code == "grams_unknown" and name.startswith("grams-"):
                yield name, _("How many grams?")
        wrong = [each["spool_id"] for each in refusal.numbers.get("shortages", ())]
        wrong += [refusal.numbers.get("spool_id")]
        for matched in self.matched:
            spool = self.cleaned_data.get(f"spool-{matched.wanted.slot}")
            if spool is not None and spool.pk in wrong:
                yield f"spool-{matched.wanted.slot}", _("Not this spool: see the message above.")


def _why(matched):
    """Why a spool is chosen for a slot, and what speaks against it."""
    reasons = matched.chosen.reasons if matched.chosen else ()
    texts = [each.detail for each in (*reasons, *matched.blockers)]
    return " ".join([*texts, _("Left empty: chosen when the run starts.")])


def _name_of(plate):
    return _("plate %(index)s") % {"index": plate.index}


def _full_name(plate):
    if not plate.name:
        return _name_of(plate)
    return _("plate %(index)s, %(name)s") % {"index": plate.index, "name": plate.name}
