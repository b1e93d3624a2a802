"""Texts that were scanned or typed: of our labels, other programs' and the maker's barcode.

``read`` classifies them without a query; ``labelled``, ``tagged`` and ``of_gtin`` find the spool or
filaments.
A label of another farm is unknown, as one that no farm has printed.
"""

import re
from dataclasses import dataclass
from urllib.parse import unquote

from inventory import codes, gtins
from inventory.models import Filament, Spool

MAX_LENGTH = 300
UNSEEN = re.compile(r"[\x00-\x1f\x7f]")
SYMBOLOGY = re.compile(r"^\][A-Za-z][0-9]")  # what some scanners send first: ]Q3, ]E0
# A keyboard scanner set to another country's layout writes - for /.
ADDRESS = re.compile(r"^(?:https?.+?|)[/-](?P<what>[spr])[/-](?P<code>[^/]+?)/?$", re.IGNORECASE)
# /P/CODE/A2; typed, also CODE/A2.
SLOT = re.compile(
    r"^(?P<address>(?:https?.+?|)[/-]p[/-])?(?P<code>(?:[0-9a-z][- ]?){8}[0-9a-z])(?P<after>[/-])"
    r"(?P<slot>[^/].*?)/?$",
    re.IGNORECASE,
)
SPOOLMAN = re.compile(
    r"^(?:web\+spoolman:(?P<letter>[sf])-|https?://.+/(?P<word>spool|filament)/show/)"
    r"(?P<id>[0-9]{1,18})/?$",
    re.IGNORECASE,
)
GS1 = re.compile(r"^(?:https?://.+/01/|\(01\)|01(?=[0-9]{14}))(?P<gtin>[0-9]{8,14})")
KINDS = {"s": "label", "p": "label", "r": "run"}


@dataclass(frozen=True)
class Symbol:
    """The kind of a text: a ``label`` of ours (spool or printer), that of a ``slot`` (its name
    besides the ``code`` of its printer), the number of a ``run``, a ``gtin``, Spoolman's id of a
    ``spoolman_spool`` or ``spoolman_filament``, or just ``text``.

    ``is_sound`` is False where by its check character or digit it was misread.
    """

    kind: str
    code: str
    is_sound: bool = True
    slot: str = ""


def read(text):
    """The Symbol that ``text`` is; of any text at all."""
    text = SYMBOLOGY.sub("", UNSEEN.sub("", text[:MAX_LENGTH]).strip()).strip()
    if found := SPOOLMAN.match(text):
        kind = {"s": "spool", "f": "filament"}.get((found["letter"] or "").lower(), found["word"])
        return Symbol(f"spoolman_{kind.lower()}", found["id"].lstrip("0") or "0")
    if found := GS1.match(text):
        return _gtin(found["gtin"])
    address = text.partition("?")[0].partition("#")[0]
    typed = SLOT.match(text)  # where a name may have a question mark
    found = typed if typed and not typed["address"] else SLOT.match(address)
    if found and (symbol := _slot(found)):
        return symbol
    if found := ADDRESS.match(address):
        kind, code = KINDS[found["what"].lower()], codes.normalise(found["code"])
        if kind == "run":
            return Symbol(kind, found["code"].upper())
        return Symbol(kind, code, codes.is_valid(code))
    if gtins.has_right_length(digits := gtins.bare(text)):
        return _gtin(digits)
    code = codes.normalise(text)
    return Symbol("label", code) if codes.is_valid(code) else Symbol("text", text)


def labelled(text):
    """The spool of a typed or scanned label, now or before it was relabelled, also of one by
    Spoolman, or of a tag; or None."""
    symbol = read(text)
    if symbol.kind == "spoolman_spool":
        return numbered(Spool.objects.with_filament(), symbol)
    if symbol.kind not in ("label", "text"):
        return tagged(symbol)
    found = Spool.objects.labelled(symbol.code).with_filament().first()
    return found or tagged(symbol)


def tagged(symbol):
    """The spool with a tag of this UID, or None: a UID looks like a label, digits or any text."""
    if symbol.kind not in ("label", "text", "gtin"):
        return None
    return Spool.objects.tagged(symbol.code).with_filament().first()


def numbered(rows, symbol):
    """The row that a label by Spoolman leads to, or None: its id there is the number here."""
    return rows.numbered(int(symbol.code)).first()


def of_gtin(gtin):
    """The filaments in use that carry a GTIN, as ``FilamentQuerySet.of_gtin`` finds them."""
    return Filament.objects.active().with_makers().of_gtin(gtin).order_by("name", "pk")


def _slot(found):
    """The Symbol of a match of SLOT; None if without the rest of an address it is no sound code."""
    code = codes.normalise(found["code"])
    is_sound = codes.is_valid(code)
    if not found["address"] and (found["after"] != "/" or not is_sound):
        return None
    slot = unquote(found["slot"]) if found["address"] else found["slot"]
    return Symbol("slot", code, is_sound, slot.strip())


def _gtin(digits):
    return Symbol("gtin", digits, gtins.is_valid(gtins.normalise(digits)))
