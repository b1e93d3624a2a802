"""The verbs of a spool as its pages offer them."""

from inventory.forms import spools as forms
from inventory.services.spools import consumption, scale, shelf
from tenants.site.verbs import VerbAction


def _verb(name, label, work, **details):
    return VerbAction(
        name=name, label=label, service=work, permission=f"inventory.{name}_spool", **details
    )


def _on_shelf(spool):
    return not spool.is_archived


VERBS = (
    _verb(
        "weigh", "Weigh", scale.weigh, form=forms.WeighForm, tone="go",
        description="The scale reading becomes the balance; the difference is posted as a count.",
        success_message="Spool {} was weighed.",
    ),
    _verb(
        "use", "Use", consumption.use, form=forms.TakeForm, is_possible=_on_shelf,
        description="Filament that no run knows of: a test print, a sample.",
        success_message="Taken from {}.",
    ),
    _verb(
        "waste", "Waste", consumption.waste, form=forms.TakeForm, is_possible=_on_shelf,
        description="Filament of which nothing usable came.",
        success_message="Thrown away of {}.",
    ),
    _verb(
        "empty", "Empty", consumption.empty, form=forms.EmptyForm, is_possible=_on_shelf,
        confirm=frozenset({"not_empty_by_book"}),
        description="Nothing is left on the reel.",
        success_message="Spool {} is empty.",
    ),
    _verb(
        "adjust", "Adjust", consumption.adjust, form=forms.AdjustForm, is_possible=_on_shelf,
        description="A correction of the book by hand, with its reason.",
        success_message="Spool {} was adjusted.",
    ),
    _verb(
        "move", "Move", shelf.move, form=forms.MoveForm, bulk_form=forms.MoveTogether,
        is_possible=_on_shelf,
        description="Where the spool is from now on.",
        success_message="Spool {} was moved.",
    ),
    _verb(
        "open", "Open", shelf.open, bulk_form=forms.OpenTogether,
        is_possible=lambda spool: _on_shelf(spool) and spool.is_sealed,
        description="It leaves its bag: from now on it is one of the open spools.",
        success_message="Spool {} is open.",
    ),
    _verb(
        "dry", "Dried", shelf.dry, bulk_form=forms.DryTogether, is_possible=_on_shelf,
        description="It has been in the dryer, until now.",
        success_message="Spool {} is dry.",
    ),
    _verb(
        "archive", "Archive", shelf.archive, form=forms.ArchiveForm, tone="stop",
        bulk_form=forms.ArchiveTogether, is_possible=_on_shelf,
        confirm=frozenset({"remainder_undecided"}),
        description="The spool leaves the shelf.",
        success_message="Spool {} is archived.",
    ),
    _verb(
        "restore", "Restore", shelf.restore, bulk_form=forms.RestoreTogether,
        is_possible=lambda spool: spool.is_archived,
        description="The spool is back on the shelf, with its balance.",
        success_message="Spool {} is on the shelf again.",
    ),
)  # fmt: skip
