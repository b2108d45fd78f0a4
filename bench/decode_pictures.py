"""What the decoders read out of simulated photographs of labels: `python bench/decode_pictures.py`.

Simulated and seeded: it shows how reading degrades and not what share of real photographs is read.
"""

from __future__ import annotations

import io
import random
import time
from collections.abc import Callable

import numpy as np
from PIL import Image, ImageChops, ImageDraw, ImageFilter

from countermark.gs1.digital_link import build_link
from countermark.gs1.identity import ItemKey
from countermark.labels.signature import sign_label
from countermark.p256 import PrivateKey
from countermark.printing.picture import label_png
from countermark.printing.print_label import PrintLabel
from countermark_scanner.decode import decode_grey, decode_picture, zbar_available
from countermark_scanner.pictures import read_grey

KEY = PrivateKey.from_secret(b"a key for pictures only".ljust(48, b"."))
Picture = Image.Image
Distortion = Callable[[Picture, float, random.Random], Picture]


def label_link(number: int) -> str:
    """A signed link, different for each number."""
    item = ItemKey("09501101020917", f"5K2V7QX0M3N{number:05}")
    return build_link("id.brand.example", item, s=sign_label(item, KEY))


def label_picture(link: str, number: int, scale: int = 5) -> Picture:
    """The printed label, `scale` pixels a module."""
    item = ItemKey("09501101020917", f"5K2V7QX0M3N{number:05}")
    return Image.open(io.BytesIO(label_png(PrintLabel(0, item, link), scale=scale))).convert("L")


def straight(label: Picture, _level: float, _dice: random.Random) -> Picture:
    """As printed."""
    return label


def rotated(label: Picture, level: float, _dice: random.Random) -> Picture:
    """Turned by `level` degrees."""
    return label.rotate(level, Image.Resampling.BICUBIC, expand=True, fillcolor=255)


def blurred(label: Picture, level: float, _dice: random.Random) -> Picture:
    """Out of focus by a Gaussian of `level` pixels (5 pixels a module)."""
    return label.filter(ImageFilter.GaussianBlur(level))


def smeared(label: Picture, level: float, _dice: random.Random) -> Picture:
    """Moved sideways by `level` pixels while the shutter was open."""
    steps = [np.asarray(ImageChops.offset(label, step, 0), dtype=np.float64) for step in range(round(level))]
    return Image.fromarray(np.mean(steps, axis=0).astype(np.uint8))


def perspective(label: Picture, level: float, dice: random.Random) -> Picture:
    """Seen from the side: each corner moved inwards by up to `level` of the width."""
    width, height = label.size
    aside = [dice.uniform(0, level) * width for _ in range(8)]
    target = [
        (aside[0], aside[1]),
        (width - aside[2], aside[3]),
        (width - aside[4], height - aside[5]),
        (aside[6], height - aside[7]),
    ]
    source = [(0, 0), (width, 0), (width, height), (0, height)]
    rows, values = [], []
    for (x, y), (u, v) in zip(target, source, strict=True):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
        values += [u, v]
    matrix = np.linalg.solve(np.array(rows, float), np.array(values, float)).tolist()
    return label.transform(label.size, Image.Transform.PERSPECTIVE, matrix, Image.Resampling.BICUBIC, fillcolor=255)


def noisy(label: Picture, level: float, dice: random.Random) -> Picture:
    """Sensor noise of `level` grey values, then JPEG at quality 40."""
    noise = np.random.default_rng(dice.getrandbits(32)).normal(0, level, (label.height, label.width))
    grey = np.clip(0.6 * np.asarray(label, float) + 50 + noise, 0, 255).astype(np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(grey).save(buffer, "JPEG", quality=40)
    return Image.open(buffer)


def busy(label: Picture, level: float, dice: random.Random) -> Picture:
    """On a table full of `level` stripes, boxes and words, tilted, with uneven light."""
    side = 3 * label.width
    scene = Image.new("L", (side, side), 120)
    draw = ImageDraw.Draw(scene)
    for _ in range(round(level)):
        x, y = dice.randrange(side), dice.randrange(side)
        box = (x, y, x + dice.randrange(4, 200), y + dice.randrange(4, 60))
        draw.rectangle(box, fill=dice.randrange(256), outline=dice.randrange(256))
        draw.text((y, x), "LOT 7 EXP 2027", fill=dice.randrange(256))
    tilted = label.rotate(dice.uniform(-30, 30), Image.Resampling.BICUBIC, expand=True)
    scene.paste(tilted, (side // 4, side // 5))
    light = Image.linear_gradient("L").resize(scene.size).point(lambda value: 110 + value // 2)
    return ImageChops.multiply(scene, light)


def small(label: Picture, level: float, _dice: random.Random) -> Picture:
    """Far away: `level` pixels a module, somewhere in a 12-megapixel picture."""
    factor = level / 5
    far = label.resize((round(label.width * factor), round(label.height * factor)), Image.Resampling.BILINEAR)
    scene = Image.new("L", (4000, 3000), 170)
    scene.paste(far, (2900, 1900))
    return scene


VARIANTS: dict[str, tuple[Distortion, tuple[float, ...]]] = {
    "straight": (straight, (0,)),
    "rotated, degrees": (rotated, (7, 45, 90, 133, 180, 250, 359)),
    "blurred, pixels": (blurred, (1.5, 2.5, 3, 3.5, 4)),
    "smeared, pixels": (smeared, (4, 7, 9)),
    "perspective, share": (perspective, (0.05, 0.1, 0.15, 0.2)),
    "noisy, grey values": (noisy, (20, 40, 60, 90)),
    "busy, things": (busy, (50, 500)),
    "small, pixels a module": (small, (3, 2.5, 2, 1.5)),
}


def photograph(name: str, level: float, number: int) -> bytes:
    """The PNG file of one variant; the same arguments give the same file."""
    distort, _ = VARIANTS[name]
    dice = random.Random(f"{name}/{level}/{number}")  # noqa: S311 (seeded, no secret)
    picture = distort(label_picture(label_link(number), number), level, dice)
    buffer = io.BytesIO()
    picture.save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()


def reads(data: bytes, link: str) -> bool:
    """Whether the picture gives exactly this link."""
    return {code.text for code in decode_picture(data)} == {link}


def main(pictures: int = 20) -> None:
    """Print a table: share read and mean time to decode (without reading the file) for each variant and level."""
    print(f"zbar: {'yes' if zbar_available() else 'no'}; {pictures} pictures a row")
    print(f"{'variant':28} {'level':>6} {'read':>6} {'ms':>8}")
    for name, (_, levels) in VARIANTS.items():
        for level in levels:
            read, spent = 0, 0.0
            for number in range(pictures):
                data = photograph(name, level, number)
                pixels = read_grey(data)
                started = time.perf_counter()
                decode_grey(pixels)
                spent += time.perf_counter() - started
                read += reads(data, label_link(number))
            print(f"{name:28} {level:6g} {read / pictures:6.0%} {1000 * spent / pictures:8.1f}")


if __name__ == "__main__":
    main()
