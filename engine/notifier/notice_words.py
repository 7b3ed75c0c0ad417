"""What a notice says, in one line for each item, in Chinese or English."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

KINDS = {
    "offer": ("请签收", "is offered to you: accept or decline it"),
    "remind": ("时限已过 {rung}%", "has used {rung} % of its limit"),
    "breach": ("已超时 {rung}%", "is at {rung} % of its limit"),
    "urge": ("催办", "somebody who directs asks for it"),
    "follow": ("您关注的工单有变化", "has changed; you follow it"),
    "approval": ("申请待批 {what}", "waits for your approval: {what}"),
    "supervision": ("督办", "is under supervision"),
    "filed": ("已立案", "has been filed"),
    "question": ("请补充", "needs an answer of the reporter"),
    "dismissed": ("不予受理", "was dismissed"),
    "survey": ("已办结，请评价", "is done: is the reporter satisfied?"),
    "closed": ("已结案", "is closed"),
}
"""Kind -> in Chinese, in English."""


def line(item: dict[str, Any], zone: str, language: str) -> str:
    """Write one item."""
    is_zh = language == "zh"
    label = item.get("label_zh") if is_zh else item.get("label")
    words = KINDS[item["kind"]][0 if is_zh else 1]
    said = words.format(rung=item.get("rung", ""), what=item.get("what", ""))
    drill = ("演练" if is_zh else "EXERCISE") if item.get("exercise") else ""
    parts = [drill, item["ticket"], label or item.get("label") or "", item.get("urgency") or "", said]
    if due := item.get("due_at"):
        local = datetime.fromisoformat(due).astimezone(ZoneInfo(zone)).strftime("%m-%d %H:%M")
        parts.append(f"时限 {local}" if is_zh else f"limit {local}")
    if item.get("said"):
        parts.append(str(item["said"]))
    return " ".join(part for part in parts if part)


def text(items: Sequence[dict[str, Any]], zone: str, language: str) -> str:
    """Write a message: a heading where there are several, and a line for each."""
    lines = [line(item, zone, language) for item in items]
    if len(lines) == 1:
        return lines[0]
    heading = f"{len(lines)} 件事项" if language == "zh" else f"{len(lines)} matters"
    return "\n".join([heading, *lines])
