"""Moving in: what a Spoolman has comes into a farm, with the ids that its labels have."""
