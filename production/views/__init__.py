"""Views of the floor: each gets its object, calls one service and responds."""
