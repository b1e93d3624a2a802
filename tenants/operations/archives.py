"""Zip archives that strangers send."""

from zipfile import ZIP_DEFLATED, ZIP_STORED

# By the others a few bytes become gigabytes: zipfile has no limit of what comes out of them.
BOUNDED_METHODS = (ZIP_STORED, ZIP_DEFLATED)


def is_bounded(member):
    """Whether a member (ZipInfo) can be read piece by piece, each in bounded memory."""
    return member.compress_type in BOUNDED_METHODS
