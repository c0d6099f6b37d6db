"""What others have printed of an operation, as far as it is the very number of its locked figures: readers know it."""

from __future__ import annotations

from outreach.rollup.protection import Told
from outreach.storage.queries import history
from outreach.storage.tables import FigureSet
from outreach.vocab import Qualifier

from . import release_rules as rules


def printed_elsewhere(operation_id: int, found: FigureSet) -> Told:
    """Exact numbers of the whole operation that stand in the published history and are those of this version.

    Another number than ours is not the same figure: a later state, another way to count. Nothing follows from it here.
    """
    rows = [row for row in history.of_operations([operation_id]) if not row.part and row.qualifier == Qualifier.EXACT]
    true = rules.true_of(found.figures, rules.Scope(tuple(dict.fromkeys(row.measure for row in rows))))
    printed = {(row.measure, row.value) for row in rows}
    return Told(found.version, {key: n for key, n in true.items() if (key[0], n) in printed}, elsewhere=True)
