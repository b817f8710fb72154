"""What a plan file asks of its method, checked before anything is read or saved."""

from __future__ import annotations

from audits.plan_files.model import PlanFile


def check_plan_file(file: PlanFile) -> None:
    """Refuse what the method of a plan file does not know; no database is asked."""
    from methods import catalogue
    from methods.report import Limit
    from methods.run import check_limits

    method = catalogue.get(file.method)
    method.roles.check(method.key, file.columns)
    looks = {"looks": file.planned_looks} if file.planned_looks else {}
    method.parse({**file.parameters, **looks})
    check_limits(method, [Limit.from_dict(one) for one in file.limit_rows()])
