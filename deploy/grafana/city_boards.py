"""The dashboards of the law and of one department."""

from panels import bars, dashboard, figure, graph, variable

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
    variables=[variable("department", "Department 部门", "label_values(gridwhistle_department_tickets, department)")],
)
