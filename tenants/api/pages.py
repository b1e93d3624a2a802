"""What people see of an address in a browser: its title, and a body to begin with."""

from django.core.exceptions import ObjectDoesNotExist

from tenants.api.serializers import Body


class ForPeople:
    """For a viewset: ``title_field`` is what its rows are called by, such as a number or a code."""

    title_field = None

    def get_view_name(self):
        """ "Spools", "Spool EKFS9KE3J", "Spool EKFS9KE3J: weigh"."""
        meta = self.queryset.model._meta
        if not self.detail:
            title = meta.verbose_name_plural
        else:
            title = f"{meta.verbose_name} {self._called() or self.kwargs.get('pk', '')}".strip()
        title = title[:1].upper() + title[1:]
        return f"{title}: {self.name.lower()}" if self.name else title

    def example_body(self):
        """A body for somebody to begin with at this address, if it takes one."""
        serializer = self.get_serializer()
        if isinstance(serializer, Body) and "pk" in self.kwargs:
            serializer = self.get_serializer(self.get_object())
        return serializer.example_body()

    def _called(self):
        """What the row is called, for those who may see it."""
        if self.title_field is None or not self._may_see():
            return ""
        rows = self.get_queryset().filter(pk=self.kwargs["pk"])
        try:
            return rows.values_list(self.title_field, flat=True).get()
        except ObjectDoesNotExist:
            return ""

    def _may_see(self):
        return "pk" in self.kwargs and self.request.user.has_perm(self.permission_of("view"))
