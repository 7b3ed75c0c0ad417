"""What points to a person is masked in every form people write it; ids, addresses, grids and dates are left alone."""

from typing import Any

import pytest
from msgspec.structs import replace

from rules.masking.masker import is_citizen_number, masked_command, masker_for
from rules.masking.own_values import own_values
from tests.support.city import City, city_bundle
from tests.support.cpu import cpu_seconds
from topics.command import Actor, Command
from topics.pack import RosterEntry
from topics.vocabulary import CommandKind, Role

CHINA, AMERICA = masker_for("Asia/Shanghai"), masker_for("America/Los_Angeles")

PERSONAL = {
    "mobile": "13800001234",
    "mobile with code": "+86 138-0000-1234",
    "mobile, 0086": "008613800001234",
    "86 and dash": "86-13800001234",
    "full-width": "１３８００００１２３４",
    "mixed widths": "1380000123４",
    "3 4 4": "138 0000 1234",
    "dots": "138.0000.1234",
    "dashes of print": "138—0000—1234",
    "each digit apart": "1 3 8 0 0 0 0 1 2 3 4",
    "no-width space": "138\u200b00001234",
    "numerals": "一三八零零零零一二三四",
    "yao": "幺三八 零零零零 一二三四",
    "4 3 4": "1380 000 1234",
    "5 and 6": "13800-001234",
    "code and brackets": "+86 (138) 0000 1234",
    "brackets of print": "【138】00001234",
    "brackets within": "138(0000)1234",
    "strokes": "138/0000/1234",
    "card in other parts": "410105 1990 0307 123 X",
    "card in fours": "4101 0519 9003 0712 3X",
    "plate with a stop": "粤B.12345",
    "plate, each apart": "京 A 1 2 3 4 5",
    "several": "13800001234/13900001234",
    "landline": "0371-67891234",
    "brackets": "(0371)67891234",
    "full-width brackets": "（0371）6789-1234转801",
    "Beijing": "010 6789 1234",
    "landline with code": "+86 371 67891234",
    "word before": "电话67891234",
    "tel": "tel: 5550123",
    "card": "41010519900307123X",
    "card, small x": "41010519900307123x",
    "card in parts": "410105 19900307 123X",
    "former card": "130503670401001",
    "card named": "身份证号410105199003071235",
    "plate": "京A12345",
    "plate with dot": "京A·12345",
    "new energy": "豫AD12345",
    "large new energy": "豫A12345F",
    "small letters": "京a12345",
    "full-width plate": "京Ａ１２３４５",
    "learner": "京A1234学",
    "mail": "zhang.san@example.com",
    "full-width at": "zhang.san＠example.com",
    "American": "(213) 555-0123",
    "American with dashes": "213-555-0123",
    "American, abroad": "+1 213 555 0123",
    "British": "+44 20 7946 0958",
}

HARMLESS = (
    "大关路128号3栋2单元1201室",
    "1-3-1201-2 2026",
    "1-2-301",
    "新A座1201",
    "川北街5号",
    "京广路与G310国道交叉口",
    "12345热线",
    "400-823-4567",
    "dongguannanli-20260302-4",
    "tawan-g1-m1",
    "clock:t-20260302-4:0:child:shuiwu/1:100",
    "commands:5:1#shuiwu#shuiwu/1",
    "v-0123456789abcdef01234567",
    "2026-11-24 01:00",
    "2026/3/5 8:05",
    "2018-01-01T08:00:09+08:00",
    "20261124",
    "二〇二六年十一月二十四日",
    "10:00-12:00 13:00-15:00",
    "6.5.2026 12:30",
    "1795482000000",
    "34.7466123, 113.625368",
    "138.00001234",
    "1500-2000-3000",
    "GB/T 1380-2020-001",
    "1 3 5 7 9 11 13 15",
    "6222 0213 8001 3800 000",
    "川 A B C D E F",
    "1-123456789",
    "20261124 0001",
    "410105199003071234",
    "9001 N Figueroa St, Los Angeles, CA 90042",
)


