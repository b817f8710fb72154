#!/usr/bin/env python
"""The command line of Tactful: every command lives in a room's `management/commands`."""

import os
import sys

# Commands that change tables connect as their owner.
AS_OWNER = {"migrate", "prepare_database", "apply_grants", "backup", "restore", "pgtrigger"}
# Commands that need no database, or that start and stop the server themselves.
WITHOUT_DATABASE = {
    *("up", "audit", "selftest", "prepare_database"),
    *("check", "makemigrations", "makemessages", "compilemessages", "collectstatic", "findstatic"),
    "render_settings",
    *("diffsettings", "spectacular", "help", "version", "--help", "--version", "-h"),
}
# Parts of a command that need none, though the others do.
WITHOUT_DATABASE_VERBS = {("audit_plans", "check"), ("audit_plans", "schema")}
# Commands that may meet a database without tables.
WITHOUT_TABLES = {"migrate", "doctor", "restore"}


def main() -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    name = sys.argv[1] if len(sys.argv) > 1 else "help"
    if name in AS_OWNER:
        os.environ.setdefault("TACTFUL_AS_OWNER", "1")
    if name == "up":
        from config.up.supervisor import main as up

        return up(sys.argv[2:])
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line

    from config import env

    try:
        env.check_all()
    except ImproperlyConfigured as problem:
        print(problem, file=sys.stderr)
        return 1
    verb = sys.argv[2] if len(sys.argv) > 2 else ""
    without = name in WITHOUT_DATABASE or (name, verb) in WITHOUT_DATABASE_VERBS
    alone = without or "--help" in sys.argv or env.read("DATABASE_URL")
    if alone:
        execute_from_command_line(sys.argv)
        return 0
    from config.up.layout import Layout
    from config.up.postgres import CannotRun
    from config.up.session import running

    try:
        with running(Layout(env.read("DATA_DIR")), prepare=name not in WITHOUT_TABLES):
            execute_from_command_line(sys.argv)
    except CannotRun as problem:
        print(problem, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
