"""The shared parts as they come out: the /style page in both languages, and single parts in their rarer states."""

import dataclasses
import gzip

import html5lib
import pytest
from flask import render_template_string
from lxml import html as lxml_html

from outreach.web.specimen import SpecimenForm, specimen

STATES = ("number", "zero", "silent", "later", "overdue", "declined", "not_a_day", "elsewhere")


@pytest.fixture(params=["en", "fr"])
def inside(app, request):
    """A request in English, then in French."""
    with app.test_request_context("/style", headers={"Accept-Language": request.param}):
        yield app


def _style(app) -> str:
    page = app.jinja_env.get_template("style.html")
    context = {"page_url": lambda number: f"?page={number}", **specimen()}
    app.update_template_context(context)
    return page.render(context)


def _tree(words: str):
    return lxml_html.fromstring(words)


def _part(template: str, **values) -> str:
    return render_template_string(template, **values)


def test_the_style_page_is_valid_html(inside):
    html5lib.HTMLParser(strict=True).parse(_style(inside))


def test_no_id_is_used_twice_on_the_style_page(inside):
    ids = _tree(_style(inside)).xpath("//@id")
    assert len(ids) == len(set(ids))


def test_every_description_and_label_points_at_something_that_exists(inside):
    tree = _tree(_style(inside))
    ids = set(tree.xpath("//@id"))
    pointed = " ".join(tree.xpath("//@aria-describedby | //@aria-labelledby | //label/@for")).split()
    assert set(pointed) <= ids
    for control in tree.xpath("//main//input[not(@type='hidden')] | //main//select | //main//textarea"):
        assert tree.xpath("//label[@for=$id]", id=control.get("id")), control.get("id")


def test_every_refused_field_says_so_and_is_linked_from_the_summary(inside):
    tree = _tree(_style(inside))
    links = [href.lstrip("#") for href in tree.xpath("//*[@id='error-summary']//a/@href")]
    wrong = specimen()["wrong_form"]
    assert len(links) == sum(1 for field in wrong if field.errors)
    for field in wrong:
        if field.errors:
            [control] = tree.xpath("//*[@id=$id]", id=field.id if field.type != "RadioField" else f"{field.id}-0")
            assert control.get("id") in links
            held = control.xpath("ancestor-or-self::*[@aria-describedby]/@aria-describedby")
            assert f"{field.id}-error" in " ".join(held).split()


def test_what_was_typed_stays_in_a_refused_field(inside):
    tree = _tree(_style(inside))
    assert tree.xpath("string(//*[@id='wrong-members']/@value)") == "five"
    assert tree.xpath("string(//*[@id='wrong-opens_on']/@value)") == "18/10/2017"


def test_a_refused_field_says_how_to_put_it_right_in_the_language_of_the_page(inside):
    said = {field.short_name: field.errors for field in specimen()["wrong_form"]}
    assert said["members"] in (
        ["Enter a whole number, such as 12."],
        ["Inscrivez un nombre entier, par exemple 12."],
    )
    assert said["opens_on"] in (
        ["Enter the day as 2017-10-18."],
        ["Inscrivez la date ainsi\N{NO-BREAK SPACE}: 2017-10-18."],
    )


def test_a_page_with_errors_says_so_first_in_its_title_and_focuses_the_summary(inside):
    words = _part(
        "{% extends 'problem.html' %}", errors=[("name", "Enter a name.")], problem={"title": "A page", "status": 400}
    )
    tree = _tree(words)
    assert tree.xpath("string(//title)").startswith(("Error: A page", "Erreur\N{NO-BREAK SPACE}: A page"))
    [summary] = tree.xpath("//main//*[@id='error-summary']")
    assert summary.get("autofocus") is not None
    assert tree.xpath("//*[@id='error-summary']//a/@href") == ["#name"]


