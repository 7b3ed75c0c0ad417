"""How telephones, papers, plates and addresses of mail are written (DESIGN 12).

Each pattern is linear: no part of it can match the same characters in two ways, and every repeat is bounded or
possessive.
"""

import re

from rules.masking.plain_form import NUMERALS

_PROVINCES = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼使领"
_SIGN = r"[\d²³¹⁰-⁹₀-₉①-⑨⑴-⑼⓪➀-➈❶-❾]"
DIGITS = re.compile(rf"{_SIGN}(?:[\W_]{{0,3}}{_SIGN}){{6}}")
WORDS = re.compile(rf"[{NUMERALS}](?:[\W_]{{0,2}}[{NUMERALS}0-9]){{6}}|[{_PROVINCES}][\W_]?[A-Za-zＡ-Ｚａ-ｚ]")
"""The cheap look first, 1 to 2 µs: seven digits near each other, or in Chinese text a province before a letter."""
_GAP = r"[ -]{0,3}"
_OPEN, _SHUT = r"[(\[【]?", r"[)\]】]?"
_MOBILE = (
    rf"(?:(?:\+ ?)?(?:00)?86{_GAP}{_OPEN})?1[3-9]\d(?:{_SHUT}{_GAP}{_OPEN}\d{{4}}{_SHUT}{_GAP}\d{{4}}"
    rf"|{_GAP}\d{{3}}{_GAP}\d{{5}}|\d {{0,3}}(?:\d{{4}} {{0,3}}\d{{3}}|\d{{3}} {{0,3}}\d{{4}})"
    rf"|\d\d(?:{_GAP}\d{{6}}| {{0,3}}\d{{3}} {{0,3}}\d{{3}})"
    r"|(?:[ -]\d){8}|[./]\d{4}[./]\d{4})(?:[ /,;-]{1,3}1[3-9]\d{9}){0,3}"
)
_SPACED = r"1[ -][3-9](?:[ -]\d){9}"
_LAND = (
    rf"(?:\+?(?:00)?86{_GAP})?(?:\(0(?:10|2\d|[3-9]\d\d)\)|0(?:10|2\d|[3-9]\d\d)){_GAP}[1-9]\d{{2,3}}{_GAP}\d{{4}}"
    rf"(?:{_GAP}(?:转|ext\.?){_GAP}\d{{1,5}})?"
)
_LAND_ABROAD = rf"\+?(?:00)?86{_GAP}(?:\((?:10|2\d|[3-9]\d\d)\)|(?:10|2\d|[3-9]\d\d)){_GAP}[2-9]\d{{2,3}}{_GAP}\d{{4}}"
_AMERICAN = r"(?:\+?1[ .-]{1,2})?(?:\([2-9]\d\d\)[ .-]{0,2}|(?!400|800)[2-9]\d\d[ .-])[2-9]\d\d[ .-]\d{4}"
_ABROAD = r"\+\d{1,3}(?:[ -]{0,2}\d{2,4}){2,4}"
_NAMED = (
    r"(?:电话|手机|座机|致电|联系方式|联系人|[Tt]el(?:ephone)?|[Pp]hone|[Cc]ell|[Cc]all(?:"
    r" me)?)(?:号码|号|是|为|at|\.)?[ :-]{0,3}(?P<named>\d{3,4}[ -]?\d{4}|\d{7,12})"
)
_CITIZEN = (
    r"(?:[1-8]\d{5}[ -]{0,2}(?:18|19|20)\d\d[ -]{0,2}(?:0[1-9]|1[0-2])[ -]{0,2}(?:0[1-9]|[12]\d|3[01])[ -]{0,2}\d{3}"
    r"[ -]{0,2}[\dXx]|[1-8]\d{3}(?:[ -]{1,2}\d{4}){3}[ -]{1,2}\d[\dXx])"
)
_FORMER = r"[1-8]\d{5}\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}"
_PAPER = r"(?:身份证|证件)(?:号码|号)?(?:是|为)?[ :-]{0,3}(?P<paper>\d{14,17}[\dXx])"
_PLATE = (
    rf"[{_PROVINCES}][ -]?[A-HJ-NP-Za-hj-np-z](?:["
    r" .-]{0,2}(?=[A-Za-z]{0,6}\d)"
    r"(?:[A-HJ-NP-Za-hj-np-z0-9]{6}|[A-HJ-NP-Za-hj-np-z0-9]{4}[A-HJ-NP-Za-hj-np-z0-9挂学警港澳])"
    r"|(?=(?: ?[A-Za-z]){0,6} ?\d)(?: [A-HJ-NP-Za-hj-np-z0-9]){5,6})"
)
_MAIL = r"(?<![A-Za-z0-9._%+-])[A-Za-z0-9._%+-]++@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,5}"
MAILS = re.compile(rf"(?P<mail>{_MAIL})")
PLATES = re.compile(rf"(?P<plate>(?:{_PLATE})(?![0-9A-Za-z]))")
NAMED_ONES = re.compile(rf"(?=[电手座致联身证TtPpCc])(?:{_PAPER}|{_NAMED}(?![ -]{{0,2}}\d))")


def numbers(american: bool) -> re.Pattern[str]:
    """One pattern for what begins with a digit, a plus or a bracket; what is longest and surest stands first."""
    phones = [_MOBILE, _SPACED, _LAND, _LAND_ABROAD, _AMERICAN, _ABROAD]
    if american:
        phones.append(r"(?:1[ .-]?)?[2-9]\d\d[2-9]\d{6}")
    alone, end = r"(?<![A-Za-z])", r"(?![0-9A-Za-z])(?!-\d)"
    return re.compile(
        rf"(?=[0-9(+])(?<![0-9])(?<!\d[-.])(?:{alone}(?:(?P<card>{_CITIZEN}(?![0-9A-Za-z]))|(?P<former>{_FORMER}{end}))"
        rf"|(?P<phone>(?<![A-Za-z][-.])(?:{'|'.join(phones)})(?![0-9])(?!-\d)))"
    )  # fmt: skip
