"""What is kept of a picture: what is to be seen, and nothing that a camera or a stranger put beside it."""

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.security.pictures import MOST_PIECES, MOST_PIXELS, UnfitPicture, stripped
from tests.support.pictures import EXIF, SECRET, chunk, exif, frame, jpeg, piece, png, segment, webp

MAKERS: dict[str, Callable[..., bytes]] = {"image/jpeg": jpeg, "image/png": png, "image/webp": webp}
BESIDE = {
    "image/jpeg": (EXIF, segment(0xED, SECRET), segment(0xE0, b"JFIF\0" + SECRET), segment(0xFE, SECRET),
                   segment(0xEE, b"Adobe" + SECRET)),
    "image/png": tuple(chunk(kind, SECRET) for kind in (b"eXIf", b"tEXt", b"iTXt", b"zTXt", b"iCCP", b"prVt")),
    "image/webp": tuple(piece(kind, SECRET) for kind in (b"EXIF", b"XMP ", b"ICCP", b"prvt")),
}  # fmt: skip


@pytest.mark.parametrize("kind", MAKERS)
def test_what_a_camera_writes_beside_it_is_gone(kind: str) -> None:
    """Place, telephone, comments, profiles, and what stands behind the end; the points stay, and once more changes
    nothing."""
    make = MAKERS[kind]
    for beside in (*BESIDE[kind], b"".join(BESIDE[kind])):
        whole = make(beside, behind=SECRET)
        assert SECRET in whole
        found = stripped(whole)
        assert found.kind == kind and SECRET[:9] not in found.content
        assert found.content == stripped(make()).content == stripped(found.content).content


@pytest.mark.parametrize("order", ["<", ">"])
def test_which_side_is_up_stays_and_nothing_beside_it(order: str) -> None:
    """A telephone writes down how it was held, and turns no point: that one number is kept of what it writes; one that
    says nothing, or no side that there is, leaves nothing."""
    for side in range(1, 9):
        whole = jpeg(exif(order, side), behind=SECRET)
        kept = stripped(whole).content
        assert SECRET[:9] in whole and SECRET[:9] not in kept
        assert (kept == stripped(jpeg()).content) is (side == 1)
        assert kept == stripped(kept).content == stripped(jpeg(exif(">" if order == "<" else "<", side))).content
        assert len(kept) <= len(stripped(jpeg()).content) + 40
    for nonsense in (exif(order, 0), exif(order, 9), exif(order, 6, at=60_000), exif(order, 6, kind=4)):
        assert stripped(jpeg(nonsense)).content == jpeg()


def test_what_is_to_be_seen_stays() -> None:
    """Byte by byte where nothing stood beside it; which colours a JPEG has, and what of a picture shines through."""
    assert stripped(jpeg()).content == jpeg() and stripped(png()).content == png()
    adobe = segment(0xEE, b"Adobe\0\x64\0\0\0\0\1")
    seen = chunk(b"gAMA", b"\0\0\xb1\x8f")
    assert stripped(jpeg(adobe)).content == jpeg(adobe) and stripped(png(seen)).content == png(seen)
    assert stripped(webp()).content[20] == 0x10  # of its flags the one that says that something shines through


HOSTILE = {
    "nothing": b"",
    "a page": b"<html><script>alert(1)</script>",
    "a drawing": b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
    "a GIF": b"GIF89a\1\0\1\0\0\0\0;",
    "a head alone": b"\xff\xd8\xff",
    "no points": b"\xff\xd8" + frame() + b"\xff\xd9",
    "points without a head": b"\xff\xd8" + segment(0xDA, b"\1\1\0\0\x3f\0") + b"\x3f\xff\xd9",
    "two heads": jpeg(frame()),
    "a kind no browser shows": jpeg(frame(marker=0xC9)),
    "as wide as can be said": jpeg(size=(65535, 8)),
    "as high as can be said": jpeg(size=(8, MOST_PIXELS + 1)),
    "without width": jpeg(size=(0, 8)),
    "a scan without end": jpeg()[:-2],
    "a segment without end": jpeg()[:30],
    "fill without end": b"\xff\xd8" + b"\xff" * 100_000,
    "as many pieces as fit": jpeg(*[segment(0xFE, b"")] * MOST_PIECES),
    "bytes between": b"\xff\xd8\xff\xe0\0\2\0\0\0",
    "a bomb": png(size=(2**31 - 1, 3000)),
    "a PNG without a head": png()[:8] + chunk(b"IDAT", b"") + chunk(b"IEND", b""),
    "a PNG with two": png(chunk(b"IHDR", b"\0" * 13)),
    "a PNG without end": png()[:-12],
    "a chunk as long as can be said": png()[:8] + b"\xff\xff\xff\xffIHDR",
    "a WebP that moves": webp(piece(b"ANMF", b"\0" * 16)),
    "a WebP without end": webp()[:-1],
    "a WebP too large": webp(size=(MOST_PIXELS + 1, 2)),
    "a WebP of nothing": b"RIFF\4\0\0\0WEBP",
    "a piece that ends behind the whole": webp(b"EXIF\xff\xff\0\0"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_no_picture_is_refused(name: str) -> None:
    """Whatever it is called and however it begins; nothing of it is repeated."""
    with pytest.raises(UnfitPicture) as found:
        stripped(HOSTILE[name])
    assert "script" not in str(found.value)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(list(MAKERS)), st.data())
def test_whatever_is_broken_is_refused_or_whole(kind: str, data: st.DataObject) -> None:
    """A byte changed, cut or added anywhere: it is refused as what it is, or what is kept is kept a second time."""
    whole = bytearray(MAKERS[kind](*BESIDE[kind]))
    at = data.draw(st.integers(0, len(whole) - 1))
    whole[at : at + data.draw(st.integers(0, 4))] = data.draw(st.binary(max_size=4))
    try:
        found = stripped(bytes(whole))
    except UnfitPicture:
        return
    assert stripped(found.content) == found
