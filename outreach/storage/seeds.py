"""What a site starts with: editable lists, offences with their dates, duty-to-report texts. Data, and putting it in.

Only what is missing is added, so an administrator's wording is never overwritten and a later release may bring more.
English labels of lists come from ``vocab``; the French beside them is where an administrator starts from.
"""

from __future__ import annotations

import datetime as dt

from sqlalchemy import select

from outreach.vocab import Approach, Gender, Indicator, Need, NoReferralReason, Outcome, PlaceKind, Vocabulary

from .engine import db
from .tables import ListItem, Offence, RegionSetting

GLOSSARY = "Outreach glossary, lists"
DUTY_TO_REPORT = "duty_to_report"
LEGAL_CARD = "legal_card"

# List name -> closed list that the codes start from, and their French.
LISTS: dict[str, tuple[type[Vocabulary], dict[str, str]]] = {
    "needs": (Need, {
        "shelter": "Hébergement ou logement", "health": "Soins de santé", "addiction": "Aide en matière de dépendance",
        "legal": "Aide juridique ou tribunal", "income": "Revenu", "identity_documents": "Pièces d’identité",
        "transport": "Transport", "childcare": "Garde d’enfants", "interpretation": "Interprétation",
        "safety_plan": "Plan de sécurité", "exit_telephone": "Téléphone de sortie", "counselling": "Counseling"}),
    "indicators": (Indicator, {
        "debt_bondage": "Servitude pour dettes", "takes_earnings": "Prend les gains",
        "restricts_finances": "Limite l’accès à l’argent", "threats": "Menaces",
        "psychological_abuse": "Violence psychologique", "physical_abuse": "Violence physique",
        "sexual_abuse": "Violence sexuelle", "false_promises": "Fausses promesses",
        "substances": "Contrôle par des substances", "restricts_movement": "Limite les déplacements",
        "restricts_medical_care": "Limite les soins médicaux", "excessive_hours": "Heures de travail excessives",
        "uses_children": "Contrôle par les enfants", "threat_of_law": "Menace de recourir aux autorités",
        "withholds_necessities": "Prive du nécessaire", "withholds_documents": "Retient les documents",
        "other": "Autre"}),
    "place_kinds": (PlaceKind, {
        "hotel": "Hôtel", "motel": "Motel", "private_home": "Domicile privé",
        "short_term_rental": "Location à court terme",
        "massage_parlour": "Salon de massage", "street": "Rue", "truck_stop": "Relais routier", "other": "Autre",
        "not_known": "Inconnu"}),
    "approaches": (Approach, {
        "online_advertisement": "Annonce en ligne", "telephone_or_text": "Téléphone ou message texte",
        "street": "Dans la rue", "premises_visit": "Visite d’un établissement", "tip": "Information reçue",
        "agency_referral": "Envoyé par un organisme", "other": "Autre", "not_known": "Inconnu"}),
    "no_referral_reasons": (NoReferralReason, {
        "not_wanted": "Non souhaité", "already_served": "Déjà suivie par un organisme",
        "no_agency": "Aucun organisme disponible", "unsafe_now": "Trop dangereux maintenant", "other": "Autre"}),
    "genders": (Gender, {
        "woman_girl": "Femme ou fille", "man_boy": "Homme ou garçon", "non_binary": "Non binaire",
        "transgender": "Transgenre ou non conforme dans le genre", "self_described": "Autodésignation",
        "not_known": "Inconnu"}),
    "outcomes": (Outcome, {
        "safe_housing": "Logement sûr", "school": "De retour aux études ou en formation", "work": "A trouvé du travail",
        "children_returned": "Enfants de retour", "health_care": "Reçoit des soins de santé",
        "legal_help": "Reçoit de l’aide juridique", "income": "A un revenu", "documents": "A des pièces d’identité"}),
}  # fmt: skip

# SOURCE: S.C. 2014, c. 25 (Protection of Communities and Exploited Persons Act), in force 2014-12-06: sections 286.1 to
# 286.4 replace 212 and what 210 said of prostitution. A day "to" is the first on which it can no longer be laid.
_C36 = dt.date(2014, 12, 6)
# SOURCE: S.C. 2005, c. 43 (279.01 to 279.03); S.C. 2010, c. 3 (279.011); S.C. 2009, c. 28 (402.2).
_2005, _2010, _ID = dt.date(2005, 11, 25), dt.date(2010, 6, 29), dt.date(2010, 1, 8)

