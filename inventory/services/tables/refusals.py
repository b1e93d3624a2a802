"""Refusals of a whole table."""

from tenants.operations.refusals import Invalid


class UnusableTable(Invalid):
    code = "unusable_table"
    title = "This table can't be read"


class TableTooLarge(UnusableTable):
    code = "table_too_large"
    status = 413
    title = "This table is too large"
