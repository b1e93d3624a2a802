"""Numbers of read-only fields without trailing zeros."""

import functools

from django.contrib import admin
from django.db import models


class ReadOnlyFigures:
    """Formats the decimals that the user may view but not change."""

    def get_fieldsets(self, request, obj=None):
        fieldsets = super().get_fieldsets(request, obj)
        only = None
        if obj is None or self.has_change_permission(request, obj):
            fixed = filter(callable, self.get_readonly_fields(request, obj))
            only = {each.__name__ for each in fixed}
        return [
            (title, {**options, "fields": self.for_viewer(options["fields"], only=only)})
            for title, options in fieldsets
        ]

    def for_viewer(self, name, *, only=None):
        """The display function of a decimal field, or of each of several fields."""
        if isinstance(name, (tuple, list)):
            return type(name)(self.for_viewer(each, only=only) for each in name)
        if callable(name) or only is not None and name not in only:
            return name
        fields = {field.name: field for field in self.opts.concrete_fields}
        is_decimal = isinstance(fields.get(name), models.DecimalField)
        return format_figure(fields[name]) if is_decimal else name


@functools.cache
def format_figure(field):
    """A display function for the field, the same one for each call."""

    @admin.display(description=field.verbose_name)
    def figure(obj):
        value = getattr(obj, field.attname)
        return "–" if value is None else f"{value.normalize():,f}"

    figure.__name__ = field.name
    return figure
