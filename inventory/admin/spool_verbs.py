"""The verbs of a spool as its pages offer them."""

from inventory.forms import spools as forms
from inventory.services.spools import consumption, scale, shelf
from tenants.site.verbs import Verb


def _verb(name, label, work, **details):
    return Verb(name=name, label=label, work=work, permission=f"inventory.{name}_spool", **details)


def _on_shelf(spool):
    return not spool.is_archived


VERBS = (
    _verb(
        "weigh", "Weigh", scale.weigh, form=forms.WeighForm, tone="go",
        does="What the scale shows becomes the truth of the book; the difference is a count.",
        done="Spool {} was weighed.",
    ),
    _verb(
        "use", "Use", consumption.use, form=forms.TakeForm, is_possible=_on_shelf,
        does="Filament that no run knows of: a test print, a sample.", done="Taken from {}.",
    ),
    _verb(
        "waste", "Waste", consumption.waste, form=forms.TakeForm, is_possible=_on_shelf,
        does="Filament of which nothing usable came.", done="Thrown away of {}.",
    ),
    _verb(
        "empty", "Empty", consumption.empty, form=forms.EmptyForm, is_possible=_on_shelf,
        asks=frozenset({"not_empty_by_book"}),
        does="Nothing is left on the reel.", done="Spool {} is empty.",
    ),
    _verb(
        "adjust", "Adjust", consumption.adjust, form=forms.AdjustForm, is_possible=_on_shelf,
        does="A correction of the book by hand, with its reason.", done="Spool {} was adjusted.",
    ),
    _verb(
        "move", "Move", shelf.move, form=forms.MoveForm, together=forms.MoveTogether,
        is_possible=_on_shelf, does="Where the spool is from now on.", done="Spool {} was moved.",
    ),
    _verb(
        "open", "Open", shelf.open, together=forms.OpenTogether,
        is_possible=lambda spool: _on_shelf(spool) and spool.is_sealed,
        does="It leaves its bag: from now on it is one of the open spools.",
        done="Spool {} is open.",
    ),
    _verb(
        "dry", "Dried", shelf.dry, together=forms.DryTogether, is_possible=_on_shelf,
        does="It has been in the dryer, until now.", done="Spool {} is dry.",
    ),
    _verb(
        "archive", "Archive", shelf.archive, form=forms.ArchiveForm, tone="stop",
        together=forms.ArchiveTogether, is_possible=_on_shelf,
        asks=frozenset({"remainder_undecided"}),
        does="The spool leaves the shelf.", done="Spool {} is archived.",
    ),
    _verb(
        "restore", "Restore", shelf.restore, together=forms.RestoreTogether,
        is_possible=lambda spool: spool.is_archived,
        does="The spool is back on the shelf, with what its book says.",
        done="Spool {} is on the shelf again.",
    ),
)  # fmt: skip
