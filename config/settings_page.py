"""Renders docs/settings.md from the table in `config.env`, so that the page cannot drift."""

from __future__ import annotations

from config.env import ROOT, SETTINGS, Setting

PAGE = ROOT / "docs" / "settings.md"
HEAD = """# Settings

Every setting is an environment variable; this page is written by `manage.py render_settings` from
the table in `config/env.py`. A bad value stops the start with the variable's name. A setting whose
name ends in `_FILE` names a file that holds the key; left empty, the key is made once, readable by
its owner alone, in `DATA_DIR/keys`.

| name | default | meaning |
|---|---|---|
"""


def _row(setting: Setting) -> str:
    default = setting.default.replace(str(ROOT), "<project>")
    shown = f"`{default}`" if default else "empty"
    return f"| `{setting.name}` | {shown} | {setting.meaning} |\n"


def render() -> str:
    return HEAD + "".join(_row(setting) for setting in SETTINGS.values())
