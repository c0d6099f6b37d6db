"""Outreach: what happened on an anti-trafficking operation, from the street to the summary workbook.

One room a step (`plan`, `field`, `referrals`, `returns`, `report`, with `admin` beside them), a few foundations under
them (`web`, `audit`, `storage`), and pure arithmetic at the bottom (`rollup`, `auth`, the closed lists). Later steps
may know earlier ones, never the reverse; the contracts in `setup.cfg` say it exactly. This module holds the version
and nothing else, so that `import outreach` costs nothing.
"""

__version__ = "0.1.0"
