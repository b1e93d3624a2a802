"""Reading a catalogue: a file, or an address that somebody typed."""

import json
import urllib.error
import urllib.request
from decimal import Decimal, InvalidOperation
from pathlib import Path

from tenants.operations.refusals import Invalid

LONGEST_BYTES = 64 * 1024 * 1024  # SpoolmanDB of 2026 has under 4
MOST_ENTRIES = 50_000  # SpoolmanDB has under 10,000
TIMEOUT_SECONDS = 20
EXPECTED = "Expected is a list of filaments, such as SpoolmanDB's compiled filaments.json."


class UnusableCatalogue(Invalid):
    """A file or address that holds no catalogue at all."""

    code = "unusable_catalogue"
    title = "This is not a catalogue of filaments"


def read(place):
    """The entries at ``place``, a path or an http(s) address; numbers come as Decimal.

    Raises UnusableCatalogue, which says what is wrong and what to do.
    """
    is_address = place.lower().startswith(("http://", "https://"))
    content = _download(place) if is_address else _file(place)
    return from_bytes(content, place)


def from_bytes(content, place):
    """The entries of a file's ``content``, called ``place``. Raises UnusableCatalogue."""
    return entries(_json(_text(content, place), place), place)


def entries(found, place):
    """What was ``found`` at ``place``, if it is a list. Raises UnusableCatalogue."""
    if isinstance(found, list):
        if len(found) > MOST_ENTRIES:
            raise UnusableCatalogue(
                f"{place} holds {len(found):,} entries; at most {MOST_ENTRIES:,} are read at once: "
                "split it."
            )
        return found
    kind = "object" if isinstance(found, dict) else "value"
    raise UnusableCatalogue(f"{place} holds one {kind}, not a list. {EXPECTED}")


def _file(place):
    if "://" in place:
        raise UnusableCatalogue(f"{place}: only http and https addresses can be read.")
    path = Path(place).expanduser()
    try:
        if path.is_dir():
            raise UnusableCatalogue(f"{place} is a folder: name the file in it.")
        with path.open("rb") as file:
            return _limited(file, place)
    except FileNotFoundError:
        raise UnusableCatalogue(f"{place} does not exist (looked for {path.absolute()}).") from None
    except (OSError, ValueError) as error:
        raise UnusableCatalogue(f"{place} can't be read: {error}.") from error


def _download(address):
    request = urllib.request.Request(address, headers={"User-Agent": "Spoolbook"})  # noqa: S310
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as answer:  # noqa: S310
            return _limited(answer, address)
    except urllib.error.HTTPError as error:
        raise UnusableCatalogue(
            f"{address} answered {error.code} {error.reason}: open it in a browser to check it."
        ) from error
    except TimeoutError as error:
        raise UnusableCatalogue(
            f"{address} did not answer in {TIMEOUT_SECONDS} seconds."
        ) from error
    except (OSError, ValueError, urllib.error.URLError) as error:
        reason = getattr(error, "reason", error)
        raise UnusableCatalogue(
            f"{address} can't be reached: {reason}. Or download it yourself and name the file."
        ) from error


def _limited(stream, place):
    content = stream.read(LONGEST_BYTES + 1)
    if len(content) > LONGEST_BYTES:
        raise UnusableCatalogue(f"{place} is larger than {LONGEST_BYTES // 1024**2} MB.")
    return content


def _text(content, place):
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UnusableCatalogue(
            f"{place} is not UTF-8 text (byte {error.start}): is it compressed? {EXPECTED}"
        ) from error


def _json(text, place):
    try:
        return json.loads(text, parse_float=_number, parse_int=_number, parse_constant=_number)
    except json.JSONDecodeError as error:
        raise UnusableCatalogue(_what_is_wrong(text, error, place)) from error
    except RecursionError as error:
        raise UnusableCatalogue(f"{place} is nested too deeply. {EXPECTED}") from error


def _number(digits):
    """As exact as it was written; what no Decimal can hold makes its own entry unusable only."""
    try:
        return Decimal(digits)
    except InvalidOperation:
        return Decimal("NaN")


def _what_is_wrong(text, error, place):
    start = text.lstrip()[:200].lower()
    if not start:
        return f"{place} is empty. {EXPECTED}"
    if start.startswith("<"):
        return f"{place} is a web page, not JSON: use the address of the raw file. {EXPECTED}"
    if error.pos >= len(text.rstrip()) or error.msg.startswith("Unterminated"):
        return f"{place} ends in the middle of an entry: it was cut off; fetch it again."
    return (
        f"{place} is not JSON (line {error.lineno}, column {error.colno}: {error.msg}). {EXPECTED}"
    )