# section, English, French, in force from, until (code: "cc-" and the section; the order is the one of the select)
CRIMINAL_CODE: tuple[tuple[str, str, str, dt.date | None, dt.date | None], ...] = (
    ("279.01", "Trafficking in persons", "Traite des personnes", _2005, None),
    ("279.011", "Trafficking of a person under 18", "Traite d’une personne de moins de 18 ans", _2010, None),
    ("279.02(1)", "Material benefit from trafficking", "Avantage matériel tiré de la traite", _2005, None),
    ("279.02(2)", "Material benefit from trafficking, under 18", "Avantage matériel tiré de la traite, moins de 18 ans",
     _C36, None),
    ("279.03(1)", "Withholding or destroying documents", "Rétention ou destruction de documents", _2005, None),
    ("279.03(2)", "Withholding or destroying documents, under 18",
     "Rétention ou destruction de documents, moins de 18 ans", _C36, None),
    ("279(2)", "Forcible confinement", "Séquestration", None, None),
    ("286.1(1)", "Obtaining sexual services for consideration", "Obtention de services sexuels moyennant rétribution",
     _C36, None),
    ("286.1(2)", "Obtaining sexual services for consideration, under 18",
     "Obtention de services sexuels moyennant rétribution, moins de 18 ans", _C36, None),
    ("286.2(1)", "Material benefit from sexual services", "Avantage matériel provenant de services sexuels",
     _C36, None),
    ("286.2(2)", "Material benefit from sexual services, under 18",
     "Avantage matériel provenant de services sexuels, moins de 18 ans", _C36, None),
    ("286.3(1)", "Procuring", "Proxénétisme", _C36, None),
    ("286.3(2)", "Procuring, under 18", "Proxénétisme, moins de 18 ans", _C36, None),
    ("286.4", "Advertising sexual services", "Publicité de services sexuels", _C36, None),
    ("163.1", "Child sexual abuse material", "Matériel d’abus sexuel d’enfants", None, None),
    ("172.1", "Luring a child", "Leurre d’un enfant", None, None),
    ("151", "Sexual interference", "Contacts sexuels", None, None),
    ("152", "Invitation to sexual touching", "Incitation à des contacts sexuels", None, None),
    ("271", "Sexual assault", "Agression sexuelle", None, None),
    ("272", "Sexual assault with a weapon, threats or bodily harm",
     "Agression sexuelle armée, menaces ou lésions corporelles", None, None),
    ("264", "Criminal harassment", "Harcèlement criminel", None, None),
    ("264.1", "Uttering threats", "Proférer des menaces", None, None),
    ("266", "Assault", "Voies de fait", None, None),
    ("267", "Assault with a weapon or causing bodily harm", "Agression armée ou infliction de lésions corporelles",
     None, None),
    ("268", "Aggravated assault", "Voies de fait graves", None, None),
    ("87", "Pointing a firearm", "Braquer une arme à feu", None, None),
    ("88", "Weapon for a dangerous purpose", "Port d’arme dans un dessein dangereux", None, None),
    ("346", "Extortion", "Extorsion", None, None),
    ("129", "Obstructing a peace officer", "Entrave à un agent de la paix", None, None),
    ("145", "Failing to comply or to appear", "Défaut de se conformer ou de comparaître", None, None),
    ("733.1", "Breach of probation", "Défaut de se conformer à une probation", None, None),
    ("354", "Possession of property obtained by crime", "Possession de biens criminellement obtenus", None, None),
    ("402.2", "Identity theft", "Vol d’identité", _ID, None),
    ("403", "Identity fraud", "Fraude à l’identité", None, None),
    ("210", "Keeping a common bawdy-house (before December 2014)",
     "Tenue d’une maison de débauche (avant décembre 2014)", None, _C36),
    ("212", "Procuring or living on the avails (before December 2014)",
     "Proxénétisme ou vivre des produits (avant décembre 2014)", None, _C36),
)  # fmt: skip

# region, English, French. ASSUMPTION: these are starting texts; the local lead confirms them with counsel.
DUTY_TEXTS: tuple[tuple[str, str, str], ...] = (
    ("",
     "This person may be a child in need of protection. Tell the local child protection agency now, directly and in "
     "person or by telephone: the duty to report is yours and cannot be passed on. The local lead confirms this text.",
     "Cette personne est peut-être un enfant qui a besoin de protection. Avisez maintenant l’organisme local de "
     "protection de l’enfance, vous-même, en personne ou par téléphone : ce devoir est le vôtre et ne se délègue pas. "
     "Le responsable local confirme ce texte."),
    # SOURCE: Child, Youth and Family Services Act, 2017 (Ontario), S.O. 2017, c. 14, Sched. 1, s. 125.
    ("Ontario",
     "Ontario, Child, Youth and Family Services Act, 2017, section 125: under 16, report a suspicion to a children’s "
     "aid society at once, yourself; at 16 or 17 you may report. The duty goes on and cannot be passed on. The local "
     "lead confirms this text.",
     "Ontario, Loi de 2017 sur les services à l’enfance, à la jeunesse et à la famille, article 125 : moins de 16 ans, "
     "signalez tout de suite et vous-même vos soupçons à une société d’aide à l’enfance; à 16 ou 17 ans, vous pouvez "
     "signaler. Ce devoir est continu et ne se délègue pas. Le responsable local confirme ce texte."),
)  # fmt: skip