@pytest.mark.parametrize("form", PERSONAL)
@pytest.mark.parametrize(
    "around", ["{}", "请联系{}谢谢", "call {}, please", "第二幢{}；", "({})", "家住12号，{}。"], ids=range(6)
)
def test_each_form_of_a_personal_number_is_masked(form: str, around: str) -> None:
    """Wherever it stands; what stands around it stays, and no run of its digits is left."""
    given = around.format(PERSONAL[form])
    masked = CHINA.mask(given)
    assert "〔" in masked
    assert PERSONAL[form] not in masked
    before, after = around.split("{}")
    assert masked.startswith(before) and masked.endswith(after)
    left = masked[len(before) : len(masked) - len(after)]
    assert not any(char.isdecimal() for char in left), left


@pytest.mark.parametrize("text", HARMLESS)
def test_what_points_to_nobody_is_left_as_it_is(text: str) -> None:
    """The very same object, so that nothing is sealed for it."""
    for around in ("{}", "在{}附近", "at {} now"):
        given = around.format(text)
        assert CHINA.mask(given) is given
        assert AMERICA.mask(given) is given


def test_ten_bare_digits_are_a_telephone_in_america_alone() -> None:
    """Elsewhere they are an order's number; the marks of an English text are English."""
    assert AMERICA.mask("call 2135550123 now") == "call 〔phone〕 now"
    assert CHINA.mask("order 2135550123") == "order 2135550123"


def test_the_check_digit_decides_on_eighteen_digits() -> None:
    """GB 11643: its own example, and the same with one digit changed."""
    assert is_citizen_number("11010519491231002X")
    assert not is_citizen_number("110105194912310021")
    assert not is_citizen_number("1101051949123100")


def test_the_reporters_own_words_are_masked() -> None:
    """Names, numbers in any spacing, nested values; not what names nobody, and no part of a longer word."""
    own = own_values(
        {
            "name": "王五",
            "phone": "67891234",
            "more": {"home": ["锦绣花园"]},
            "sex": "男",
            "age": 44,
            "known_as": "Ann",
            "who": "匿名",
            "vip": True,
        }
    )
    assert own == ("王五", "67891234", "Ann", "锦绣花园")
    assert (
        CHINA.mask("王五在锦绣花园，打6789-1234或67891234", own) == "〔上报人〕在〔上报人〕，打〔上报人〕或〔上报人〕"
    )
    assert CHINA.mask("Ann called about Annual rubbish", own) == "〔reporter〕 called about Annual rubbish"
    assert CHINA.mask("匿名男子44岁", own) == "匿名男子44岁"


def test_a_value_tells_of_somebody_from_so_many_signs_on() -> None:
    """Two Chinese characters, three letters, five digits; one less is left alone, for it stands in every text."""
    assert own_values({"a": "王五", "b": "Ann", "c": "67891", "d": 67892}) == ("王五", "Ann", "67891", "67892")
    assert own_values({"a": "王", "b": "An", "c": "6789", "d": 6789}) == ()


@pytest.mark.parametrize(
    ("value", "given", "masked"),
    [
        ("Zhang Wei", "call ZHANG WEI or zhang wei", "call 〔reporter〕 or 〔reporter〕"),
        ("Mark", "MARK made no mark", "〔reporter〕 made no mark"),
        ("José Díaz", "ask Jose\u0301 Di\u0301az now", "ask 〔上报人〕 now"),
        ("张三丰", "找张\u200b三\u2060丰。", "找〔上报人〕。"),
        ("wx_zhang99", "WX_ZHANG99", "〔reporter〕"),
        ("Ｗang Bo", "wang bo", "〔reporter〕"),
        ("\u200b\u200c", "nothing", "nothing"),
    ],
)
def test_a_name_is_found_in_whatever_case_accent_or_disguise(value: str, given: str, masked: str) -> None:
    """But a name that is a word as well is one only where it is written as a name."""
    assert CHINA.mask(given, own_values({"name": value})) == masked


