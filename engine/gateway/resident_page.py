"""A report as its reporter sees it: one page of HTML that needs no script, in plain words and two languages."""

import base64
import hashlib
from html import escape
from typing import NamedTuple

from starlette.responses import Response

STYLE = """:root{color-scheme:light dark}body{font:18px/1.6 system-ui,"PingFang SC","Microsoft YaHei","Noto Sans SC",
sans-serif;max-width:38rem;margin:0 auto;padding:1rem;color:#18202c;background:#f5f6f8}main{background:#fff;
padding:1rem 1.25rem;
border-radius:8px}h1{font-size:1.4rem;margin:.2rem 0}.state{font-size:1.2rem;font-weight:650}dt{color:#576172}
dd{margin:0 0 .8rem;overflow-wrap:anywhere;white-space:pre-wrap}label{display:block;margin:.4rem 0}textarea{width:100%;
font:inherit;box-sizing:border-box}button{font:inherit;padding:.5rem 1.2rem;border-radius:6px;border:1px solid #1d5bb8;
background:#1d5bb8;color:#fff}nav{text-align:right}a{color:#1d5bb8}fieldset{border:1px solid #8b95a5;border-radius:6px}
@media(prefers-color-scheme:dark){body{background:#11151b;color:#e4e9f0}main{background:#191f28}dt{color:#a1acbc}
a{color:#86b6ff}button{background:#86b6ff;color:#0c1a30;border-color:#86b6ff}}"""
_HASH = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
HEADERS = {
    "content-security-policy": f"default-src 'none'; style-src 'sha256-{_HASH}'; form-action 'self'; base-uri 'none';"
    " frame-ancestors 'none'",
    "x-robots-tag": "noindex, nofollow, noarchive",
    "cache-control": "no-store",
}
"""Nothing runs, nothing is loaded, nobody keeps it and no engine finds it."""
LONGEST = 500
"""Characters of what somebody says with an answer."""

WORDS: dict[str, dict[str, str]] = {
    "zh": {
        "lang": "zh-CN", "other": "English", "title": "您的诉求", "state": "办理情况", "promised": "承诺办结时间",
        "none": "尚未确定", "answer": "办理答复", "received_at": "受理时间", "ask": "您对办理结果是否满意？",
        "satisfied": "满意", "unhappy": "不满意", "say": "您想说的话（可不填，请勿填写个人信息）", "send": "提交评价",
        "thanks": "您的评价已收到，谢谢。", "thanks_unhappy": "您的评价已收到。工作人员将研究是否重新办理。",
        "late": "已超过承诺时间，已升级督办。", "merged": "与同一问题的其他诉求合并办理。",
        "not_now": "现在不能评价：办理尚未结束，或已经评价过。", "choose": "请选择满意或不满意。",
        "gone": "没有这个页面，或链接不完整。请核对收到的链接。",
        "many": "访问过于频繁，请稍后再试。", "away": "系统暂时无法查询，请稍后再试。", "wrong": "提交的内容无法读取。",
        "received": "已收到，正在核对位置与类别。", "verifying": "已派人到现场核实。",
        "offered": "已立案，等待承办人签收。",
        "accepted": "承办人已签收。", "handling": "正在处置。", "whistled": "多个部门正在现场协同处置。",
        "parked": "因客观原因暂缓，到期后继续办理。", "done": "处置完毕，正在核查。", "surveyed": "已办结，请您评价。",
        "asked": "您表示不满意，工作人员正在研究是否重新办理。", "closed": "已结案。", "dismissed": "不予受理。",
        "cancelled": "已撤销。",
    },
    "en": {
        "lang": "en", "other": "中文", "title": "Your report", "state": "How it stands", "promised": "Promised by",
        "none": "not set yet", "answer": "Answer", "received_at": "Received",
        "ask": "Are you satisfied with the result?",
        "satisfied": "Satisfied", "unhappy": "Not satisfied",
        "say": "What you want to say (may be left out; nothing personal, please)", "send": "Send",
        "thanks": "Your answer is recorded. Thank you.",
        "thanks_unhappy": "Your answer is recorded. Somebody decides whether it is opened again.",
        "late": "The promised time has passed; it has been moved up.",
        "merged": "It is worked together with other reports of the same.",
        "not_now": "It cannot be answered now: the work goes on, or it was answered already.",
        "choose": "Choose satisfied or not satisfied.",
        "gone": "There is no such page, or the link is not whole. Compare it with the one you were given.",
        "many": "Too many requests; try again in a moment.",
        "away": "It cannot be looked up now; try again in a moment.",
        "wrong": "What was sent cannot be read.",
        "received": "Received; place and kind are being looked at.", "verifying": "Somebody is looking at the place.",
        "offered": "Filed; waiting for somebody to take it on.", "accepted": "Somebody has taken it on.",
        "handling": "Being worked on.", "whistled": "Several departments are working on it together.",
        "parked": "Held up for a reason outside; it goes on by itself.", "done": "Worked; somebody checks it.",
        "surveyed": "Finished. Please tell us what you think.",
        "asked": "You were not satisfied; somebody decides whether it is opened again.", "closed": "Closed.",
        "dismissed": "It was not taken up.", "cancelled": "It was taken back.",
    },
}  # fmt: skip
"""Language -> what is said; each status of the lifecycle stands among them."""


