"""Why something is refused, for whoever sent it: a label in two languages, and what to send instead."""

from typing import NamedTuple

from topics.vocabulary import Reason


class Refusal(NamedTuple):
    """One reason, as its sender reads it."""

    label: str
    label_zh: str
    mend: str


REFUSED: dict[Reason, Refusal] = {
    Reason.UNKNOWN_TICKET: Refusal(
        "no such ticket", "工单不存在", "send the task's own value of child, or of ticket where it has none"
    ),
    Reason.UNREADABLE: Refusal(
        "the record cannot be read", "记录无法读取", "mend the field that is named and send it again"
    ),
    Reason.UNKNOWN_PACK: Refusal("no such pack", "规则包不存在", "publish the pack first"),
    Reason.NOT_IN_THIS_STATUS: Refusal(
        "not now: the ticket does not wait for this",
        "当前状态不允许",
        "read the latest task about it; nothing need be sent",
    ),
    Reason.NOT_YOUR_TICKET: Refusal(
        "another party holds it", "工单不在本部门", "only the department that a task names may answer it"
    ),
    Reason.NOT_ON_ROSTER: Refusal(
        "the person is not on the roster",
        "人员不在花名册",
        "send the id of a person of the department's roster for this grid",
    ),
    Reason.NOT_ON_DUTY: Refusal("the person is not on duty", "人员不在岗", "somebody on duty must send it"),
    Reason.ROLE_NOT_ALLOWED: Refusal(
        "this role may not do that", "角色无权操作", "ask the street or the centre to do it"
    ),
    Reason.REASON_MISSING: Refusal(
        "the reason is missing", "缺少理由", "send it again with reason, of the pack's list where there is one"
    ),
    Reason.ANSWER_MISSING: Refusal("the answer is missing", "缺少答复", "send it again with text: what was done"),
    Reason.PROOF_MISSING: Refusal(
        "proof is missing", "缺少佐证", "send it again with proof: where a photo or paper lies"
    ),
    Reason.CATEGORY_UNKNOWN: Refusal("no such category", "类别不存在", "use a code of the pack"),
    Reason.HOME_UNKNOWN: Refusal("no such home", "社区不存在", "use a code of the pack"),
    Reason.DEPARTMENT_UNKNOWN: Refusal("no such department", "部门不存在", "use a code of the pack"),
    Reason.TARGET_NOT_OPEN: Refusal("the other ticket is not open", "目标工单已结", "name an open ticket"),
    Reason.TARGET_ELSEWHERE: Refusal("the other ticket is elsewhere", "目标工单在他处", "have it referred there first"),
    Reason.TOO_MANY_DECLINES: Refusal(
        "declined often enough", "拒签次数已满", "handle it, or ask the street to escalate it"
    ),
    Reason.TOO_MANY_HOPS: Refusal("referred often enough", "转派次数已满", "the centre must settle where it belongs"),
    Reason.CASE_NOT_ALLOWED: Refusal(
        "this case allows no whistle", "不符合吹哨情形", "name street_cannot, joint_enforcement or emergency"
    ),
    Reason.CHILDREN_OPEN: Refusal(
        "departments are still at it", "仍有部门未办结", "wait for them, or ask the street to release them"
    ),
    Reason.NO_SUCH_CHILD: Refusal(
        "no open child of that name",
        "无此协同任务",
        "send the task's child as it is: <ticket>/<department>/<n>; one that is over takes nothing",
    ),
    Reason.CHECKER_HANDLED_IT: Refusal("who handled it may not check it", "处置人不得核查", "somebody else must check"),
    Reason.TOO_LATE: Refusal("too late", "已过时限", "report it anew"),
    Reason.TIER_UNKNOWN: Refusal("no such tier above", "无此上级层级", "use a tier of the ladder"),
    Reason.PERSON_UNKNOWN: Refusal("no such person", "人员不存在", "use an id of the roster"),
    Reason.ASKED_ALREADY: Refusal(
        "something is asked for already", "已有待批申请", "wait until it is approved or denied"
    ),
    Reason.NOTHING_ASKED: Refusal("nothing is asked for", "无待批申请", "nothing need be sent"),
    Reason.SAME_HANDS: Refusal("somebody else must agree", "须由他人审批", "another person of another role must agree"),
    Reason.OVERDUE: Refusal("its limit is broken", "已超时", "no more time and no pause: finish it"),
    Reason.TOO_MANY_EXTENSIONS: Refusal("extended often enough", "延期次数已满", "finish it"),
    Reason.DATE_MISSING: Refusal("the date is missing", "缺少日期", "say until when, a moment ahead"),
    Reason.PAUSED_BEFORE: Refusal("paused often enough", "挂账次数已满", "finish it"),
    Reason.NOT_PAUSED: Refusal("it does not wait", "未处于等待", "nothing need be sent"),
    Reason.NOT_ITS_ISSUER: Refusal("somebody else ordered it", "非督办下达人", "only who ordered it lifts it"),
    Reason.CONSENT_MISSING: Refusal("committees must agree first", "须先经居委会同意", "wait until they have"),
    Reason.NOT_YOUR_TURN: Refusal("another committee is asked first", "未轮到", "wait for its answer"),
    Reason.APPEALED_BEFORE: Refusal("appealed before", "已申诉过", "that decision stands"),
    Reason.GRID_UNKNOWN: Refusal("no such grid", "网格不存在", "use a code of the pack"),
    Reason.SCORE_MISSING: Refusal("the score is missing", "缺少评分", "send 1 to 5"),
    Reason.APPRAISED_BEFORE: Refusal("appraised before", "已评价过", "nothing need be sent"),
    Reason.DUTY_UNFIT: Refusal(
        "the change of duty does not fit",
        "值班变更有误",
        "name somebody on the roster and a window that ends after it begins",
    ),
    Reason.IDENTITY_MISMATCH: Refusal(
        "the ticket is of another incident", "工单与事件不符", "look the ticket up again by its source and id"
    ),
    Reason.ID_RESERVED: Refusal("the id is that of a department's reply", "编号为部门回复专用", "take another id"),
    Reason.PROOF_UNFIT: Refusal(
        "a proof is no address and no name",
        "佐证格式有误",
        "send an http(s) address, or photo:, video:, audio: or paper: with a name",
    ),
    Reason.ABOVE_OWN_ROLE: Refusal("that role is above one's own", "超出本人职级", "ask a chief or the centre"),
    Reason.OUTSIDE_OWN_GRIDS: Refusal("outside one's own grids", "超出本人网格", "ask somebody above"),
    Reason.NOT_HELD: Refusal(
        "no such cause is held here, or its bytes are others",
        "无此搁置事项",
        "see 'gridwhistle held list'; each is retried or dropped once",
    ),
    Reason.LAST_ONE: Refusal("nobody would be left in that role", "该岗位将无人", "put somebody else there first"),
    Reason.HOME_MISSING: Refusal("the home is missing", "缺少归口", "say in which home it is to be filed"),
    Reason.BAD_TEXT: Refusal(
        "a text holds control characters", "文字含控制字符", "send the field that is named without them"
    ),
    Reason.OUT_OF_RANGE: Refusal("a value is out of range", "数值超出范围", "mend the field that is named"),
    Reason.TOO_LONG: Refusal("a text is too long", "文字过长", "shorten the field that is named"),
    Reason.TOO_MANY: Refusal("too many of them", "数量过多", "send fewer; the ticket keeps no more"),
    Reason.TOO_LARGE: Refusal(
        "it would grow too large", "内容过大", "send less; keep papers elsewhere and name where they lie"
    ),
}
"""Every refusal there is."""


def told(reason: Reason) -> Refusal:
    """Tell a refusal; a reason without an entry, by its word alone (a test holds that none lacks one)."""
    return REFUSED.get(reason) or Refusal(
        reason.value.replace("_", " "), reason.value, "look at the ticket and send what fits it"
    )
