"""Writes the dashboards and ``docs/dashboards.md``: ``python deploy/grafana/generate.py``. A panel is a line here; the
JSON that Grafana reads is drawn from it, and a test holds both together."""

import json
from pathlib import Path
from typing import Any

from city_boards import DEPARTMENT, LAW
from panels import bars, dashboard, figure, graph

HERE = Path(__file__).parent / "dashboards"


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
        "Gateway and archive 网关与归档",
        [
            graph(
                "Requests by status 请求",
                (
                    'sum by (status) (rate(gridwhistle_http_requests_total{route!~"livez|readyz"}[5m]))',
                    "{{status}}",
                ),
                unit="ops",
            ),
            graph(
                "Time to an answer 响应时长",
                ("histogram_quantile(0.5, sum by (le) (rate(gridwhistle_http_request_seconds_bucket[5m])))", "p50"),
                ("gridwhistle:http_request_seconds:p99_5m", "p99"),
                unit="s",
            ),
            graph("Open streams 实时连接", ("sum by (instance) (gridwhistle_stream_clients)", "{{instance}}")),
            graph(
                "Requests by route 路由",
                (
                    'topk(8, sum by (route) (rate(gridwhistle_http_requests_total{route!~"livez|readyz"}[5m])))',
                    "{{route}}",
                ),
                unit="ops",
            ),
            graph("Archive behind 归档积压", ('sum(gridwhistle_lag_records{stage="archive"})', "records")),
            figure("Seats without a password 开放席位", "sum(gridwhistle_seats_open) or vector(0)", wide=8, bad=1),
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


ALL = {"operations": OPERATIONS, "law": LAW, "kafka": KAFKA, "department": DEPARTMENT}


def text(name: str) -> str:
    """The file of one dashboard."""
    return json.dumps(ALL[name], indent=1, ensure_ascii=False) + "\n"


PAGE = HERE.parents[2] / "docs" / "dashboards.md"
HEAD = """# Dashboards

Drawn by `python deploy/grafana/generate.py`. What lies in `deploy/grafana/dashboards/` is provisioned into Grafana
([deploy](deploy.md)); the advice below stands there beside each panel's title.

The pictures are drawn by our own renderer (`make pictures`) from the answers of a real Prometheus beside the running
demonstration. Titles, places, queries, units and thresholds are the dashboards' own; they are no photographs of
Grafana, which looks a little different. The demonstration's day passes at 600 times the speed: engine times are long
there and rates high. What an audit tells (`audit --metrics`) has no data in it, and no certificate is set.
"""


def page() -> str:
    """``docs/dashboards.md``: each picture, and what to do when a panel looks bad."""
    return HEAD + "".join(_section(name, board) for name, board in ALL.items())


def _section(name: str, board: dict[str, Any]) -> str:
    rows = [
        f"| {panel['title'].replace('|', '/')} | {panel['description']} |"
        for panel in board["panels"]
        if panel["type"] != "row"
    ]
    title = board["title"]
    head = f"\n## {title}\n\n![{title}](pictures/{name}.svg)\n\n| panel | when it looks bad |\n|---|---|\n"
    return head + "\n".join(rows) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    for one in ALL:
        (HERE / f"{one}.json").write_text(text(one), encoding="utf-8")
