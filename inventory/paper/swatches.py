"""A filament's colour, or its colours side by side, as a square with a thin edge."""

EDGE_GREY = 0.35


def colors_of(filament):
    """The colours as ``(red, green, blue)`` from 0 to 1."""
    return tuple(
        tuple(int(color[place : place + 2], 16) / 255 for place in (0, 2, 4))
        for color in filament.hexes
    )


def hexes_of(filament):
    """The colours as ``#336699``, for where they have no name."""
    return " ".join(f"#{color[:6]}" for color in filament.hexes)


def draw(canvas, colors, x, y, side):
    canvas.saveState()
    part = side / len(colors)
    for place, color in enumerate(colors):
        canvas.setFillColorRGB(*color)
        canvas.rect(x + place * part, y, part, side, stroke=0, fill=1)
    canvas.setStrokeGray(EDGE_GREY)
    canvas.setLineWidth(0.4)
    canvas.rect(x, y, side, side, stroke=1, fill=0)
    canvas.restoreState()
