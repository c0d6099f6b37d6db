"""Forms of accounts: invitation, roles, passwords, one's own settings."""

from __future__ import annotations

from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from wtforms import PasswordField, SelectField, StringField, validators
from wtforms.fields.choices import SelectChoice

from outreach.vocab import Language, Role
from outreach.web.forms import OutreachForm


class PlainPassword(PasswordField):
    """A password is taken as typed: surrounding spaces belong to it."""

    def process_formdata(self, valuelist: list[str]) -> None:
        super().process_formdata(valuelist)
        self.typed = valuelist[0] if valuelist else ""


class RoleForm(OutreachForm):
    """A role and what it is bound to. The choices of service and operation come from the view."""

    role = SelectField(_l("Role"), [validators.InputRequired(_l("Choose a role."))])
    service = SelectField(
        _l("Service"),
        [validators.Optional()],
        description=_l("Service coordinators, field officers and liaisons belong to one."),
    )
    operation = SelectField(
        _l("Operation"), [validators.Optional()], description=_l("Bound to one operation, or to none.")
    )

    def offer(self, services: dict[int, str], operations: dict[int, str]) -> None:
        self.role.choices = [
            SelectChoice("", gettext("Choose a role")),
            *(SelectChoice(role.value, gettext(role.label)) for role in Role),
        ]
        self.service.choices = [
            SelectChoice("", gettext("None")),
            *(SelectChoice(str(i), n) for i, n in services.items()),
        ]
        self.operation.choices = [
            SelectChoice("", gettext("Every operation")),
            *(SelectChoice(str(i), c) for i, c in operations.items()),
        ]

    @property
    def chosen(self) -> tuple[Role, int | None, int | None]:
        service, operation = self.service.data, self.operation.data
        return Role(self.role.data), int(service) if service else None, int(operation) if operation else None


class InviteForm(RoleForm):
    """A person to invite."""

    name = StringField(
        _l("Name"),
        [
            validators.InputRequired(_l("Enter the person’s name.")),
            validators.Length(2, 120, _l("Enter a name of 2 to 120 characters.")),
        ],
    )
    email = StringField(
        _l("E-mail address"),
        [
            validators.InputRequired(_l("Enter an e-mail address, such as name@example.org.")),
            validators.Length(max=254, message=_l("Enter an e-mail address, such as name@example.org.")),
            validators.Email(_l("Enter an e-mail address, such as name@example.org.")),
        ],
        description=_l("They sign in with it. Nothing is sent to it."),
    )


class NewPasswordForm(OutreachForm):
    """The first or a new password, by a one-time link."""

    password = PlainPassword(
        _l("New password"),
        [validators.InputRequired(_l("Enter a password."))],
        description=_l("15 characters or more. Four words that do not belong together are easy to keep in mind."),
    )


class ChangePasswordForm(NewPasswordForm):
    """A new password with the present one."""

    present = PlainPassword(_l("Present password"), [validators.InputRequired(_l("Enter your present password."))])


class AccountForm(OutreachForm):
    """One's own name, language and theme."""

    name = StringField(_l("Name"), [validators.InputRequired(_l("Enter your name."))])
    language = SelectField(_l("Language"), choices=[SelectChoice(each.value, each.label) for each in Language])
    theme = SelectField(_l("Colours"), choices=[SelectChoice("day", _l("Day")), SelectChoice("night", _l("Night"))])