# region, English, French: what an officer may and must do when meeting somebody. ASSUMPTION: as above; each text says
# that it waits for the local lead.
LEGAL_CARDS: tuple[tuple[str, str, str], ...] = (
    ("",
     "To be confirmed by the local lead with counsel before the operation.\n"
     "Nobody has to talk, to give a name or to stay: say so first. Help never depends on a statement or a charge.\n"
     "Record only what the person agrees to, and say what it is recorded for. The card they keep carries the notice.\n"
     "Immediate danger comes before everything on this page: call for help.",
     "À confirmer par le responsable local avec un conseiller juridique avant l’opération.\n"
     "Personne n’est tenu de parler, de donner son nom ni de rester : dites-le d’abord. L’aide ne dépend jamais d’une "
     "déclaration ni d’une accusation.\n"
     "Ne consignez que ce que la personne accepte, et dites à quoi cela sert. La carte remise porte l’avis.\n"
     "Un danger immédiat passe avant tout ce qui est sur cette page : appelez à l’aide."),
    # SOURCE: Criminal Code ss. 279.01, 279.011, 286.1, 286.5; Charter ss. 9, 10; MFIPPA s. 29(2), FIPPA s. 39(2);
    # Prevention of and Remedies for Human Trafficking Act, 2017 (Ontario), S.O. 2017, c. 12, Sched. 2.
    ("Ontario",
     "Ontario. To be confirmed by the local lead with counsel before the operation.\n"
     "A person who is not detained may leave and need not answer (Charter, sections 9 and 10): say so first.\n"
     "Selling one’s own sexual services is not prosecuted (Criminal Code, section 286.5). Buying is an offence "
     "(286.1); trafficking is 279.01, of a person under 18 it is 279.011, where agreement is no defence.\n"
     "When personal information is collected, give the notice: why, by what authority, whom to ask (MFIPPA 29(2), "
     "FIPPA 39(2)). The card they keep carries it.\n"
     "A restraining order can be sought for or by the person (Prevention of and Remedies for Human Trafficking Act, "
     "2017): the support agency knows how.",
     "Ontario. À confirmer par le responsable local avec un conseiller juridique avant l’opération.\n"
     "Une personne qui n’est pas détenue peut partir et n’a pas à répondre (Charte, articles 9 et 10) : dites-le "
     "d’abord.\n"
     "Vendre ses propres services sexuels ne donne pas lieu à des poursuites (Code criminel, article 286.5). Acheter "
     "est une infraction (286.1); la traite relève de 279.01 et, pour une personne de moins de 18 ans, de 279.011, où "
     "le consentement n’est pas une défense.\n"
     "Quand vous recueillez des renseignements personnels, donnez l’avis : pourquoi, en vertu de quelle autorité, à "
     "qui s’adresser (LAIMPVP 29(2), LAIPVP 39(2)). La carte remise le porte.\n"
     "Une ordonnance de ne pas faire peut être demandée pour la personne ou par elle (Loi de 2017 sur la prévention "
     "de la traite de personnes et les recours en la matière) : l’organisme de soutien sait comment."),
)  # fmt: skip

REGION_TEXTS = {DUTY_TO_REPORT: DUTY_TEXTS, LEGAL_CARD: LEGAL_CARDS}
"""Name of a text → where it starts from."""


def seed() -> None:
    """Add the lists, offences and texts that are missing; call it inside ``writing()``. Flushes."""
    known = {tuple(row) for row in db.session.execute(select(ListItem.list_name, ListItem.code))}
    for name, (vocabulary, french) in LISTS.items():
        for position, item in enumerate(vocabulary):
            if (name, item.value) not in known:
                db.session.add(
                    ListItem(
                        list_name=name,
                        code=item.value,
                        label_en=item.label,
                        label_fr=french[item.value],
                        definition_en=item.definition,
                        source=item.source or GLOSSARY,
                        position=position,
                    )
                )
    codes = set(db.session.scalars(select(Offence.code)))
    for position, (section, english, french_title, since, until) in enumerate(CRIMINAL_CODE):
        code = f"cc-{section}"
        if code not in codes:
            db.session.add(
                Offence(
                    code=code,
                    statute="CC",
                    section=section,
                    title_en=english,
                    title_fr=french_title,
                    in_force_from=since,
                    in_force_to=until,
                    position=position,
                )
            )
    texts = {tuple(row) for row in db.session.execute(select(RegionSetting.name, RegionSetting.region))}
    for name, texts_of_name in REGION_TEXTS.items():
        for region, english, french_text in texts_of_name:
            if (name, region) not in texts:
                db.session.add(RegionSetting(region=region, name=name, text_en=english, text_fr=french_text))
    db.session.flush()
