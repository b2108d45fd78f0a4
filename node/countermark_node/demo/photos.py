"""Label pictures as phones take them: turned, soft, unevenly lit, on a busy background. Seeded, so runs repeat."""

from __future__ import annotations

import io
import math
import random
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

_WIDTH, _HEIGHT = 1_280, 960


@dataclass(frozen=True, slots=True)
class Shot:
    """How a picture is taken: degrees of turn, pixels of blur, label height against the picture's, background."""

    degrees: float = 0.0
    blur: float = 0.0
    size: float = 0.55
    busy: bool = False
    noise: float = 0.0


STRAIGHT = Shot()
TURNED = Shot(degrees=33, noise=4)
SOFT = Shot(degrees=-8, blur=1.8, noise=6)
BUSY = Shot(degrees=17, blur=0.8, size=0.5, busy=True, noise=8)


def _busy_background(rng: random.Random) -> Image.Image:
    """Boxes, stripes and text-like bars: what stands around on a packing table."""
    picture = Image.new("L", (_WIDTH, _HEIGHT), 150)
    draw = ImageDraw.Draw(picture)
    for _ in range(90):
        x, y, tone = rng.randrange(_WIDTH), rng.randrange(_HEIGHT), rng.randrange(30, 240)
        draw.rectangle((x, y, x + rng.randrange(20, 260), y + rng.randrange(8, 160)), fill=tone)
    for start in range(0, _WIDTH, 34):
        draw.line((start, 0, start + rng.randrange(-200, 200), _HEIGHT), fill=rng.randrange(60, 220), width=3)
    return picture.filter(ImageFilter.GaussianBlur(1.2))


def _light(pixels: np.ndarray, rng: random.Random, noise: float) -> np.ndarray:
    """A lamp from one side and the grain of a small sensor."""
    slope = np.linspace(rng.uniform(0.75, 0.95), 1.0, _WIDTH)[None, :]
    grain = np.random.default_rng(rng.randrange(1 << 32)).normal(0.0, noise, pixels.shape) if noise else 0.0
    return np.clip(pixels * slope + grain, 0, 255).astype(np.uint8)


def photograph(label: Image.Image, shot: Shot, *, seed: int) -> bytes:
    """A JPEG of `label` lying on a table."""
    rng = random.Random(seed)  # noqa: S311 (pictures, not keys)
    table = _busy_background(rng) if shot.busy else Image.new("L", (_WIDTH, _HEIGHT), 196)
    scale = shot.size * _HEIGHT / label.height
    small = label.resize((math.ceil(label.width * scale), math.ceil(label.height * scale)), Image.Resampling.LANCZOS)
    mask = Image.new("L", small.size, 255).rotate(shot.degrees, expand=True)
    turned = small.rotate(shot.degrees, Image.Resampling.BICUBIC, expand=True, fillcolor=255)
    place = tuple(rng.randrange(20, max(21, room - 20)) for room in (_WIDTH - turned.width, _HEIGHT - turned.height))
    table.paste(turned, (place[0], place[1]), mask)
    if shot.blur:
        table = table.filter(ImageFilter.GaussianBlur(shot.blur))
    buffer = io.BytesIO()
    Image.fromarray(_light(np.asarray(table, dtype=np.float64), rng, shot.noise)).save(buffer, "JPEG", quality=86)
    return buffer.getvalue()
