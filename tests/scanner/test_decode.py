"""Pictures of labels are read; hostile files end in one clear refusal, quickly."""

from __future__ import annotations

import importlib.util
import io
import os
import random
import struct
import time
import zlib
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import zxingcpp
from PIL import Image, features
from PIL.PngImagePlugin import PngInfo

from countermark.errors import CountermarkError, LabelRefused, PictureRefused, TooLarge
from countermark.gs1.identity import ItemKey
from countermark.limits import DEFAULT_LIMITS
from countermark_scanner.decode import DecodedCode, decode_grey, decode_picture, zbar_available
from countermark_scanner.found_codes import FoundCode
from countermark_scanner.picture_label import choose_label, picture_label
from countermark_scanner.pictures import read_grey

ITEM = ItemKey("09501101020917", "5K2V7QX0M3N00001")
LINK = f"https://id.brand.example/01/{ITEM.gtin}/21/{ITEM.serial}"
EAN13 = "9501101020917"


@pytest.fixture(scope="module")
def photos() -> ModuleType:
    """The simulated photographs of bench/decode_pictures.py."""
    path = Path(__file__).parents[2] / "bench" / "decode_pictures.py"
    spec = importlib.util.spec_from_file_location("decode_pictures", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def code(text: str, kind: str = "QRCode", scale: int = 4, **options: object) -> Image.Image:
    made = zxingcpp.create_barcode(text, getattr(zxingcpp.BarcodeFormat, kind), **options)
    return Image.fromarray(np.asarray(made.to_image(scale=scale, add_quiet_zones=True)))


def stacked(*pictures: Image.Image) -> Image.Image:
    side = 40 + max(picture.width for picture in pictures)
    page = Image.new("L", (side, 40 + sum(picture.height + 40 for picture in pictures)), 255)
    top = 40
    for picture in pictures:
        page.paste(picture, (20, top))
        top += picture.height + 40
    return page


def saved(picture: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


def png(width: int, height: int, chunks: bytes = b"", data: bytes = b"") -> bytes:
    """A grey PNG whose header says `width` x `height`, whatever it holds."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunks + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def refused_as(data: bytes) -> str:
    with pytest.raises(CountermarkError) as refused:
        picture_label(data)
    assert len(refused.value.line()) < 1_000
    return refused.value.reason


@pytest.mark.parametrize(
    ("variant", "level"),
    [
        ("straight", 0),
        ("rotated, degrees", 45),
        ("rotated, degrees", 180),
        ("rotated, degrees", 250),
        ("blurred, pixels", 1.5),
        ("smeared, pixels", 7),
        ("perspective, share", 0.2),
        ("noisy, grey values", 20),
        ("noisy, grey values", 60),
        ("busy, things", 500),
        ("small, pixels a module", 2),
    ],
)
def test_photographed_label_is_read_exactly(photos: ModuleType, variant: str, level: float) -> None:
    for number in range(3):
        assert photos.reads(photos.photograph(variant, level, number), photos.label_link(number)), number


@pytest.mark.parametrize(
    ("kind", "options"),
    [("PNG", {}), ("JPEG", {"quality": 70}), ("WEBP", {"quality": 70}), ("WEBP", {"lossless": True})],
)
def test_each_kind_of_picture_is_read(kind: str, options: dict[str, object]) -> None:
    assert features.check("webp")
    assert picture_label(saved(code(LINK), kind, **options)).item == ITEM


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
def test_each_pixel_format_is_read(mode: str) -> None:
    if mode == "I;16":
        picture = Image.fromarray(np.asarray(code(LINK)).astype(np.uint16) * 257)
    else:
        picture = code(LINK).convert(mode)
    assert picture_label(saved(picture)).item == ITEM


def test_cmyk_jpeg_is_read() -> None:
    assert picture_label(saved(code(LINK).convert("RGB").convert("CMYK"), "JPEG")).item == ITEM


def test_code_on_a_transparent_ground_is_read() -> None:
    dark = Image.eval(code(LINK), lambda value: 255 - value)
    nothing = Image.new("L", dark.size, 0)
    assert picture_label(saved(Image.merge("LA", (nothing, dark)))).item == ITEM


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_changes_nothing(orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    assert picture_label(saved(code(LINK).convert("RGB"), "JPEG", exif=exif)).item == ITEM


def test_only_the_first_frame_of_an_animation_counts() -> None:
    other = code("https://evil.example/01/09501101020917/21/EVIL").resize(code(LINK).size)
    for kind in ("PNG", "WEBP"):
        data = saved(code(LINK), kind, save_all=True, append_images=[other])
        assert [found.text for found in decode_picture(data)] == [LINK]


def test_corners_lie_in_the_whole_picture_also_when_it_was_reduced_or_tiled() -> None:
    page = Image.new("L", (4000, 3000), 255)
    for scale in (2, 8):
        page.paste(255, (0, 0, 4000, 3000))
        picture = code(LINK, scale=scale)
        page.paste(picture, (3000, 2000))
        (found,) = decode_grey(np.asarray(page))
        quiet = 4 * scale
        size = picture.width - 2 * quiet
        expected = [(3000 + quiet + x, 2000 + quiet + y) for x, y in ((0, 0), (size, 0), (size, size), (0, size))]
        for corner, wanted in zip(found.corners, expected, strict=True):
            assert corner == pytest.approx(wanted, abs=3 * scale)


def test_gs1_datamatrix_and_linear_codes_keep_their_elements_apart() -> None:
    elements = "(01)09501101020917(10)L7(21)A-1"
    for kind in ("DataMatrix", "Code128"):
        label = picture_label(saved(stacked(code(elements, kind, scale=3, gs1=True))))
        assert (label.item, label.lot, label.form) == (ItemKey(ITEM.gtin, "A-1"), "L7", "element-string")


def test_picture_and_hand_scanner_give_the_same_label() -> None:
    assert picture_label(saved(code(LINK))).raw == LINK


def test_picture_without_a_code_is_refused() -> None:
    assert refused_as(saved(Image.new("L", (200, 200), 255))) == "no-code"
    assert refused_as(saved(Image.effect_noise((300, 300), 80))) == "no-code"


def test_two_different_labels_in_one_picture_are_refused_and_listed() -> None:
    other = LINK.replace("00001", "00002")
    with pytest.raises(PictureRefused) as refused:
        picture_label(saved(stacked(code(LINK), code(other))))
    assert refused.value.reason == "several-codes"
    assert sorted(refused.value.extra["codes"]) == [LINK, other]


@pytest.mark.parametrize(
    "other",
    [
        "https://evil.example/",
        f"https://evil.example/01/{ITEM.gtin}",
        LINK.replace("id.brand.example", "evil.example"),
        LINK + "?s=AAAA",
        "WIFI:S:free;;",
    ],
)
def test_label_beside_another_code_is_ambiguous(other: str) -> None:
    assert refused_as(saved(stacked(code(LINK), code(other)))) == "several-codes"


def test_each_code_of_a_crowded_picture_is_listed_with_what_it_names() -> None:
    page = stacked(
        code(LINK),
        code(f"(01){ITEM.gtin}(21)OTHER", "DataMatrix", gs1=True),
        code(EAN13, "EAN13", scale=3),
        code(f"(01){ITEM.gtin}(10)L9", "Code128", scale=3, gs1=True),
        code("19501101020914", "ITF14", scale=3),
        code(ITEM.gtin, "DataBarOmni", scale=3),
        code("(00)106141411234567897", "Code128", scale=3, gs1=True),
    )
    with pytest.raises(PictureRefused) as refused:
        picture_label(saved(page))
    found = {
        (each["format"], each.get("gtin"), each.get("serial"), each.get("lot"), each.get("sscc"))
        for each in refused.value.extra["found"]
    }
    assert found == {
        ("QR Code", ITEM.gtin, ITEM.serial, None, None),
        ("Data Matrix", ITEM.gtin, "OTHER", None, None),
        ("EAN-13", ITEM.gtin, None, None, None),
        ("Code 128", ITEM.gtin, None, "L9", None),
        ("ITF", "19501101020914", None, None, None),
        ("DataBar Omni", ITEM.gtin, None, None, None),
        ("Code 128", None, None, None, "106141411234567897"),
    }


@pytest.mark.parametrize(
    ("kind", "text"),
    [("UPCA", "036000291452"), ("UPCE", "01234565"), ("EAN8", "96385074"), ("ITF14", "09501101020917")],
)
def test_linear_code_names_its_product(kind: str, text: str) -> None:
    (found,) = (FoundCode.of(each) for each in decode_picture(saved(stacked(code(text, kind, scale=3)))))
    assert found.gtin is not None
    assert found.reason is None


def test_code_that_is_not_gs1s_is_listed_with_the_reason() -> None:
    (found,) = (FoundCode.of(each) for each in decode_picture(saved(code("WIFI:S:free;;"))))
    assert (found.gtin, found.reason) == (None, "not-a-label")


def test_lot_in_a_second_code_must_be_the_labels_own() -> None:
    with_lot = LINK.replace("/21/", "/10/L7/21/")
    for lot, reason in (("L7", None), ("L8", "several-codes")):
        second = code(f"(01){ITEM.gtin}(10){lot}", "DataMatrix", gs1=True)
        page = saved(stacked(code(with_lot), second))
        assert (refused_as(page) if reason else picture_label(page).lot) == (reason or "L7")


def test_same_label_twice_in_one_picture_is_one_label() -> None:
    assert picture_label(saved(stacked(code(LINK), code(LINK)))).item == ITEM


def test_retail_bar_code_of_the_same_product_beside_the_label_is_passed_over() -> None:
    assert picture_label(saved(stacked(code(LINK), code(EAN13, "EAN13", scale=3)))).item == ITEM


def test_retail_bar_code_of_another_product_beside_the_label_is_ambiguous() -> None:
    assert refused_as(saved(stacked(code(LINK), code("4006381333931", "EAN13", scale=3)))) == "several-codes"


def test_element_string_of_the_same_item_beside_its_link_is_passed_over() -> None:
    elements = code(f"(01){ITEM.gtin}(21){ITEM.serial}", "DataMatrix", gs1=True)
    assert picture_label(saved(stacked(code(LINK), elements))).form == "digital-link"
    other = code(f"(01){ITEM.gtin}(21)OTHER", "DataMatrix", gs1=True)
    assert refused_as(saved(stacked(code(LINK), other))) == "several-codes"


def test_retail_bar_code_alone_names_no_item() -> None:
    assert refused_as(saved(stacked(code(EAN13, "EAN13", scale=3)))) == "not-a-label"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (LINK[:40], "truncated-link"),
        (LINK.replace("0917/", "0918/"), "wrong-check-digit"),
        ("javascript:alert(1)", "not-a-label"),
        ("https://id.brand.example/01/09501101020917/21/A\x1b[31m", "not-ascii"),
    ],
)
def test_code_that_is_no_label_gives_the_labels_refusal(text: str, reason: str) -> None:
    with pytest.raises(LabelRefused) as refused:
        picture_label(saved(code(text)))
    assert refused.value.reason == reason
    assert "\x1b" not in refused.value.line()


def test_listed_codes_are_defused() -> None:
    hostile = [
        DecodedCode(text, "QR Code", "]Q1", ((0, 0), (1, 0), (1, 1), (0, 1))) for text in ("\x1b[2J\u202e", "x" * 9_000)
    ]
    with pytest.raises(PictureRefused) as refused:
        choose_label(hostile)
    assert all(text.isprintable() and len(text) < 250 for text in refused.value.extra["codes"])
    assert refused.value.line().isprintable()


def test_file_beyond_the_byte_limit_is_refused_unread() -> None:
    limits = replace(DEFAULT_LIMITS, picture_bytes=100)
    with pytest.raises(TooLarge) as refused:
        read_grey(saved(code(LINK)), limits)
    assert refused.value.reason == "picture-bytes"


def test_decompression_bomb_is_refused_from_its_header() -> None:
    bomb = png(60_000, 60_000, data=zlib.compress(bytes(1_000_000), 9))
    huge_webp = bytearray(saved(code(LINK), "WEBP", save_all=True, append_images=[Image.new("L", code(LINK).size)]))
    assert huge_webp[12:16] == b"VP8X"
    huge_webp[24:30] = b"\xfe\x3f\x00\xfe\x3f\x00"
    jpeg = bytearray(saved(code(LINK), "JPEG"))
    at = jpeg.index(b"\xff\xc0")
    jpeg[at + 5 : at + 9] = b"\xff\xdc\xff\xdc"
    for data in (bomb, bytes(huge_webp), bytes(jpeg)):
        started = time.monotonic()
        with pytest.raises(TooLarge) as refused:
            read_grey(data)
        assert refused.value.reason == "picture-pixels"
        assert time.monotonic() - started < 0.5


def test_picture_of_exactly_the_pixel_limit_is_read_and_one_more_is_not() -> None:
    limits = replace(DEFAULT_LIMITS, picture_pixels=10_000)
    assert read_grey(saved(Image.new("L", (100, 100))), limits).shape == (100, 100)
    with pytest.raises(TooLarge):
        read_grey(saved(Image.new("L", (101, 100))), limits)


def test_text_bomb_inside_a_png_is_refused() -> None:
    info = PngInfo()
    info.add_text("k", "a" * 80_000_000, zip=True)
    assert refused_as(saved(code(LINK), pnginfo=info)) == "broken-picture"


def test_jpeg_of_endless_scans_is_refused() -> None:
    data = saved(code(LINK), "JPEG", progressive=True)
    assert refused_as(data[:-2] + b"\xff\xda" * 200 + data[-2:]) == "picture-pixels"


@pytest.mark.parametrize("kind", ["GIF", "BMP", "TIFF", "PPM", "ICO"])
def test_other_kinds_of_picture_are_refused(kind: str) -> None:
    assert refused_as(saved(code(LINK), kind)) == "not-a-picture"


@pytest.mark.parametrize(
    "data", [b"", b"\x00", b"%PDF-1.7", b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"%!PS-Adobe-3.0 EPSF-3.0\n"]
)
def test_files_that_are_no_pictures_are_refused(data: bytes) -> None:
    assert refused_as(data) == "not-a-picture"


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_truncated_picture_is_refused(kind: str) -> None:
    data = saved(code(LINK), kind)
    for length in (13, 24, 32, len(data) // 2):
        assert refused_as(data[:length]) in {"broken-picture", "not-a-picture"}, length


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_damaged_pictures_end_in_a_refusal_or_a_label_and_in_nothing_else(kind: str) -> None:
    dice = random.Random(kind)  # noqa: S311 (seeded damage, no secret)
    good = saved(code(LINK, scale=2), kind)
    for _ in range(150):
        data = bytearray(good)
        for _ in range(dice.randint(1, 12)):
            data[dice.randrange(len(data))] = dice.randrange(256)
        try:
            assert picture_label(bytes(data), replace(DEFAULT_LIMITS, picture_pixels=1_000_000)).item == ITEM
        except (PictureRefused, TooLarge, LabelRefused):
            continue


def test_no_attempt_is_begun_after_the_time_is_over() -> None:
    begun = 0

    def clock() -> float:
        nonlocal begun
        begun += 1
        return float(begun)

    blank = np.full((2_000, 3_000), 255, np.uint8)
    assert decode_grey(blank, replace(DEFAULT_LIMITS, picture_seconds=2.5), clock) == ()
    assert begun == 1 + 3


def test_sheet_of_finder_patterns_is_given_up_in_time() -> None:
    finder = np.full((9, 9), 255, np.uint8)
    finder[1:8, 1:8], finder[2:7, 2:7], finder[3:6, 3:6] = 0, 255, 0
    started = time.monotonic()
    assert decode_grey(np.tile(finder, (555, 555)), replace(DEFAULT_LIMITS, picture_seconds=0.1)) == ()
    assert time.monotonic() - started < 8


def test_missing_zbar_is_named_and_nothing_else_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("countermark_scanner.decode._zbar", lambda: None)
    assert not zbar_available()
    assert refused_as(saved(Image.new("L", (50, 50), 255))) == "no-code"


def test_zbar_reads_what_it_is_given_when_the_system_has_it() -> None:
    from countermark_scanner import decode

    if not zbar_available():
        assert not os.environ.get("COUNTERMARK_REQUIRE_ALL"), decode.ZBAR_MISSING
        pytest.skip(decode.ZBAR_MISSING)
    (found,) = decode._zbar_codes(decode._Part(np.asarray(code(LINK))))
    assert (found.text, found.raw) == (LINK, LINK)
