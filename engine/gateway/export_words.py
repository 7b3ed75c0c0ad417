"""What stands over the columns of an exported table, in both languages: the words of the console's own pages."""

from typing import Literal

Lang = Literal["zh", "en"]

WORDS: dict[str, tuple[str, str]] = {
    "none": ("无", "none"),
    "whole_city": ("全区", "The whole city"),
    "col.home": ("社区", "Home"),
    "col.all": ("工单", "Tickets"),
    "col.open": ("在办", "Open"),
    "col.breached": ("超时", "Late"),
    "score_by.street": ("街道", "Street"),
    "score_by.home": ("社区", "Home"),
    "score_by.grid": ("网格", "Grid"),
    "score_by.category": ("类别", "Category"),
    "score_by.department": ("部门", "Department"),
    "score_by.party": ("承办方", "Party"),
    "score_by.person": ("人员", "Person"),
    "rate.closing": ("办结率", "Closing"),
    "rate.in_time": ("按时办结率", "In time"),
    "rate.satisfaction": ("满意率", "Satisfaction"),
    "rate.answers": ("回访应答率", "Answers"),
    "rate.response": ("响应率", "Response"),
    "rate.rework": ("返工率", "Rework"),
    "rate.reopening": ("重办率", "Opened again"),
    "rate.whistle": ("吹哨率", "Whistles"),
    "rate.containment": ("网格内解决率", "Closed at the grid"),
    "rate.duplicates": ("重复率", "Duplicates"),
    "role.street": ("街道", "street"),
    "role.centre": ("指挥中心", "centre"),
    "role.desk": ("立案席", "desk"),
    "role.chief": ("值班长", "chief"),
    "role.supervisor": ("监督员", "supervisor"),
    "role.checker": ("核查员", "checker"),
    "export.n": ("件数", "count"),
    "export.of": ("应计", "of"),
    "export.raw": ("原始件数", "count, raw"),
}


def say(key: str, lang: Lang) -> str:
    """Say a key."""
    return WORDS[key][0 if lang == "zh" else 1]


def said(key: str, lang: Lang, otherwise: str) -> str:
    """Say a key, or something else where there is none."""
    return say(key, lang) if key in WORDS else otherwise
