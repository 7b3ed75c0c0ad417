"""Writes the dashboards: ``python deploy/grafana/generate.py``. A panel is a line here; the JSON that Grafana reads is
drawn from it, and a test holds both together."""

import json
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent / "dashboards"
SOURCE = {"type": "prometheus", "uid": "${DS_PROMETHEUS}"}
WIDTH, HEIGHT = 24, 8
"""Grafana's grid has 24 columns; a row of panels here is 8 high."""

Panel = dict[str, Any]


def graph(title: str, *queries: tuple[str, str], unit: str = "short", wide: int = 8, stack: bool = False) -> Panel:
    """Lines over time; each query with its legend."""
    custom = {"fillOpacity": 10, "showPoints": "never", "stacking": {"mode": "normal" if stack else "none"}}
    return _panel("timeseries", title, queries, unit, wide, custom=custom)


def figure(
    title: str, query: str, unit: str = "short", wide: int = 4, bad: float | None = None, good_above: bool = False
) -> Panel:
    """One figure, red from ``bad`` on (or below it where more is better)."""
    steps = [{"color": "red" if good_above else "green", "value": None}]
    if bad is not None:
        steps.append({"color": "green" if good_above else "red", "value": bad})
    return _panel("stat", title, [(query, "")], unit, wide, thresholds={"mode": "absolute", "steps": steps})


def bars(title: str, query: str, legend: str, unit: str = "short", wide: int = 8) -> Panel:
    """As they stand now, side by side."""
    return _panel(
        "bargauge",
        title,
        [(query, legend)],
        unit,
        wide,
        instant=True,
        options={"orientation": "horizontal", "displayMode": "basic"},
    )


def _panel(
    kind: str,
    title: str,
    queries: Any,
    unit: str,
    wide: int,
    custom: Any = None,
    thresholds: Any = None,
    instant: bool = False,
    options: Any = None,
) -> Panel:
    defaults: dict[str, Any] = {"unit": unit}
    if custom:
        defaults["custom"] = custom
    if thresholds:
        defaults["thresholds"] = thresholds
    targets = [
        {
            "refId": chr(65 + n),
            "expr": query,
            "datasource": SOURCE,
            **({"legendFormat": legend} if legend else {}),
            **({"instant": True, "range": False} if instant else {}),
        }
        for n, (query, legend) in enumerate(queries)
    ]
    panel = {
        "type": kind,
        "title": title,
        "datasource": SOURCE,
        "targets": targets,
        "fieldConfig": {"defaults": defaults, "overrides": []},
        "wide": wide,
    }
    return panel | ({"options": options} if options else {})


def dashboard(
    uid: str, title: str, *rows: tuple[str, list[Panel]], variables: list[dict[str, Any]] | None = None
) -> dict[str, Any]:
    """Lay rows of panels out from left to right, top to bottom."""
    panels: list[Panel] = []
    y = 0
    for name, row in rows:
        panels.append(
            {
                "type": "row",
                "title": name,
                "collapsed": False,
                "panels": [],
                "gridPos": {"x": 0, "y": y, "w": WIDTH, "h": 1},
            }
        )
        x, y = 0, y + 1
        for panel in row:
            wide = panel.pop("wide")
            if x + wide > WIDTH:
                x, y = 0, y + HEIGHT
            panels.append(panel | {"gridPos": {"x": x, "y": y, "w": wide, "h": HEIGHT}})
            x += wide
        y += HEIGHT
    source = {
        "name": "DS_PROMETHEUS",
        "label": "Prometheus",
        "type": "datasource",
        "query": "prometheus",
        "current": {"text": "Prometheus", "value": "prometheus"},
    }
    law = {
        "name": "Law in force", "datasource": SOURCE, "enable": True, "iconColor": "purple", "titleFormat": "{{pack}}",
        "expr": "group by (pack) (gridwhistle_pack_info unless gridwhistle_pack_info offset 1m)", "step": "60s",
    }  # fmt: skip
    return {
        "uid": uid,
        "title": title,
        "tags": ["gridwhistle"],
        "timezone": "browser",
        "schemaVersion": 39,
        "refresh": "30s",
        "editable": True,
        "time": {"from": "now-6h", "to": "now"},
        "templating": {"list": [source, *(variables or [])]},
        "annotations": {"list": [law]},
        "panels": [{"id": n, **panel} for n, panel in enumerate(panels, 1)],
    }


