"""What apps look after in all farms, besides their migrations: registered when they are ready."""

_checks = []


def register(check):
    """``check(schemas)`` returns ``{schema: reason}`` of the farms that are not well."""
    _checks.append(check)


def examine(schemas):
    """``{schema: reason}`` of all checks. Raises DatabaseError."""
    found = {}
    for check in _checks:
        found |= check(schemas)
    return found
