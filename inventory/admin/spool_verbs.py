"""The verbs of a spool in the admin."""

from django.utils.translation import gettext_lazy as _

from inventory.forms import spools as forms
from inventory.forms.holds import ReturnForm, SpoolHoldForm
from inventory.services import holds, returning
from inventory.services.spools import consumption, merging, revaluing, scale, shelf, tags
from inventory.services.spools.returned import standing_return
from inventory.services.spools.valuation import revaluation
from tenants.site.verbs import VerbAction


def _verb(name, label, work, *, right="", **details):
    permission = f"inventory.{right or name}_spool"
    return VerbAction(name=name, label=label, service=work, permission=permission, **details)


def _on_shelf(spool):
    return not spool.is_archived


def _is_restorable(spool):
    if not spool.is_archived or spool.merged_into_id is not None:
        return False
    return spool.is_removed or standing_return(spool) is None


VERBS = (
    _verb(
        "weigh", "Weigh", scale.weigh, form=forms.WeighForm, tone="go",
        is_possible=_on_shelf,
        description="The scale reading becomes the balance; the difference is posted as a count.",
        success_message="Spool %(row)s was weighed.",
    ),
    _verb(
        "use", "Use", consumption.use, form=forms.TakeForm, is_possible=_on_shelf,
        description="Filament that no run knows of: a test print, a sample.",
        success_message="Taken from %(row)s.",
    ),
    _verb(
        "waste", "Waste", consumption.waste, form=forms.TakeForm, is_possible=_on_shelf,
        description="Filament of which nothing usable came.",
        success_message="Thrown away of %(row)s.",
    ),
    _verb(
        "empty", "Empty", consumption.empty, form=forms.EmptyForm, is_possible=_on_shelf,
        confirm=frozenset({"not_empty_by_book"}),
        description="Nothing is left on the reel.",
        success_message="Spool %(row)s is empty.",
    ),
    _verb(
        "adjust", "Adjust", consumption.adjust, form=forms.AdjustForm, is_possible=_on_shelf,
        description="A correction of the book by hand, with its reason.",
        success_message="Spool %(row)s was adjusted.",
    ),
    _verb(
        "revalue", "Revalue", revaluing.revalue, bulk_label=_("Revalue the selected spools"),
        is_possible=lambda spool: revaluation([spool]) is not None,
        description="What it gave is posted again at its price of now; grams and balances stay.",
        success_message="Spool %(row)s was revalued.",
    ),
    _verb(
        "move", "Move", shelf.move, form=forms.MoveForm, is_possible=_on_shelf,
        bulk_label=_("Move the selected spools"), bulk_form=forms.MoveForm,
        description="Where the spool is from now on.",
        success_message="Spool %(row)s was moved.",
    ),
    _verb(
        "open", "Open", shelf.open, bulk_label=_("Open the selected spools"),
        is_possible=lambda spool: _on_shelf(spool) and spool.is_sealed,
        description="It leaves its bag: from now on it is one of the open spools.",
        success_message="Spool %(row)s is open.",
    ),
    _verb(
        "dry", "Dried", shelf.dry, is_possible=_on_shelf,
        bulk_label=_("Mark the selected spools as dried"),
        description="It has been in the dryer, until now.",
        success_message="Spool %(row)s is dry.",
    ),
    _verb(
        "tag", "Put a tag on", tags.bind, right="relabel", form=forms.TagForm,
        is_possible=lambda spool: not spool.is_removed,
        description="Readers know the spool by the UID of the tag, and a scan of it finds it.",
        success_message="Spool %(row)s has the tag.",
    ),
    _verb(
        "untag", "Take a tag off", tags.unbind, right="relabel", form=forms.UntagForm,
        is_possible=lambda spool: not spool.is_removed and spool.tags.exists(),
        description="Readers know the spool by this tag no more.",
        success_message="The tag is off spool %(row)s.",
    ),
    _verb(
        "merge", "Merge a double", merging.merge, form=forms.MergeForm, is_possible=_on_shelf,
        description="A reel that is in the book twice: what the double gave is booked here, and "
        "its labels and tags lead here.",
        success_message="The double is merged into spool %(row)s.",
    ),
    _verb(
        "unmerge", "Take the merge back", merging.unmerge, right="merge",
        is_possible=lambda spool: spool.merged_into_id is not None,
        description="This spool and the one it was merged into are two reels, as before.",
        success_message="Spool %(row)s is a spool of its own again.",
    ),
    VerbAction(
        name="hold", label="Hold", service=holds.place_of, form=SpoolHoldForm,
        permission="inventory.add_hold", is_possible=_on_shelf, tone="stop",
        description="It is not offered, chosen or started with, until the hold is released.",
        success_message="Held: see the holds of %(row)s.",
    ),
    _verb(
        "return", "Return to the supplier", returning.return_spool, form=ReturnForm, tone="stop",
        is_possible=_on_shelf,
        description="What is left goes back to the supplier, and the spool is archived.",
        success_message="Spool %(row)s goes back to its supplier.",
    ),
    _verb(
        "archive", "Archive", shelf.archive, form=forms.ArchiveForm, tone="stop",
        is_possible=_on_shelf,
        bulk_label=_("Archive the selected spools"), bulk_form=forms.ArchiveForm,
        confirm=frozenset({"remainder_undecided"}),
        description="The spool leaves the shelf.",
        success_message="Spool %(row)s is archived.",
    ),
    _verb(
        "restore", "Restore", shelf.restore, bulk_label=_("Restore the selected spools"),
        is_possible=_is_restorable,
        description="The spool is back on the shelf, with its balance.",
        success_message="Spool %(row)s is on the shelf again.",
    ),
)  # fmt: skip