class Told(NamedTuple):
    """What may be said of a report to whoever has its link: nothing in it is anybody's."""

    state: str
    """A key of ``WORDS``."""
    received: str
    promised: str | None
    answer: str | None
    notes: tuple[str, ...] = ()
    may_answer: bool = False
    is_over: bool = False


def page(told: Told, lang: str, saying: str | None = None, status: int = 200) -> Response:
    """Write the page, ``saying`` something first."""
    word = WORDS[lang]
    notes = "".join(f"<p>{word[note]}</p>" for note in told.notes)
    body = (
        _said(word, saying)
        + f'<h1>{word["title"]}</h1><p class="state" role="status">{word[told.state]}</p>{notes}<dl>'
        + _pair(word["received_at"], told.received)
        + (_pair(word["promised"], told.promised or word["none"]) if told.promised or not told.is_over else "")
        + (_pair(word["answer"], told.answer) if told.answer else "")
        + "</dl>"
        + (_form(word) if told.may_answer else "")
    )
    return _written(word, body, status, lang)


def trouble(saying: str, lang: str, status: int) -> Response:
    """Say what is amiss, and nothing else."""
    word = WORDS[lang]
    return _written(word, f"<h1>{word['title']}</h1>{_said(word, saying)}", status, lang)


def _said(word: dict[str, str], saying: str | None) -> str:
    return "" if saying is None else f'<p class="state" role="alert">{word[saying]}</p>'


def _pair(name: str, value: str) -> str:
    return f"<dt>{name}</dt><dd><bdi>{escape(value)}</bdi></dd>"


def _form(word: dict[str, str]) -> str:
    return (
        f'<form method="post"><fieldset><legend>{word["ask"]}</legend>'
        f'<label><input type="radio" name="satisfied" value="yes" required> {word["satisfied"]}</label>'
        f'<label><input type="radio" name="satisfied" value="no"> {word["unhappy"]}</label>'
        f'<label>{word["say"]}<textarea name="text" rows="3" maxlength="{LONGEST}"></textarea></label>'
        f"<button>{word['send']}</button></fieldset></form>"
    )


def _written(word: dict[str, str], body: str, status: int, lang: str) -> Response:
    other = "en" if lang == "zh" else "zh"
    text = (
        f'<!doctype html><html lang="{word["lang"]}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="robots" content="noindex">'
        f"<title>{word['title']}</title><style>{STYLE}</style></head><body>"
        f'<nav><a href="?lang={other}" lang="{WORDS[other]["lang"]}">{word["other"]}</a></nav><main>{body}</main>'
        "</body></html>"
    )
    return Response(text, status, HEADERS, "text/html; charset=utf-8")
