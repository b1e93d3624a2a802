"""UIDs of tags among the extra values of a spool, where programs of printers keep them."""

from inventory import uids
from inventory.models import SpoolTag
from inventory.services.extra_values import decoded

# `tag`: OpenSpoolMan, SpoolmanSync, the AMS bridges. `nfc_id`: SpoolSense and other readers, which
# put the tags on both sides of a reel into it, with a comma between.
KEYS = ("tag", "nfc_id")
MAX_LENGTH = SpoolTag._meta.get_field("uid").max_length
MOST = 10  # of one spool


def uids_in(extra):
    """The UIDs that extra values (``{key: JSON as text, or None}``) name, each once."""
    texts = [text for key in KEYS for text in _texts(decoded(extra.get(key)))]
    found = [uids.normalise(text) for text in texts]
    return list(dict.fromkeys(filter(is_uid, found)))[:MOST]


def without(extra, uid):
    """The extra values without those that name the UID."""
    gone = [key for key in KEYS if key in extra and uid in uids_in({key: extra[key]})]
    return {key: raw for key, raw in extra.items() if key not in gone}


def is_uid(uid):
    """Whether a normalised text can be that of a tag."""
    return bool(uid) and len(uid) <= MAX_LENGTH and uid.isprintable()


def _texts(value):
    """An AMS says 000...0 of a reel without a tag; programs clear a value by quotes alone."""
    values = value.split(",") if isinstance(value, str) else value
    if not isinstance(values, list):
        return []
    texts = [each.strip("\"' ") for each in values if isinstance(each, str)]
    return [text for text in texts if text.strip("0:- ")]
