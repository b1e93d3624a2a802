"""Forms of the floor: few fields, prefilled, for fingers in gloves."""