@pytest.mark.parametrize(
    "number",
    [
        "138\u206200138000",
        "١٣٨٠٠١٣٨٠٠٠",
        "𝟏𝟑𝟖𝟎𝟎𝟏𝟑𝟖𝟎𝟎𝟎",
        "①③⑧⓪⓪①③⑧⓪⓪⓪",
        "138\u180e0013\u034f8000",
        "138\u20030013\u20038000",
    ],
)
def test_digits_of_any_script_and_signs_that_nobody_sees_hide_no_number(number: str) -> None:
    """An eye reads them, and so must the mask."""
    assert CHINA.mask(f"打{number}。") == "打〔电话〕。"


def test_a_reporter_of_100000_values_costs_little() -> None:
    """A hostile reporter is looked at for some dozens of members."""
    long = {"x": list(range(10**5, 2 * 10**5))}
    wide: dict[str, Any] = {str(n): [[[]]] for n in range(60_000)}
    assert len(own_values(long)) == 32
    assert own_values(wide) == ()
    assert cpu_seconds(lambda: (own_values(long), own_values(wide))) < 0.1


@pytest.mark.parametrize(
    "hostile",
    ["1", "1 ", "a@", "京A", "138-", "+86", "(0", "一", "a.", "0371 ", "13 8", "410105199003071231", "1-", "电话"],
)
def test_no_text_costs_more_than_its_length(hostile: str) -> None:
    """Sixteen times the text costs no more than forty times the work; 4,000 characters well below a step."""

    def cost(length: int) -> float:
        text = (hostile * length)[:length]
        return cpu_seconds(lambda: (CHINA.mask(text), AMERICA.mask(text)))

    assert cost(64_000) < 40 * max(cost(4000), 0.001)
    assert cost(4000) < 0.1


@pytest.mark.parametrize("before", range(12))
def test_a_reporters_own_number_is_found_among_many(before: int) -> None:
    """Wherever it stands in a row of numbers: none is cut in two."""
    others = " ".join(["055 1234 567"] * before)
    masked = CHINA.mask(f"{others} 660 7788 990 {others}".strip(), ("6607788990",))
    assert "7788" not in masked and "990" not in masked


def test_what_somebody_wrote_into_a_command_is_masked() -> None:
    """Reason and text, by whatever door it came; a sound command is the same object."""
    sound = Command(
        id="c1",
        kind=CommandKind.NOTE,
        actor=Actor(Role.DESK, "desk-1"),
        accepted_at=0,
        ticket="tawan-20260302-1",
        text="called",
        reason=None,
    )
    assert masked_command(sound) is sound
    told = masked_command(replace(sound, text="电13800001234", reason="call 138 0000 1234"))
    assert (told.text, told.reason) == ("电〔电话〕", "call 〔phone〕")
    bare = replace(sound, text="reach me 2135550123 now")
    assert masked_command(bare) is bare and masked_command(bare, american=True).text == "reach me 〔phone〕 now"


def test_a_reporter_who_is_named_by_a_number_is_named_by_no_number() -> None:
    """Nor is a stranger to the roster; an id of the roster stays, whatever it looks like."""
    reporter = Command(
        id="c1",
        kind=CommandKind.FOLLOW,
        actor=Actor(Role.REPORTER, "张三 13800138000"),
        accepted_at=0,
        ticket="tawan-20260302-1",
    )
    assert masked_command(reporter).actor.person == "张三 〔电话〕"
    roster = (*city_bundle().roster, RosterEntry("13900139000", "d", "desk"))
    city = City(city_bundle(roster=roster))
    city.report("T")
    assert city.ask("note", "T", "desk:13800138000", text="x") == "not_on_roster"
    assert city.decisions[-1].actor == "desk:〔phone〕"
    assert city.ask("note", "T", "desk:13900139000", text="x") == "done_as_asked"


def test_a_mask_never_grows_a_text_beyond_its_bound() -> None:
    """Two characters become five: cut at what the field may hold."""
    assert len(CHINA.mask("王五" * 2000, ("王五",))) == 4000
