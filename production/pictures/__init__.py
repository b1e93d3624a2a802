"""Pictures that strangers send: looked at, decoded within bounds, and encoded anew."""

from production.pictures.encoding import EncodedPicture, encode
from production.pictures.refusals import UnreadablePicture

__all__ = ["EncodedPicture", "UnreadablePicture", "encode"]
