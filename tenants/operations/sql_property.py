"""Properties of models that SQL can compute as well."""


class SQLProperty(property):
    """A property, and the expression of the ORM that gives the same value."""

    def __init__(self, get, expression):
        super().__init__(get, doc=get.__doc__)
        self.expression = expression


def sql_property(expression):
    """``@sql_property(F("a") - F("b"))`` above the property that returns ``self.a - self.b``.

    For a property that the API represents, or that a QuerySet annotates: a test compares both.
    """
    return lambda get: SQLProperty(get, expression)