def _variable(name: str, label: str, query: str) -> dict[str, Any]:
    return {
        "name": name,
        "label": label,
        "type": "query",
        "datasource": SOURCE,
        "query": {"query": query, "refId": name},
        "definition": query,
        "refresh": 2,
        "sort": 1,
        "includeAll": False,
        "multi": False,
    }


OPERATIONS = dashboard(
    "gw-operations",
    "gridwhistle · operations 运行",
    (
        "Now 现在",
        [
            figure("Stages that answer 在线进程", 'sum(up{job="gridwhistle"})', bad=1, good_above=True),
            figure("Stages not ready 未就绪", "count(gridwhistle_ready == 0) or vector(0)", bad=1),
            figure("Partitions stopped 停止的分区", "sum(gridwhistle_partition_stopped) or vector(0)", bad=1),
            figure("Held causes 搁置", "sum(gridwhistle_held_causes) or vector(0)", bad=1),
            figure("Oldest due 最久未触发", "max(gridwhistle_oldest_due_seconds) or vector(0)", "s", bad=60),
            figure("Alerts firing 告警", 'count(ALERTS{alertstate="firing"}) or vector(0)', bad=1),
        ],
    ),
    (
        "Queues 队列",
        [
            graph(
                "Open tickets by tier 在办工单",
                ("sum by (tier) (max by (tier, band) (gridwhistle_tier_tickets))", "{{tier}}"),
                stack=True,
            ),
            graph(
                "By limit 时限状态",
                ("sum by (band) (max by (tier, band) (gridwhistle_tier_tickets))", "{{band}}"),
                stack=True,
            ),
            graph(
                "Duty desk and approvals 值班台",
                ("max(gridwhistle_desk_tickets)", "desk"),
                ("max(gridwhistle_approval_tickets)", "approvals"),
            ),
            figure("Overdue 超时工单", "max(gridwhistle_overdue_tickets)", wide=8),
            figure("Oldest overdue 最久超时", "max(gridwhistle_oldest_overdue_seconds)", "s", wide=8),
            bars(
                "Overdue by department 部门超时",
                'max by (department) (gridwhistle_department_tickets{band="overdue"})',
                "{{department}}",
            ),
        ],
    ),
    (
        "Flow 流量",
        [
            graph("Taken, by stage 处理量", ("stage:gridwhistle_records_taken:rate5m", "{{stage}}"), unit="ops"),
            graph(
                "Report to task 上报到派单",
                ("gridwhistle:report_to_task_seconds:p50_5m", "p50"),
                ("gridwhistle:report_to_task_seconds:p99_5m", "p99"),
                unit="s",
            ),
            graph(
                "Lateness of rungs 升级延迟 p99", ("gridwhistle:escalation_lateness_seconds:p99_5m", "p99"), unit="s"
            ),
            graph("Rejected by reason 拒收", ("reason:gridwhistle_rejected:rate5m", "{{reason}}"), unit="ops"),
            graph(
                "Decisions by reason 决定",
                ("topk(10, sum by (reason) (rate(gridwhistle_decisions_total[5m])))", "{{reason}}"),
                unit="ops",
            ),
            graph(
                "Alarms and unreadable 告警事件",
                ("sum by (kind) (rate(gridwhistle_alarms_total[5m]))", "{{kind}}"),
                ("sum by (topic) (rate(gridwhistle_unreadable_total[5m]))", "unreadable {{topic}}"),
                unit="ops",
            ),
        ],
    ),
    (
        "Processes 进程",
        [
            graph(
                "CPU 处理器",
                ('sum by (stage) (rate(process_cpu_seconds_total{job="gridwhistle"}[5m]))', "{{stage}}"),
                unit="percentunit",
            ),
            graph(
                "Memory 内存",
                ('sum by (stage) (process_resident_memory_bytes{job="gridwhistle"})', "{{stage}}"),
                unit="bytes",
                stack=True,
            ),
            graph("Free disk 磁盘", ("min by (instance) (gridwhistle_data_free_bytes)", "{{instance}}"), unit="bytes"),
            graph(
                "Wall clock less broker's 时钟偏差",
                ("gridwhistle_clock_skew_seconds", "{{stage}} {{instance}}"),
                unit="s",
            ),
            graph(
                "Since last progress 无进展", ("gridwhistle_progress_age_seconds", "{{stage}} {{instance}}"), unit="s"
            ),
            bars("Certificates end in 证书", "min by (file) (gridwhistle_certificate_expiry_seconds)", "{{file}}", "s"),
            bars("Versions 版本", "count by (version) (gridwhistle_build_info)", "{{version}}"),
        ],
    ),
)

