"""The link from a task to its run on millrace's operations page."""

from __future__ import annotations

from typing import Any

from airflow.sdk import BaseOperator, BaseOperatorLink


class MillraceRunLink(BaseOperatorLink):
    """A button at the task."""

    @property
    def name(self) -> str:
        """On the button."""
        return "millrace run"

    def get_link(self, operator: BaseOperator, *, ti_key: Any) -> str:  # noqa: ANN401 - a key, or the instance itself
        """Asked for where the task runs, when it has ended; Airflow keeps it with the task."""
        return getattr(operator, "run_url", "")
