"""Five hundred random sequences of edited returns: what stands is what the last file says."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings

from outreach.app import create_app
from outreach.storage import db
from outreach.storage.schema import bring_up_to_date
from tests.conftest import settings as site_settings
from tests.factories import an_operation
from tests.returns import resends

SEQUENCES = 500


def rows() -> list[dict[str, Any]]:
    """Rows of the soak table; a sequence that goes wrong ends it."""
    tried = 0

    @settings(
        max_examples=SEQUENCES,
        deadline=None,
        database=None,
        phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )
    @given(sequence=resends.files)
    def every(sequence: list[dict[str, Any]]) -> None:
        nonlocal tried
        resends.send(an_operation(), sequence)
        tried += 1

    with tempfile.TemporaryDirectory() as folder:
        app = create_app(site_settings(Path(folder)))
        with app.app_context():
            bring_up_to_date()
            every()
            db.session.remove()
            db.engine.dispose()
    name = "returns.resend_sequences_as_the_last_file"
    return [{"name": name, "value": tried, "unit": "", "goal": SEQUENCES, "met": tried >= SEQUENCES}]
