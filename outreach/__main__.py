"""``python -m outreach``: the console script without the script."""

from outreach.app import main

main()
