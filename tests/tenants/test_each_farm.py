"""The same work in farm after farm."""

import logging

from django.db import DatabaseError, connection

from tenants.jobs.each_farm import in_each_farm


def test_a_farm_where_it_fails_keeps_no_other_from_its_own(committed_farms, caplog):
    entered = []

    def work():
        entered.append(connection.schema_name)
        if len(entered) == 1:
            raise DatabaseError("no such table")

    with caplog.at_level(logging.ERROR):
        in_each_farm([(farm, work) for farm in committed_farms], "Not done in %s")
    assert entered == [farm.schema_name for farm in committed_farms]
    assert [record.getMessage() for record in caplog.records] == [f"Not done in {entered[0]}"]
    assert connection.schema_name == "public"
