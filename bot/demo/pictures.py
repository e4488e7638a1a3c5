"""Drawn photos of hazards and of what was done about them: nobody's street, nobody's face, no two alike."""

from random import Random

from PIL import Image, ImageDraw, ImageFilter

from bot.services.attachments import attachments
from bot.services.attachments.attachments import Made

WIDTH, HEIGHT = 480, 360
HORIZON = (110, 190)  # where the road begins, pixels from the top


def draw(chance: Random, *, mended: bool) -> Made:
    """A street with houses under a sky; on the road the hazard, or the patch that mended it."""
    picture = Image.new("RGB", (WIDTH, HEIGHT), _shade(chance, (150, 180, 205), 45))
    pen = ImageDraw.Draw(picture)
    horizon = chance.randrange(*HORIZON)
    _houses(pen, chance, horizon)
    pen.rectangle((0, horizon, WIDTH, HEIGHT), fill=_shade(chance, (105, 105, 110), 30))
    kerb = chance.randrange(-120, WIDTH // 2)
    pen.polygon(
        [(kerb, HEIGHT), (kerb + 150, horizon), (kerb + 190, horizon), (kerb + 130, HEIGHT)],
        fill=_shade(chance, (160, 158, 150), 20),
    )
    _spot(pen, chance, horizon, mended=mended)
    return attachments.made_of(picture.filter(ImageFilter.BoxBlur(1)))


def _houses(pen: ImageDraw.ImageDraw, chance: Random, horizon: int) -> None:
    left = -chance.randrange(60)
    while left < WIDTH:
        right, top = left + chance.randrange(50, 150), horizon - chance.randrange(30, 110)
        pen.rectangle((left, top, right, horizon), fill=_shade(chance, (150, 135, 120), 60))
        for column in range(left + 8, right - 12, 22):
            for row in range(top + 8, horizon - 12, 24):
                pen.rectangle((column, row, column + 9, row + 12), fill=_shade(chance, (90, 105, 120), 25))
        left = right + chance.randrange(4, 30)


def _spot(pen: ImageDraw.ImageDraw, chance: Random, horizon: int, *, mended: bool) -> None:
    across, down = chance.randrange(60, 170), chance.randrange(30, 80)
    left, top = chance.randrange(40, WIDTH - 200), chance.randrange(horizon + 30, HEIGHT - 90)
    box = (left, top, left + across, top + down)
    if mended:
        pen.rectangle(box, fill=_shade(chance, (70, 70, 74), 12), outline=(200, 200, 195), width=3)
        return
    pen.ellipse(box, fill=_shade(chance, (38, 34, 32), 10), outline=_shade(chance, (85, 75, 65), 15), width=6)
    for _ in range(chance.randrange(3, 8)):
        x, y = left + chance.randrange(across), top + chance.randrange(down)
        pen.line((x, y, x + chance.randrange(-50, 50), y + chance.randrange(-25, 25)), fill=(55, 50, 48), width=3)


def _shade(chance: Random, colour: tuple[int, int, int], by: int) -> tuple[int, int, int]:
    more = chance.randrange(-by, by + 1)
    red, green, blue = (max(0, min(255, part + more)) for part in colour)
    return red, green, blue
