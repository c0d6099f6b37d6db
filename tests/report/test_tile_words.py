"""What stands beside a headline figure agrees with its number in both languages; French counts none as one."""

from __future__ import annotations

import pytest
from flask_babel import force_locale

from outreach.report import charts, dashboard_pages, tile_words, words
from outreach.returns.figures import Board
from outreach.rollup.cells import Cell
from outreach.rollup.totals import Coverage, Figure
from outreach.vocab import CellState

MANY = {
    "en": {0: "many", 1: "one", 2: "many", None: "many", -1: "one"},
    "fr": {0: "one", 1: "one", 2: "many", None: "many", -1: "one"},
}
NAMES = {
    "en": {"one": ["service", "personnel", "person met", "accepted support", "made safe", "person charged", "charge"],
           "many": ["services", "personnel", "persons met", "accepted support", "made safe", "people charged",
                    "charges"]},
    "fr": {"one": ["service", "membre du personnel", "personne rencontrée", "a accepté du soutien", "mise en sécurité",
                   "personne accusée", "accusation"],
           "many": ["services", "membres du personnel", "personnes rencontrées", "ont accepté du soutien",
                    "mises en sécurité", "personnes accusées", "accusations"]},
}  # fmt: skip


@pytest.fixture
def here(app):
    with app.test_request_context("/"):
        yield app


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("value", [0, 1, 2, -1, None])
def test_the_name_of_a_tile_and_its_words_agree_with_its_number(app, language, value):
    many = MANY[language][value]
    with app.test_request_context("/"), force_locale(language):
        assert [tile_words.name(Figure(code, {}, value)) for code in tile_words.TILES] == NAMES[language][many]
        offered = tile_words.of_offered(Figure("support_offered", {}, value), "13 (5/46)")
        assert (
            offered
            == {"en": "of 13 (5/46) offered", "fr": f"sur 13 (5/46) offre{'s' if many == 'many' else ''}"}[language]
        )
        if language == "fr":
            assert tile_words.laid(Figure("charges", {}, value)) == ("déposées" if many == "many" else "déposée")


@pytest.mark.parametrize(
    ("reported", "expected", "english", "french"),
    [
        (0, 1, "0 of 1 service in", "0 service sur 1 a répondu"),
        (1, 1, "1 of 1 service in", "1 service sur 1 a répondu"),
        (1, 2, "1 of 2 services in", "1 service sur 2 a répondu"),
        (44, 46, "44 of 46 services in", "44 services sur 46 ont répondu"),
    ],
)
def test_how_many_services_are_in_agrees_with_both_numbers(app, reported, expected, english, french):
    for language, said in (("en", english), ("fr", french)):
        with app.test_request_context("/"), force_locale(language):
            assert words.covered(Coverage(reported, expected)) == said


@pytest.mark.parametrize(
    ("hours", "english", "french"),
    [(0, "under 1 h", "moins de 1 h"), (0.4, "under 1 h", "moins de 1 h"), (1, "1 h", "1 h"), (2.5, "2.5 h", "2,5 h")],
)
def test_nobody_waits_no_hours(app, hours, english, french):
    for language, said in (("en", english), ("fr", french)):
        with app.test_request_context("/"), force_locale(language):
            assert words.value(Figure("hours_to_receipt", {}, hours)) == said


@pytest.mark.parametrize(
    ("states", "english", "french"),
    [
        ((CellState.SILENT,), "1 service is silent today", "1 service est silencieux aujourd’hui"),
        ((CellState.SILENT,) * 2, "2 services are silent today", "2 services sont silencieux aujourd’hui"),
        ((CellState.OVERDUE, CellState.SILENT), "1 service is overdue, 1 is silent today",
         "1 service est en retard, 1 est silencieux aujourd’hui"),
    ],
)  # fmt: skip
def test_the_title_of_the_grid_names_what_it_counts(app, states, english, french):
    cells = tuple(Cell(service, 100, state, None) for service, state in enumerate(states))
    board = Board(100, (100,), cells, (), (), {}, ())
    for language, said in (("en", english), ("fr", french)):
        with app.test_request_context("/"), force_locale(language):
            assert dashboard_pages.grid_title(board) == said


def test_a_name_from_the_right_does_not_turn_what_follows_it():
    assert words.apart("Windsor") == "Windsor" and words.apart("ᐃᓄᒃᑎᑐᑦ 👮") == "ᐃᓄᒃᑎᑐᑦ 👮"
    assert words.apart("=שלום 17") == "\u2066=שלום 17\u2069"


def test_bars_leave_room_for_the_words_beside_them_and_numbers_of_lines_stand_clear_of_the_other_line(here):
    def room(said):
        return charts.bars("a", "", "", [charts.Row("Met", 3, said)], description="", twin=charts.Twin((), ())).room

    assert room("") == 78 and room("71 (7/10)") == 65.2 and room("1,234,567–1,334,567 (311/400)") == 25

    def labels(now, before):
        ticks = [(number, str(number)) for number in (1, 2, 3)]
        return [line.label for line in charts.lines("a", "", "", [("", now, False), ("", before, True)], ticks).lines]

    assert labels([(1, 2), (2, 4)], [(1, 1), (2, 3), (3, 9)]) == ["above", "beside"]
    assert labels([(1, 2), (2, 2)], [(1, 1), (2, 3), (3, 9)]) == ["below", "beside"]
    assert labels([(1, 2), (2, 3)], [(1, 1), (2, 3)]) == ["above", "below"]
    assert labels([(1, 2)], []) == ["beside", "beside"]
