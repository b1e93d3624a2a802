"""The current schema: for keys of cached values, and where it can't be entered."""

from contextvars import ContextVar

from django.db import OperationalError

# None outside of a farm: using the cache then fails, rather than sharing values between farms.
current_schema = ContextVar("current_schema", default=None)


class SchemaUnreachable(OperationalError):
    """The connection could not be set to the tenant's schema and role; it has been closed."""


class NoFarm(LookupError):
    """Something that belongs to a farm was used outside of every farm."""


def cache_key(key, prefix, version):
    """Django's KEY_FUNCTION: the key begins with the schema. Raises NoFarm."""
    schema = current_schema.get()
    if schema is None:
        raise NoFarm("The cache was used outside of a farm; enter one first")
    return f"{schema}:{prefix}:{version}:{key}"
