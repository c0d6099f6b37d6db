"""Settings from the environment. Reads, decides defaults, refuses nonsense; knows nothing of Flask."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Settings:
    """Where things lie and how strict the site is.

    ``public_url`` decides the cookies: with ``https://`` they are ``Secure`` and ``__Host-``; without it the server
    refuses to listen anywhere but on this machine (see ``docs/deploy.md``).
    """

    instance_dir: Path
    database_url: str
    public_url: str
    development: bool
    # smtp://user:password@host:587 (STARTTLS where offered) or smtps://host:465; '': letters are copied by hand.
    smtp_url: str = ""
    mail_from: str = ""
    testing: bool = False
    # A floor for tests only, so that a suite with hundreds of sign-ins is not a suite about argon2.
    argon2_time_cost: int = 2
    argon2_memory_kib: int = 19456

    @property
    def tls(self) -> bool:
        return self.public_url.startswith("https://")

    @property
    def keys_dir(self) -> Path:
        return self.instance_dir / "keys"

    @property
    def sqlite_file(self) -> Path | None:
        prefix = "sqlite:///"
        return Path(self.database_url[len(prefix) :]) if self.database_url.startswith(prefix) else None


def default_instance_dir() -> Path:
    """``instance/`` beside the checkout; for an installed wheel ``var/outreach-instance`` under the prefix."""
    beside = Path(__file__).resolve().parent.parent
    if (beside / "setup.cfg").exists():
        return beside / "instance"
    return Path(sys.prefix) / "var" / "outreach-instance"


def from_environment(environ: dict[str, str] | None = None) -> Settings:
    """Settings from ``OUTREACH_*`` variables; see ``docs/deploy.md`` for the list."""
    env = os.environ if environ is None else environ
    instance = Path(env.get("OUTREACH_INSTANCE_DIR") or default_instance_dir()).resolve()
    url = env.get("OUTREACH_DATABASE_URL") or f"sqlite:///{instance / 'outreach.sqlite3'}"
    if url.startswith("postgresql://"):
        url = "postgresql+psycopg://" + url[len("postgresql://") :]
    return Settings(
        instance_dir=instance,
        database_url=url,
        public_url=env.get("OUTREACH_PUBLIC_URL", ""),
        smtp_url=env.get("OUTREACH_SMTP_URL", ""),
        mail_from=env.get("OUTREACH_MAIL_FROM", ""),
        development=env.get("OUTREACH_DEVELOPMENT", "") == "1",
    )
