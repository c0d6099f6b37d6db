"""Readers of untrusted files that wait for their turn, here and, as ``python -m tests.patient serve``, in a server.

How long they may work by the clock of the processor stays as it is. By the clock on the wall a machine that does other
work too may take longer than a person would wait for a page.
"""

from outreach.app import main
from outreach.plan import workbook
from outreach.ready import attachments
from outreach.returns import answer_process, workbook_file

TURN = 180


def wait_for_turns() -> None:
    """From here on, readers that this process or its children start may take ``TURN`` seconds."""
    for module in (workbook, attachments, answer_process, workbook_file):
        assert 0 < module.WALL_SECONDS <= TURN
        module.WALL_SECONDS = TURN


if __name__ == "__main__":
    wait_for_turns()
    main()
