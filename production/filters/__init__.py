"""The filters of production's lists and reports."""
