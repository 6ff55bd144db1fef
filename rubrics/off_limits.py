"""What nobody may ask in a job interview: age, family, health, religion, origin and the like. Pure.

The rubric linter reports it with its place, and the interview says nothing that breaks it. Interviewers' words only: what
candidates say of their own accord is theirs. English, with the plainest words of German, French and Spanish; a rubric in
another language needs a person who reads it with this list in hand.

Sources: 42 USC 2000e (EEOC pre-employment inquiries), Equality Act 2010 s. 60, AGG, state laws on salary history and
criminal record ("ban the box"), 8 USC 1324b.
"""

import re
import unicodedata
from collections.abc import Mapping
from enum import StrEnum


class Topic(StrEnum):
    """A topic that is off limits; the value is how findings name it."""

    AGE = "age"
    FAMILY = "family"
    PREGNANCY = "pregnancy"
    HEALTH = "health or disability"
    RELIGION = "religion"
    ORIGIN = "origin or nationality"
    GENDER = "gender or sexuality"
    POLITICS = "politics"
    UNION = "union membership"
    PAY = "earlier pay"
    RECORD = "criminal record"
    MONEY = "private money"
    LOOKS = "looks or body"
    SERVICE = "military service"
    BLANKS = "a blank to fill in"


def _any(*patterns: str) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w)(?:{'|'.join(patterns)})(?!\w)")


_KIN = (
    r"(?:children|child|kids?|family|families|partner|spouse|husband|wife|boyfriend|girlfriend|fianc[eé]e?|parents?|mother|father"
    r"|dependants?|dependents?)"
)
_ILLNESS = (
    r"(?:illness(?:es)?|diseases?|disabilit(?:y|ies)|medical (?:conditions?|history|problems?)|health (?:conditions?|problems?|issues?)"
    r"|chronic (?:conditions?|pain)|handicaps?|impairments?|surgery|operations|diagnos[ei]s|medication|therapy)"
)
_PAY = r"(?:salary|salaries|wages?|pay|earnings|compensation|remuneration|income)"

