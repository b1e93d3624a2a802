"""What hypothesis draws for a step of a day, and which steps can be taken at all."""

from decimal import Decimal

from hypothesis import strategies as st

OPEN, CLOSED = ("planned", "in_progress"), ("completed", "failed", "cancelled")

number = st.integers(0, 11)  # which one, of however many there are
grams = st.sampled_from([Decimal(each) for each in ("0.5", "12.34", "30", "60", "100", "250")])
purge = st.sampled_from([Decimal(each) for each in ("0", "0", "2.5", "8")])
seldom = st.sampled_from([False, False, False, True])
mostly = st.sampled_from([True, True, True, False])
who = st.sampled_from([None, "manager", "manager", "operator"])
override = st.sampled_from(["", "", "", "", "It is urgent"])
# How the use of a material is given, and by which share of the plan.
way_of_use = st.tuples(
    st.sampled_from(
        ["nothing", "nothing", "typed", "typed", "part only", "scale", "scale", "both weights"]
    ),
    st.sampled_from([Decimal(each) for each in ("0", "0.6", "0.9", "1", "1.2", "1.7", "-0.1")]),
    seldom,
)
ways = st.tuples(way_of_use, way_of_use, way_of_use)
counts = st.sampled_from([None, (1, 0), (0, 1), (2, 1), (1, 0), (3, 0), (9, 0)])
# The materials of a new run: which spool, part and purge grams, and the requirement by name.
takes = st.lists(
    st.tuples(
        number,
        grams,
        purge,
        st.sampled_from(["spool", "spool", "filament", "type", "type and spool", "other"]),
    ),
    min_size=1,
    max_size=3,
)


def has(*statuses):
    """Whether there is a run for the verb: runs in another status are tried as well, but seldom."""
    return lambda day: any(day.runs_in(statuses))


def has_lines(*statuses):
    return lambda day: any(run.lines for run in day.runs_in(statuses))


def at_times(condition):
    """Not at every step: the day is for what books filament."""
    return lambda day: day.steps % 3 == 0 and condition(day)
