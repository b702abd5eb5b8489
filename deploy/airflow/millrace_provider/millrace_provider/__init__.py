"""Airflow provider of millrace: its pipeline's runs, asked for, followed and cancelled."""

from typing import Any

__version__ = "0.1.0"


def get_provider_info() -> dict[str, Any]:
    """What Airflow shows of this package: a kind of connection, and a link of its tasks."""
    return {
        "package-name": "millrace-provider",
        "name": "millrace",
        "description": "Runs of millrace's pipeline.",
        "versions": [__version__],
        "connection-types": [
            {"connection-type": "millrace", "hook-class-name": "millrace_provider.hooks.MillraceHook"},
        ],
        "extra-links": ["millrace_provider.links.MillraceRunLink"],
    }
