"""If-Match, rechecked under the row lock: the version a caller expects of the row it changes.

The API says what is expected around the verb; the verb, once it holds the lock, checks the fresh
row. A verb without an expected version is not slowed down.
"""

from contextlib import contextmanager
from contextvars import ContextVar

from django.utils.translation import gettext as _

from tenants.operations.refusals import Stale

_expected = ContextVar("expected_versions", default=None)


@contextmanager
def expecting(versions):
    """Expect the first row that is checked to be of one of ``versions`` (None: of any).

    Raises Stale when nothing was checked though something was expected.
    """
    token = _expected.set(versions)
    try:
        yield
        if _expected.get() is not None:
            raise Stale(_("This has no version that could be compared with the one that was read."))
    finally:
        _expected.reset(token)


def is_expected():
    """Whether the caller expects a version that was not checked yet."""
    return _expected.get() is not None


def check_version(row):
    """Raise Stale unless the locked ``row`` is of an expected version.

    An expected version is checked once, as the version increases within the caller's transaction.
    """
    expected = _expected.get()
    _expected.set(None)
    if expected is not None and row.version not in expected:
        raise Stale(
            _(
                "Somebody changed this in the meantime, it is version %(version)s by now: read "
                "it again, and repeat the change."
            )
            % {"version": row.version},
            version=row.version,
        )
