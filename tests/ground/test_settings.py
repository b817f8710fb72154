"""The settings table: documented, checked, and the only reader of the environment."""

import os
import subprocess
import sys

import pytest
from django.core.exceptions import ImproperlyConfigured

from config import env
from config.settings_page import PAGE, render


def test_the_settings_page_says_what_the_table_says() -> None:
    assert PAGE.read_text("utf-8") == render(), "run manage.py render_settings"


@pytest.mark.parametrize(
    ("name", "value"),
    [("PORT", "eighty"), ("PORT", "0"), ("DEMO", "maybe"), ("LOG_LEVEL", "LOUD")],
)
def test_a_bad_value_is_refused_with_the_name_of_the_setting(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ImproperlyConfigured, match=f"^{name}='{value}' must be"):
        env.read(name)


@pytest.mark.parametrize("command", [["up"], ["check"]])
def test_a_bad_value_stops_the_start_in_one_line(command: list[str]) -> None:
    ended = subprocess.run(
        [sys.executable, "manage.py", *command],
        cwd=env.ROOT,
        env={**os.environ, "PORT": "eighty"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 1
    assert ended.stderr.strip().splitlines() == [
        (
            "PORT='eighty' must be a port number from 1 to 65534:"
            " port of the web server; the stream uses PORT+1."
        )
    ]