@pytest.mark.parametrize("state", STATES)
def test_a_state_cell_that_links_is_named_by_service_day_and_state(inside, state):
    cell = "{% from 'macros/states.html' import cell %}{{ cell(state, 4, '/rows', 'Fox River', 'Mon 16') }}"
    link = _tree(_part(cell, state=state))
    assert link.tag == "a"
    name, seen = link.get("aria-label"), link.text_content().strip()
    assert name.startswith("Fox River, Mon 16")
    assert seen.split()[0] in name


def test_no_two_states_look_the_same_without_colour(inside):
    cell = "{% from 'macros/states.html' import word %}{{ word(state, 4) }}"
    assert len({_part(cell, state=state).strip() for state in STATES}) == len(STATES)


def test_a_figure_that_is_not_known_is_never_shown_as_zero(inside):
    tile = "{% from 'macros/parts.html' import tile %}{{ tile(none, 'persons met', bound='unknown') }}"
    assert "0" not in _tree(_part(tile)).text_content()
    bars = "{% from 'macros/parts.html' import bars %}{{ bars('A', 'B', [{'label': 'Met', 'value': none}]) }}"
    assert "0" not in _tree(_part(bars)).text_content()


def test_the_comb_gives_way_to_words_over_120_services(inside):
    comb = "{% from 'macros/states.html' import comb %}{{ comb(n, n) }}"
    assert "<svg" in _part(comb, n=120)
    assert "<svg" not in _part(comb, n=121)
    assert "121" in _part(comb, n=121)


def test_what_users_typed_is_escaped_in_every_part(inside):
    nasty = "<b>x</b>\"'"
    parts = """{% from 'macros/parts.html' import notice, tag, summary_list, empty, person_code %}
    {% from 'macros/tables.html' import table %}{% from 'macros/states.html' import cell, grid %}
    {{ notice('know', t, t) }}{{ tag('new', t) }}{{ summary_list([{'key': t, 'value': t, 'note': t}]) }}
    {{ empty(t, t, '/') }}
    {{ person_code(t) }}{{ table(t, [{'key': 'a', 'label': t}], [{'a': t}]) }}
    {{ cell('zero', url='/', service=t, day=t, detail=t) }}
    {{ grid(t, [{'label': t}], [{'name': t, 'cells': [{'state': 'zero'}]}]) }}"""
    assert "<b>" not in _part(parts, t=nasty)


def test_answers_pressed_before_say_so_and_others_do_not(inside):
    choice = "{% from 'macros/forms.html' import choice %}{{ choice('Yes', 'a', 'yes', pressed=p) }}"
    assert 'aria-pressed="true"' in _part(choice, p=True)
    assert 'aria-pressed="false"' in _part(choice, p=False)
    assert "aria-pressed" not in _part(choice, p=None)


def test_changing_language_and_theme_are_posts_that_carry_a_token(inside):
    toggles = _tree(_style(inside)).xpath("//header//form")
    assert len(toggles) == 2
    for form in toggles:
        assert form.get("method") == "post"
        assert form.xpath(".//input[@name='csrf_token']/@value")[0]


def test_the_browser_never_checks_in_our_place(inside):
    tree = _tree(_style(inside))
    assert all(form.get("novalidate") is not None for form in tree.xpath("//main//form"))
    assert not tree.xpath("//main//*[@required]")


def test_a_blank_form_shows_no_errors(inside):
    field = """{% from 'macros/forms.html' import field, error_summary %}
    {{ error_summary(form) }}{% for f in form %}{{ field(f) }}{% endfor %}"""
    words = _part(field, form=SpecimenForm(None))
    assert "error" not in words


def test_the_style_page_is_there_in_development_and_not_on_a_live_site(app):
    assert app.test_client().get("/style").status_code == 404
    app.config["OUTREACH"] = dataclasses.replace(app.config["OUTREACH"], development=True)
    answer = app.test_client().get("/style")
    assert answer.status_code == 200
    assert len(gzip.compress(answer.data)) < 12_000
