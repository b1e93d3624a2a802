"""Groups of a report are made when they are looked at."""

from production.services.reports.groups import Groups

ROWS = [{"key": key, "runs": runs} for key, runs in (("A", 1), ("A", 2), ("B", 3), (None, 4))]


def groups(seen, page=None):
    def names(keys):
        seen.append(keys)
        return {"A": "Alpha"}

    def make(key, name, rows):
        return key, name, sum(row["runs"] for row in rows)

    return Groups(lambda: ROWS, make=make, names=names, page=page)


def test_a_page_makes_no_group_but_its_own():
    seen = []
    found = groups(seen)
    assert (len(found), seen) == (3, [])
    assert found[:2] == [("A", "Alpha", 3), ("B", "B", 3)]
    assert seen == [["A", "B"]]
    assert found[2] == (None, None, 4)


def test_all_of_them_are_named_at_once():
    seen = []
    assert list(groups(seen)) == [("A", "Alpha", 3), ("B", "B", 3), (None, None, 4)]
    assert seen == [["A", "B", None]]


def test_a_page_is_read_alone_where_it_can_be():
    asked = []

    def page(start, end):
        asked.append((start, end))
        return (ROWS[2:3], 3) if start < 3 else ([], None)

    found = groups([], page)
    assert found.read(1, 2, is_counted=True) == ([("B", "B", 3)], 3)
    assert found.read(1, 2, is_counted=False) == ([("B", "B", 3)], True)
    assert found.read(5, 6, is_counted=True) == ([], 3)
    assert asked == [(1, 2), (1, 2), (5, 6)]


def test_a_page_is_of_all_groups_where_it_cannot_be_read_alone():
    found = groups([])
    assert found.read(1, 3, is_counted=True) == ([("B", "B", 3), (None, None, 4)], 3)
    assert found.read(0, 2, is_counted=False)[1] is True
    assert found.read(1, 3, is_counted=False)[1] is False
    assert found.read(3, 6, is_counted=True) == ([], 3)
