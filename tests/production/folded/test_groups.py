"""Groups of a report are made when they are looked at."""

from production.services.reports.groups import Groups

ROWS = [{"key": key, "runs": runs} for key, runs in (("A", 1), ("A", 2), ("B", 3), (None, 4))]


def groups(seen):
    def names(keys):
        seen.append(keys)
        return {"A": "Alpha"}

    def make(key, name, rows):
        return key, name, sum(row["runs"] for row in rows)

    return Groups(ROWS, make=make, names=names)


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
