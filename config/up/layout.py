"""Where the embedded PostgreSQL of one DATA_DIR lives: folders, port, roles, names.

Nothing here touches the disk; `config.up.postgres` makes what is named here.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

ROOT_STORE = Path("/var/lib/tactful")


@dataclass(frozen=True)
class Layout:
    """Paths and names derived from the data folder alone, so that every process agrees on them."""

    data_dir: Path
    database: str = "tactful"
    app_role: str = "tactful"
    owner_role: str = "tactful_owner"
    superuser: str = "postgres"
    socket_port: int = 5432

    @property
    def digest(self) -> str:
        return hashlib.sha256(str(self.data_dir).encode()).hexdigest()[:12]

    @property
    def socket_dir(self) -> Path:
        return Path(f"/tmp/tactful-{os.getuid()}-{self.digest}")  # noqa: S108  (0700, owner checked; paths must be short)

    @property
    def server_home(self) -> Path:
        """The folder of the server's own files.

        PostgreSQL refuses to run as root, and the account it runs under for root may not be able
        to enter the folder where the project lies: for root the files stand in /var/lib.
        """
        return ROOT_STORE / self.digest if os.getuid() == 0 else self.data_dir

    @property
    def pg_data(self) -> Path:
        return self.server_home / "postgres"

    @property
    def pg_log(self) -> Path:
        return self.server_home / "postgres.log"

    @property
    def up_lock(self) -> Path:
        """Locked by the process that runs this data folder, `up` or a single command."""
        return self.data_dir / "up.lock"
