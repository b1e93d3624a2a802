"""What devices report."""

from inventory.services import metering


def report(spool, token, grams=1, **more):
    """Grams of a spool, by the program with the token; returns the spool as it answers it."""
    return metering.use(spool.number, token=token, by=token.user, grams=grams, **more)
