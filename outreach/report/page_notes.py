"""The notes of the one page: further totals, how it is counted, what to look at before quoting, by which rules.

Here belongs wording. What became of referrals comes from ``followed``, which knows what this reader may see.
"""

from __future__ import annotations

from flask_babel import gettext, ngettext

from outreach.returns.figures import Figures, measure_in
from outreach.rollup.measures import measure as measure_of
from outreach.storage.queries import releases
from outreach.vocab import Bound, ReleaseKind
from outreach.web import clock

from . import followed, tile_words, words
from .page_asked import Asked

ALSO = ("persons_referred", "persons_received", "persons_engaged", "kits_handed_out")


def also(asked: Asked) -> tuple[tuple[str, str], ...]:
    """Further totals as this reader may see them; what nobody knows is left out."""
    seen = followed.seen(asked.actor, asked.target, asked.operation, asked.as_of, asked.now)
    names = {
        "persons_referred": gettext("Referred to an agency"),
        "persons_received": gettext("Picked up by an agency"),
        "persons_engaged": gettext("Work with an agency"),
        "kits_handed_out": words.label(measure_of("kits_handed_out")),
    }
    found = [(names[code], seen.one(code)) for code in ALSO]
    return tuple(
        (name, words.short(figure) if not figure.withheld else words.said(figure))
        for name, figure in found
        if figure.value is not None or figure.withheld
    )


def counted(whole: Figures) -> tuple[str, ...]:
    lines = [
        gettext("A person met twice counts once."),
        gettext("Charged persons and charges belong to services, never to a person met."),
        gettext("Refusal is a normal answer."),
    ]
    if any(whole.one(code).bound is Bound.AT_MOST or whole.one(code).least for code in tile_words.TILES):
        lines.append(gettext("At most, or a range: several services may have counted the same person."))
    return tuple(lines)


def quote(asked: Asked, final: bool, signed: list[bool]) -> tuple[str, ...]:
    lines = [_released(asked)]
    if final:
        lines.append(gettext("Every service has signed its figures."))
    elif signed:
        lines.append(
            ngettext(
                "Figures become final when the service has signed (so far %(signed)s).",
                "Figures become final when all %(num)s services have signed (so far %(signed)s).",
                len(signed),
                signed=signed.count(True),
            )
        )
    return (*lines, gettext("Small numbers by service are withheld outside."))


def _released(asked: Asked) -> str:
    found = [
        row
        for row, _ in releases.published([asked.operation.id])
        if row.kind == ReleaseKind.RELEASE and row.published_at is not None and row.published_at <= asked.now
    ]
    if not found:
        return gettext("Not released.")
    day = clock.long_day(clock.local(found[-1].published_at, asked.operation.time_zone))
    return gettext("Release %(number)s was published on %(day)s: quote that.", number=found[-1].number, day=day)


def rules(asked: Asked) -> str:
    """The code, the newest version among the counting rules of what is shown, and the zone of its times."""
    measures = [measure_in(asked.operation.id, code, asked.as_of) for code in tile_words.TILES]
    version = max(measure.version for measure in measures)
    said = gettext("%(code)s · counting rules version %(version)s", code=asked.operation.code, version=version)
    return f"{said} · {asked.operation.time_zone}"