LAW = dashboard(
    "gw-law",
    "gridwhistle · law 规则",
    (
        "Split 分流 10/20/30/40",
        [
            figure("Largest allocation error 分流误差", "max(gridwhistle_split_error_tickets)", bad=1),
            graph("Drift by party 偏差", ("sum by (party) (gridwhistle_split_drift_tickets)", "{{party}}"), wide=10),
            graph(
                "Drift by cause 偏差原因",
                ("sum by (cause) (abs(gridwhistle_split_drift_tickets))", "{{cause}}"),
                wide=10,
            ),
            bars(
                "As the last audit has it 审计偏差",
                "sum by (party, cause) (gridwhistle_audit_split_drift_tickets)",
                "{{party}} {{cause}}",
                wide=12,
            ),
            bars(
                "Nobody on duty, 24 h 无人值班",
                "sum by (party) (increase(gridwhistle_nobody_on_duty_total[24h]))",
                "{{party}}",
                wide=12,
            ),
        ],
    ),
    (
        "Limits 时限",
        [
            graph("Breaches an hour, by clock 超时", ("3600 * clock:gridwhistle_limit_breaches:rate1h", "{{clock}}")),
            graph(
                "Breaches an hour, by tier 各层级超时",
                ("3600 * sum by (tier) (rate(gridwhistle_limit_breaches_total[1h]))", "{{tier}}"),
            ),
            graph(
                "Breaches per hundred filed 超时率",
                (
                    (
                        '100 * sum(increase(gridwhistle_limit_breaches_total{clock="resolve"}[24h])) /'
                        " sum(increase(gridwhistle_filed_total[24h]))"
                    ),
                    "%",
                ),
            ),
            figure(
                "Calendar known for 日历",
                "min(gridwhistle_calendar_horizon_seconds)",
                "s",
                wide=8,
                bad=90 * 86400,
                good_above=True,
            ),
            bars("Reopened, 30 d 重办", "sum by (street) (increase(gridwhistle_reopened_total[30d]))", "{{street}}"),
            bars("Law in force 规则包", "count by (pack) (gridwhistle_pack_info)", "{{pack}}"),
        ],
    ),
    (
        "Whistles 吹哨报到",
        [
            bars(
                "Whistles per hundred tickets, 30 d 吹哨率",
                "street:gridwhistle_whistles_per_hundred:30d",
                "{{street}}",
                wide=12,
            ),
            bars("Band 区间", "max by (bound) (gridwhistle_whistle_band_percent)", "{{bound}}", wide=4),
            bars("As the last audit has it 审计", "gridwhistle_audit_whistle_band", "{{street}}"),
        ],
    ),
    (
        "Endings 结案",
        [
            graph(
                "Ended, by how 结案方式",
                ("sum by (how) (rate(gridwhistle_closed_total[1h])) * 3600", "{{how}}"),
                stack=True,
                wide=12,
            ),
            figure(
                "Satisfied of those who answered, 30 d 满意率",
                'sum(increase(gridwhistle_survey_answers_total{answer="satisfied"}[30d])) /'
                " sum(increase(gridwhistle_survey_answers_total[30d]))",
                "percentunit",
                wide=6,
            ),
            figure("Audit findings 审计发现", "sum(gridwhistle_audit_findings) or vector(0)", wide=6, bad=1),
        ],
    ),
)