# What also has a meaning at work (a partner, a union, an age) counts only in words about the person who is asked.
_TOPICS: Mapping[Topic, re.Pattern[str]] = {
    Topic.AGE: _any(
        r"how old (?:are|were) (?:you|your \w+)|your (?:exact |current |own )?age(?: group)?|(?:what|which) age (?:are|were) you",
        r"(?:date|year) of birth|birth ?dates?|birthdays?|(?:were )?you born|born in \d{2,4}|at your age|digital natives?",
        r"(?:what|which) year did you (?:finish|leave|graduate|start)\w*(?: from| at)? (?:high |secondary )?(?:school|college|university)",
        r"(?:when|what year|which year) did you graduate|(?:plan|plans|planning|want|intend|hope|going) to retire|your retirement",
        r"(?:are|feel) you (?:\w+ )?(?:too |so |very )?(?:old|young)|(?:older|younger) than (?:you|us|the team)",
        r"wie alt sind|wie alt bist|dein alter|ihr alter|geburts(?:datum|jahr|tag)|quel âge|votre âge|date de naissance",
        r"qué edad|su edad|fecha de nacimiento",
    ),
    Topic.FAMILY: _any(
        rf"your (?:own |future |current )?{_KIN}(?! (?:team|compan\w+|manager|programme|program|customers?|account|ticket|page|process))",
        r"(?:have|having|raise|raising|got|want|wanting) (?:\w+ )?(?:children|kids?|a family|a husband|a wife|a spouse)",
        r"(?:are|were|get|getting) you (?:\w+ )?(?:married|single|divorced|engaged|widowed)|getting married|marital status",
        r"your child ?care|child ?care (?:plans|arrangements|duties)|maiden name|who do you live with|living (?:alone|with someone)",
        r"family (?:planning|plans|status|life|situation|commitments|duties)|(?:start|starting) a family|caring responsibilities",
        r"haben sie kinder|ihre kinder|kinderwunsch|familienstand|verheiratet|ihre? ehe(?:mann|frau)",
        r"avez-vous des enfants|vos enfants|mariée?|situation familiale|tiene hijos|sus hijos|estado civil",
    ),
    Topic.PREGNANCY: _any(
        r"pregnan\w*|maternity|paternity|parental leave|expecting a (?:baby|child)|(?:have|having) (?:a |another )?bab(?:y|ies)",
        r"birth control|contracepti\w+|fertility|abortions?|breast ?feed\w*|miscarr\w+|schwanger\w*|elternzeit|enceinte|embaraz\w+",
    ),
    Topic.HEALTH: _any(
        rf"your (?:\w+ )?(?:health|medical history|doctor|therapist|{_ILLNESS})|any (?:\w+ )?{_ILLNESS}",
        rf"you (?:\w+ )?(?:have|had|suffer\w*|live with|take|taken|been) (?:\w+ ){{0,3}}{_ILLNESS}",
        r"(?:are|were|have|been) you (?:\w+ ){0,2}(?:ill|sick|disabled|depressed|healthy|vaccinated|autistic|hospitali[sz]ed)",
        r"sick (?:days?|leave)|days? off sick|mental (?:health|illness)|workers'? compensation|psychiatr\w+|drink alcohol",
        r"do you (?:smoke|drink|take drugs)|(?:your|use) (?:a )?wheelchair|hiv|krankheit\w*|schwerbehinder\w*|behinderung\w*",
        r"ihre gesundheit|votre santé|maladies?|enfermedad\w*|discapacidad\w*",
    ),
    Topic.RELIGION: _any(
        r"religio\w*|churche?s?|mosques?|synagogues?|(?:your|what|which) faith|do you (?:\w+ )?(?:pray|worship|fast|believe in god)",
        r"(?:are|were) you (?:an? )?(?:\w+ )?(?:christian|muslim|jewish|jew|hindu|buddhist|catholic|protestant|atheist|sikh)",
        r"ramadan|sabbath|headscar(?:f|ves)|hijab|holy days?|konfession|ihre kirche|glauben sie an|église|iglesia",
    ),
    Topic.ORIGIN: _any(
        r"where (?:are|were|do|did) (?:you|your (?:parents|family|name)) (?:\w+ ){0,2}(?:from|born|come from|grow up)",
        r"(?:your|what|which) (?:\w+ )?(?:nationality|citizenship|ethnicity|race(?! conditions?)|ancestry|heritage|accent|native language)",
        r"(?:your|what|which) (?:\w+ )?(?:mother tongue|first language|country of origin|place of birth|visa|passport|green card)",
        r"(?:are|were) you (?:an? )?(?:\w+ )?(?:citizen|immigrant|foreigner|native speaker|refugee)|your name comes? from",
        r"nationalit(?:y|ies)|ethnic(?:ity| background| origin| group)|mother tongue|native speakers?|country of birth|skin colou?r",
        r"(?:immigration|visa) status|(?:language|what) do you speak at home|staatsangehörigkeit|ihre herkunft|muttersprache",
        r"votre nationalité|d'où venez-vous|langue maternelle|su nacionalidad|lengua materna",
    ),
    Topic.GENDER: _any(
        r"(?:your|what|which) (?:\w+ )?(?:gender|sex|sexuality|sexual orientation|pronouns)|sexual\w*|(?:as|being) an? (?:wo)?man",
        r"(?:are|were) you (?:\w+ )?(?:gay|lesbian|bisexual|straight|transgender|trans|queer|an? (?:wo)?man)",
        r"ihr geschlecht|schwul|lesbisch|orientation sexuelle|orientación sexual",
    ),
    Topic.POLITICS: _any(
        r"politics|political(?:ly)?|(?:did|do|would|will) you vote(?: for| in)?|your vote|elections?|party member(?:ship)?",
        r"(?:republican|democratic|conservative|labour|liberal|socialist|green) (?:party|voter)|are you an? (?:republican|democrat)",
        r"parteimitglied\w*|politisch\w*|wählen sie|parti politique|partido político",
    ),
    Topic.UNION: _any(
        r"trade unions?|labou?r unions?|your union|(?:join|joined|joining|member of|belong to) (?:a|the|any) union|unioni[sz]\w+",
        r"union (?:member(?:ship)?|activit(?:y|ies)|rep(?:resentative)?s?|dues)|works councils?|(?:been|go|gone|went) on strike",
        r"gewerkschaft\w*|betriebsrat\w*|syndicats?|syndiqué\w*|sindicat\w*",
    ),
    Topic.PAY: _any(
        rf"your (?:\w+ ){{0,2}}{_PAY}|(?:current|last|previous|present|past|earlier) {_PAY}",
        r"(?:how much|what) (?:did|do|were|are) you (?:\w+ ){0,2}(?:earn|earning|make|paid|getting)|(?:salary|pay|wage) history",
        r"pay ?slips?|pay ?stubs?|(?:ihr|dein|letztes|bisheriges) gehalt|verdienen sie|votre salaire|gagnez-vous|su salario",
    ),
    Topic.RECORD: _any(
        r"criminal (?:\w+ )?(?:record|history|background|offences?|offenses?|charges?|convictions?)|convict(?:ed|ions?)|police record",
        r"(?:been|were you|ever) (?:\w+ )?(?:arrested|in (?:jail|prison)|imprisoned|sentenced|on probation|on parole)|arrest record",
        r"charged with an? (?:crime|felony|offence|offense)|felon(?:y|ies)|misdemeano\w+|vorstrafen?|vorbestraft|führungszeugnis",
        r"casier judiciaire|antecedentes penales",
    ),
    Topic.MONEY: _any(
        r"your (?:own |private |personal )?(?:debts?|finances|mortgage|credit (?:score|rating|history)|bankruptcy)|file[sd]? for bankruptcy",
        r"do you have (?:any )?(?:debts?|an? mortgage|loans)|(?:been|were you|gone) bankrupt|do you (?:own|rent) (?:your|an?) (?:home|house|flat|car)",
        r"haben sie schulden|avez-vous des dettes|tiene deudas",
    ),
    Topic.LOOKS: _any(
        r"your (?:own )?(?:body|weight|height|hair|tattoos?|piercings?|appearance)|how (?:tall|heavy) (?:are|were) you|do you weigh",
        r"(?:have|any) (?:\w+ )?(?:tattoos?|piercings?)|an? (?:photo|picture|selfie) of (?:you|yourself)",
    ),
    Topic.SERVICE: _any(
        r"military (?:service|discharge|record)|(?:dis)?honou?rabl[ey] discharged?|(?:are|were) you (?:a )?veteran",
        r"wehrdienst|zivildienst|service militaire|servicio militar",
    ),
    # Nothing is filled in into what is said: a name, or anything else of a person, has no place in a question.
    Topic.BLANKS: re.compile(
        r"\{[^}]*\}|\[\s*(?:\w+ )?(?:name|candidate|company|role|job)\s*\]|<[a-z/][^>]*>|\$[a-z_]\w*|%\w+%"
    ),
}


def off_limits(text: str) -> tuple[Topic, ...]:
    """The topics that a text of the interviewer touches and must not, in a fixed order; empty where it may be said.

    Letters that only look different, and those that cannot be seen, hide nothing.
    """
    plain = _plain(text)
    return tuple(topic for topic, pattern in _TOPICS.items() if pattern.search(plain))


def found(text: str, topic: Topic) -> str:
    """The words that touch a topic, as they are compared; empty where none do."""
    match = _TOPICS[topic].search(_plain(text))
    return match.group() if match else ""


def _plain(text: str) -> str:
    visible = "".join(letter for letter in text if unicodedata.category(letter) != "Cf")
    return " ".join(unicodedata.normalize("NFKC", visible).casefold().replace("’", "'").split())
