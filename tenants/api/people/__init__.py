"""People, their tokens and their farm, as programs reach them."""
