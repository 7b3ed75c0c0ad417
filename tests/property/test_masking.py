"""Masking in both directions, by generated texts: no number of a person is left, nothing else is touched."""

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from rules.masking.masker import is_citizen_number, masker_for

CHINA = masker_for("Asia/Shanghai")
WORDS = st.text("的在路口有人占道请快处理垃圾 abcxyz，。！?", max_size=12)
MOBILE = st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True)
GAPS = st.sampled_from(["", " ", "-", "—", "　", "\u200b"])
FULL = {ord("0") + n: 0xFF10 + n for n in range(10)}


@given(WORDS, MOBILE, GAPS, st.sampled_from(["", "+86", "+86 ", "0086"]), st.booleans(), WORDS)
def test_a_mobile_number_is_found_in_any_dress(
    before: str, number: str, gap: str, code: str, is_full: bool, after: str
) -> None:
    """Grouped by any mark, with or without the country's code, in digits of any width."""
    dressed = code + gap.join((number[:3], number[3:7], number[7:]))
    text = before + (dressed.translate(FULL) if is_full else dressed) + after
    assert CHINA.mask(text) == f"{before}{'〔phone〕' if text.isascii() else '〔电话〕'}{after}"


@given(WORDS, st.integers(110000, 659000), st.dates(date(1920, 1, 1), date(2030, 1, 1)), st.integers(0, 999), WORDS)
def test_a_citizens_number_is_found_by_its_check_digit(before: str, area: int, born: date, n: int, after: str) -> None:
    """One of eleven ends is right, and that one is masked."""
    stem = f"{area}{born:%Y%m%d}{n:03}"
    ends = [stem + end for end in "0123456789X" if is_citizen_number(stem + end)]
    assert len(ends) == 1
    assert CHINA.mask(f"{before}号{ends[0]}，{after}") == f"{before}号〔证件〕，{after}"


HARMLESS = st.one_of(
    st.builds("{}路{}号{}栋{}室".format, WORDS, st.integers(1, 9999), st.integers(1, 99), st.integers(101, 9999)),
    st.builds(
        "{}-{}-{}".format,
        st.from_regex(r"[a-z]{3,12}", fullmatch=True),
        st.dates().map(lambda day: f"{day:%Y%m%d}"),
        st.integers(1, 99_999),
    ),
    st.builds(
        "{}-g{}-m{}".format, st.from_regex(r"[a-z]{3,12}", fullmatch=True), st.integers(1, 99), st.integers(1, 99)
    ),
    st.datetimes().map(lambda at: at.isoformat(timespec="seconds")),
    st.datetimes().map(lambda at: f"{at:%Y/%m/%d %H:%M}"),
    st.builds(
        "{}:{}:{}".format,
        st.sampled_from(["incidents.raw", "commands", "dept.ranqi.replies"]),
        st.integers(0, 23),
        st.integers(0, 10**10),
    ),
    st.builds("{:.7f}, {:.7f}".format, st.floats(18, 54), st.floats(73, 135)),
    st.integers(0, 10**6).map(str),
)


@given(WORDS, HARMLESS, WORDS)
def test_addresses_ids_grids_dates_and_places_are_left_alone(before: str, text: str, after: str) -> None:
    """The very same object comes back."""
    given_text = f"{before} {text} {after}"
    assert CHINA.mask(given_text) is given_text
