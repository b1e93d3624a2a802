"""Values of the farm's own fields, as clients of the printers' API give them."""


def merged(extra, changes):
    """``extra`` with the ``changes`` ({key: JSON as text}); None takes a key out."""
    values = {**extra, **changes}
    return {key: value for key, value in values.items() if value is not None}
