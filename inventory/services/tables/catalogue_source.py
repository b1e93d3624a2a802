"""Reads a catalogue from a file or an http(s) address."""

import json
import urllib.error
import urllib.request
from decimal import Decimal, InvalidOperation
from pathlib import Path

from django.utils.translation import gettext as _

from tenants.operations.refusals import Invalid

MAX_BYTES = 64 * 1024 * 1024  # SpoolmanDB of 2026 has under 4
MAX_ENTRIES = 50_000  # SpoolmanDB has under 10,000
TIMEOUT_SECONDS = 20


class UnusableCatalogue(Invalid):
    code = "unusable_catalogue"
    title = "This is not a catalogue of filaments"


def read(place):
    """The entries at ``place``, a path or an http(s) address; numbers come as Decimal.

    Raises UnusableCatalogue, which says what is wrong and what to do.
    """
    is_address = place.lower().startswith(("http://", "https://"))
    return from_bytes(_download(place) if is_address else _file(place), place)


def from_bytes(content, place):
    """The entries of a file's ``content``, called ``place``. Raises UnusableCatalogue."""
    try:
        text = content.decode("utf-8-sig")
        found = json.loads(text, parse_float=_number, parse_int=_number, parse_constant=_number)
    except UnicodeDecodeError as error:
        message = _("%(place)s is not UTF-8 text (byte %(byte)s): is it compressed? %(expected)s")
        raise _unusable(message, place, byte=error.start) from error
    except json.JSONDecodeError as error:
        figures = {"line": error.lineno, "column": error.colno, "problem": error.msg}
        raise _unusable(_json_problem(text, error), place, **figures) from error
    except RecursionError as error:
        raise _unusable(_("%(place)s is nested too deeply. %(expected)s"), place) from error
    return entries(found, place)


def entries(found, place):
    """What was ``found`` at ``place``, if it is a list. Raises UnusableCatalogue."""
    if isinstance(found, dict):
        raise _unusable(_("%(place)s holds one object, not a list. %(expected)s"), place)
    if not isinstance(found, list):
        raise _unusable(_("%(place)s holds one value, not a list. %(expected)s"), place)
    if len(found) > MAX_ENTRIES:
        message = _(
            "%(place)s holds %(count)s entries; at most %(most)s are read at once: split it."
        )
        raise _unusable(message, place, count=f"{len(found):,}", most=f"{MAX_ENTRIES:,}")
    return found


def _file(place):
    if "://" in place:
        raise _unusable(_("%(place)s: only http and https addresses can be read."), place)
    path = Path(place).expanduser()
    try:
        with path.open("rb") as file:
            return _limited(file, place)
    except FileNotFoundError:
        message = _("%(place)s does not exist (looked for %(path)s).")
        raise _unusable(message, place, path=path.absolute()) from None
    except IsADirectoryError:
        raise _unusable(_("%(place)s is a folder: name the file in it."), place) from None
    except (OSError, ValueError) as error:
        raise _unusable(_("%(place)s can't be read: %(error)s."), place, error=error) from error


def _download(address):
    request = urllib.request.Request(address, headers={"User-Agent": "Spoolbook"})
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as answer:  # nosec B310
            return _limited(answer, address)
    except urllib.error.HTTPError as error:
        message = _("%(place)s answered %(status)s: open it in a browser to check it.")
        status = f"{error.code} {error.reason}"
        raise _unusable(message, address, status=status) from error
    except TimeoutError as error:
        message = _("%(place)s did not answer in %(seconds)s seconds.")
        raise _unusable(message, address, seconds=TIMEOUT_SECONDS) from error
    except (OSError, ValueError) as error:
        message = _(
            "%(place)s can't be reached: %(reason)s. Or download it yourself and name the file."
        )
        raise _unusable(message, address, reason=getattr(error, "reason", error)) from error


def _limited(stream, place):
    content = stream.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        message = _("%(place)s is larger than %(most)s MB.")
        raise _unusable(message, place, most=MAX_BYTES // 1024**2)
    return content


def _number(digits):
    """As exact as it was written; what no Decimal can hold makes its own entry unusable only."""
    try:
        return Decimal(digits)
    except InvalidOperation:
        return Decimal("NaN")


def _json_problem(text, error):
    start = text.lstrip()[:200].lower()
    if not start:
        return _("%(place)s is empty. %(expected)s")
    if start.startswith("<"):
        return _("%(place)s is a web page, not JSON: use the address of the raw file. %(expected)s")
    if error.pos >= len(text.rstrip()) or error.msg.startswith("Unterminated"):
        return _("%(place)s ends in the middle of an entry: it was cut off; fetch it again.")
    return _("%(place)s is not JSON (line %(line)s, column %(column)s: %(problem)s). %(expected)s")


def _unusable(message, place, **figures):
    expected = _("Expected is a list of filaments, such as SpoolmanDB's compiled filaments.json.")
    return UnusableCatalogue(message % {"place": place, "expected": expected, **figures})
