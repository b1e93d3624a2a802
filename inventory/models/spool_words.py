"""The words of spools: their lots, and their codes."""

from django.db import models
from django.db.models import Func, Value

from inventory import codes

SPOOL_WORDS = (
    "(words_of(lot_number) || array_to_tsvector("
    "ARRAY['=' || code, '+' || substr(code, 4, 3), '+' || substr(code, 7)]))"
)


class HasCode(Func):
    """Whether the code of a spool starts with ``code``, or has it as a printed group."""

    output_field = models.BooleanField()

    def __init__(self, code):
        group = f" | '+{code}'" if len(code) == codes.GROUP else ""
        template = f"({SPOOL_WORDS} @@ (%(expressions)s)::tsquery)"
        super().__init__(Value(f"'={code}':*{group}"), template=template)
