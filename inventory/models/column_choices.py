"""How a farm reads the columns of its tables."""

from django.db import models


class ColumnChoice(models.Model):
    """A ``header`` of tables of this kind (``what``), in lower case and without marks, and the
    ``heading`` that somebody chose for it; "" for a column that is left aside."""

    what = models.CharField(max_length=20)
    header = models.CharField(max_length=200)
    heading = models.CharField(max_length=100, blank=True)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["what", "header"], name="column_choice_of_one_header_unique"
            )
        ]

    def __str__(self):
        return self.header