KAFKA = dashboard(
    "gw-kafka",
    "gridwhistle · Kafka",
    (
        "Partitions 分区",
        [
            graph("Live, by stage 在线分区", ("sum by (stage) (gridwhistle_partitions_live)", "{{stage}}")),
            graph("Lag, by stage 积压", ("sum by (stage) (gridwhistle_lag_records)", "{{stage}}")),
            graph("Worst partitions 积压最多", ("topk(5, gridwhistle_lag_records)", "{{stage}} {{partition}}")),
            graph(
                "Openings 打开",
                ("sum by (stage, outcome) (increase(gridwhistle_openings_total[5m]))", "{{stage}} {{outcome}}"),
            ),
            graph(
                "Openings without progress 无进展打开",
                ("gridwhistle_openings_without_progress > 0", "{{stage}} {{partition}}"),
            ),
            graph("Stopped 停止", ("gridwhistle_partition_stopped", "{{stage}} {{partition}}")),
        ],
    ),
    (
        "Transactions 事务",
        [
            graph(
                "Commits a second 提交", ("sum by (stage) (rate(gridwhistle_steps_total[5m]))", "{{stage}}"), unit="ops"
            ),
            graph("Step p99 提交时长", ("stage:gridwhistle_step_seconds:p99_5m", "{{stage}}"), unit="s"),
            graph(
                "Records a step 每次提交",
                (
                    (
                        "sum by (stage) (rate(gridwhistle_records_taken_total[5m])) / sum by (stage)"
                        " (rate(gridwhistle_steps_total[5m]))"
                    ),
                    "{{stage}}",
                ),
            ),
            graph(
                "Clocks fired 触发",
                ("sum by (stage) (rate(gridwhistle_clocks_fired_total[5m]))", "{{stage}}"),
                unit="ops",
            ),
            graph(
                "Tickets in memory, by partition 内存中工单",
                ("sum by (partition) (gridwhistle_open_tickets)", "{{partition}}"),
            ),
            graph(
                "Oldest due, by partition 到期未触发",
                ("max by (partition) (gridwhistle_oldest_due_seconds)", "{{partition}}"),
                unit="s",
            ),
        ],
    ),
)

DEPARTMENT = dashboard(
    "gw-department",
    "gridwhistle · department 部门",
    (
        "$department",
        [
            figure(
                "Open 在办", 'sum(max by (band) (gridwhistle_department_tickets{department="$department"}))', wide=6
            ),
            figure(
                "At risk 将超时",
                'max(gridwhistle_department_tickets{department="$department", band="at_risk"}) or vector(0)',
                wide=6,
            ),
            figure(
                "Overdue 超时",
                'max(gridwhistle_department_tickets{department="$department", band="overdue"}) or vector(0)',
                wide=6,
                bad=1,
            ),
            figure(
                "Tasks sent, 24 h 派发",
                'sum(increase(gridwhistle_tasks_sent_total{department="$department"}[24h]))',
                wide=6,
            ),
            graph(
                "By limit 时限状态",
                ('max by (band) (gridwhistle_department_tickets{department="$department"})', "{{band}}"),
                stack=True,
                wide=12,
            ),
            graph(
                "Tasks an hour 每小时派发",
                ('3600 * department:gridwhistle_tasks_sent:rate1h{department="$department"}', "tasks"),
                wide=12,
            ),
        ],
    ),
    variables=[_variable("department", "Department 部门", "label_values(gridwhistle_department_tickets, department)")],
)

ALL = {"operations": OPERATIONS, "law": LAW, "kafka": KAFKA, "department": DEPARTMENT}


def text(name: str) -> str:
    """The file of one dashboard."""
    return json.dumps(ALL[name], indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    for one in ALL:
        (HERE / f"{one}.json").write_text(text(one), encoding="utf-8")
