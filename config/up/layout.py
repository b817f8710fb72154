"""Where the embedded PostgreSQL of one DATA_DIR lives: socket folder, port, roles, names."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Layout:
    """Paths and names derived from the data folder alone, so that every process agrees on them."""

    data_dir: Path
    database: str = "tactful"
    app_role: str = "tactful"
    owner_role: str = "tactful_owner"
    socket_port: int = 5432

    @property
    def digest(self) -> str:
        return hashlib.sha256(str(self.data_dir).encode()).hexdigest()[:12]

    @property
    def socket_dir(self) -> Path:
        return Path(f"/tmp/tactful-{os.getuid()}-{self.digest}")
