"""Forms of runs, for the floor and the admin."""
