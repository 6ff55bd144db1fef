"""Ways in which people say something about who they are rather than what they did, in English.

Each pattern is about the person who speaks ("my wife", "I am 52") and not about work ("the customer's wife", "a 52 day
old ticket"): a word that belongs to work must stay. Group 1, where there is one, is all that is taken out.
"""

import re
from collections.abc import Sequence
from enum import StrEnum

from orchestrator.domain.places import AMBIGUOUS, PEOPLES, PLACES, alternatives


class Kind(StrEnum):
    """What was taken out; the value stands in its place."""

    SCHOOL = "[school]"
    AGE = "[age]"
    PLACE = "[place]"
    FAMILY = "[family]"
    HEALTH = "[health]"
    RELIGION = "[religion]"
    ORIGIN = "[origin]"
    PERSONAL = "[personal]"


Disclosure = tuple[Kind, re.Pattern[str]]


def disclosure(kind: Kind, pattern: str) -> Disclosure:
    """A pattern that ignores case but inside ``(?-i:…)``; blanks in it mean nothing."""
    return kind, re.compile(pattern, re.IGNORECASE | re.VERBOSE)


_AM = r"\b(?:I(?:\s+am|['’]m|\s+was|\s+have\s+been|['’]ve\s+been|\s+identify\s+as)|you(?:\s+are|['’]re)|as|being)\s+"
_CAPITAL = r"(?-i:[A-ZÀ-ÖØ-Þ][\w'’&-]*)"
_CAPITALS = rf"{_CAPITAL}(?:[ ](?:of[ ]|the[ ]|de[ ]|and[ ])?{_CAPITAL}){{0,3}}"
_OPENER = r"(?!(?-i:My|The|Our|Your|In|At|After|Before|During|When|While|This|That|And|But|From|For|I|A|An|We|He|She|They|It|If|So|Then|High|Every|Each|No|Both)\b)"
_TEN = r"(?:twenty|thirty|forty|fifty|sixty|seventy)"
_YEARS_OF_AGE = rf"(?:1[4-9]|[2-9]\d|{_TEN}(?:[ -](?:one|two|three|four|five|six|seven|eight|nine))?|sixteen|seventeen|eighteen|nineteen)"
_YEAR = r"(?:19[4-9]\d|20[0-4]\d)"
_PEOPLE = f"(?:{alternatives(PEOPLES)})"
_KIN = (
    r"(?:ex[ -]?)?(?:step[ -]?|grand[ -]?|foster[ -]?)?(?:wife|husband|spouse|fianc[eé]e?|sons?|daughters?|kids?|child(?:ren)?|toddlers?"
    r"|newborns?|twins|mother|father|mom|mum|mommy|mummy|dad|daddy|parents|brothers?|sisters?|siblings?|grandm?[ao]|granny"
    r"|uncles?|aunts?|aunties?|cousins?|nephews?|nieces?|in-laws|girlfriend|boyfriend|family)(?:-in-law)?"
)
_KIN_ADJECTIVE = r"(?:(?:own|older|younger|big|little|elder|eldest|youngest|oldest|late|dear|elderly|sick|ill|disabled|two|three|four|five|small|young|baby|teenage|adult|pregnant|only|whole|entire|immediate|extended|\w+[ -]year[ -]old)\s+){0,3}"
_CONDITION = (
    r"(?:depression|anxiety(?:\s+disorder)?|panic\s+attacks?|adhd|add|autism|asperger['’]?s?|dyslexia|dyscalculia|epilepsy|diabetes|cancer"
    r"|leuka?emia|asthma|burn-?out|ptsd|bipolar\s+disorder|schizophrenia|ocd|multiple\s+sclerosis|arthritis|hiv|hepatitis|long\s+covid"
    r"|migraines?|crohn['’]?s(?:\s+disease)?|ulcerative\s+colitis|parkinson['’]?s(?:\s+disease)?|lupus|fibromyalgia|endometriosis|a\s+stroke|heart\s+(?:attack|condition|disease)|kidney\s+disease|tumou?r|miscarriage|disabilit(?:y|ies)|handicap"
    r"|chronic\s+(?:\w+\s+)?(?:illness|pain|condition|disease|fatigue)|(?:eating|personality|mental|anxiety|sleep|hearing|speech|learning)\s+disorders?"
    r"|(?:hearing|visual|speech|sight)\s+(?:impairment|impediment|loss|aid)|stutter|stammer|slipped\s+disc|back\s+(?:pain|problems?|surgery)"
    r"|(?:mental|physical)\s+(?:health\s+)?(?:illness|problems?|issues?|breakdown|condition)|nervous\s+breakdown|health\s+(?:problems?|issues?|condition))"
)
_FAITH = r"(?:christian|catholic|protestant|muslim|moslem|jew(?:ish)?|hindu|buddhist|sikh|mormon|atheist|agnostic|evangelical|orthodox|lutheran|baptist|methodist|anglican|quaker|adventist|jehovah['’]s\s+witness|baha['’]?i|jain|shia|sunni|believer)"
_IDENTITY = r"(?:gay|lesbian|bi-?sexual|queer|trans(?:gender|sexual|\s+(?:wo)?man)?|non-?binary|gender-?fluid|asexual|pansexual|heterosexual|homosexual|intersex|lgbtq?\w*\+?)"
_PERSON = r"(?:wo?man|girl|guy|boy|lady|gentleman|female|male|bloke|lad)"
_STUDY = r"(?:universit(?:y|ies)|college|high\s+school|school|degree|diploma|bachelor(?:['’]?s)?|master(?:['’]?s)?|ba|bfa|bsc|mba|msc|phd|studies|a-levels|abitur|apprenticeship)"

_SCHOOLS = (
    rf"\b(?:University|College|School|Academy|Institute|Faculty)[ ]of[ ](?:the[ ])?(?:{_CAPITALS}|(?-i:applied[ ]sciences))(?:[ ]of[ ]{_CAPITALS})?",
    r"\buniversity[ ]of[ ](?!my\b|our\b|the\b|a\b|life\b)[a-z]+",
    rf"\b{_OPENER}(?:St\.?[ ])?(?:{_CAPITAL}[ ]){{1,4}}(?-i:University|College|Polytechnic|Sixth[ ]Form|(?:High|Grammar|Secondary|Primary|Middle|Elementary|Boarding|Business|Law|Medical|Art|Design)[ ]School|Institute[ ]of[ ](?:Technology|Art|Design)|Academy[ ]of[ ]\w+|School(?=[ ](?:in|for|from|and|where)\b|[.,;]))(?![ ](?:Press|Street|Avenue|Road|students?)\b)",
    r"(?-i:\b(?:Harvard|Stanford|Yale|Princeton|Caltech|Oxbridge|Sorbonne|UCLA|NYU|INSEAD|Wharton|Berkeley|Dartmouth|Tsinghua|EPFL|RISD|CalArts|Eton|Ivy[ ]League|TU[ ][A-Z]\w+|ETH(?:[ ]Z[uü]rich)?|LSE|UCL)\b)",
    r"(?-i:\b(?:at|from|to|attended|attend|in)[ ]((?:MIT|Cornell|Columbia|Duke|Oxford|Cambridge|Brown|Pratt|Parsons|Vassar)\b)(?![ ](?:licen[sc]e|comma|shirt|Analytica)))",
    rf"\b(?:bachelor(?:['’]?s)?|master(?:['’]?s)?|degree|phd|mba|studied|graduated)\b[^.!?\n]{{0,25}}?\b(?:at|from)\s+(?:the\s+)?({_CAPITALS})",
    r"\bmy\s+(?:fraternity|sorority|alma\s+mater)\b",
)
_AGES = (
    rf"\b(?:I|you)(?:\s+am|['’]m|\s+was|\s+are|['’]re|['’]ll\s+be|\s+will\s+be|\s+turn(?:ed)?|\s+just\s+turned)\s+(?:(?:only|just|now|about|almost|nearly|already|over|around|still)\s+)?({_YEARS_OF_AGE}(?:\s+years?\s+(?:old|young)|\s*y/?o\b)?)(?=\s*(?:[.,;!?)]|$|\n|and\s+(?:I|have|still|a|my)\b|when\b|now\b|years?\s+(?:old|of\s+age)))",
    rf"\bI\s+(?:just\s+|recently\s+)?turned\s+({_YEARS_OF_AGE})\b(?=\s*(?:[.,;!?)]|$|last\b|this\b|in\s+(?:{_YEAR}|[jfmasond]\w+)|when\b))",
    r"\bI(?:\s+have|['’]ve|\s+am|['’]m)?\s+(retired)\b",
    rf"\bas\s+an?\s+({_YEARS_OF_AGE}[ -]years?[ -]old)\b",
    rf"\b(?:I|my\s+age)\b[^.!?\n]{{0,40}}?\b({_YEARS_OF_AGE}\s+years?\s+(?:old|of\s+age))\b",
    rf"\b(?:at|by|from)\s+(?:the\s+)?age\s+(?:of\s+)?(?:\d{{1,2}}|{_YEARS_OF_AGE})\b | \baged\s+{_YEARS_OF_AGE}\b(?!\s*(?:days?|hours?|weeks?|months?|%|tickets?|cases?))",
    rf"\b(?:at|for|despite|of|given|because\s+of)\s+my\s+(?:young\s+|old\s+|advanced\s+)?age\b | \bmy\s+(?:date\s+of\s+birth|birth\s?date|birth\s+year|{_YEARS_OF_AGE}(?:th|st|nd|rd)\s+birthday)\b",
    r"\bin\s+my\s+(?:early\s+|mid[ -]?|late\s+)?(?:twenties|thirties|forties|fifties|sixties|seventies|teens|[2-7]0['’]?s)\b",
    rf"\bborn\s+(?:(?:in|on)\s+)?(?:[\w.]+\s+){{0,3}}?({_YEAR})\b | \b(?:date\s+of\s+birth|dob|born)\s*:?\s*\d{{1,2}}[./-]\d{{1,2}}[./-]\d{{2,4}} | \bclass\s+of\s+['’]?\d{{2,4}}\b",
    rf"\bgraduat\w*\b[^.!?\n]{{0,60}}?\b({_YEAR})\b",
    rf"\b{_STUDY}\b[^.!?\n]{{0,30}}?\b(?:in|of|since|until|from|till)\s+({_YEAR})\b",
    r"\b(?:close\s+to|near(?:ing)?|approaching|before|about\s+to)\s+(?:my\s+)?retire(?:ment)?\b",
    rf"{_AM}(?:one\s+of\s+)?(?:an?\s+|the\s+|quite\s+|too\s+|very\s+|already\s+|fairly\s+)*((?:youngest|oldest|middle-aged|older|elderly|millennial|boomer|gen(?:eration)?[ -]?[xyz]|pensioner|retiree|teenager|(?:young|old)(?=\s+(?:person|worker|man|woman|lady|guy|girl|mother|father|[.,;!]|and\b|but\b|for\b)|[.,;!]))(?:\s+(?:person|worker|employee|candidate))?)(?![ -]school)",
)
_PLACE_LEAD = r"(?:in|near|around|outside|across|throughout|based\s+in|moved\s+to|moving\s+to|relocat\w+\s+to|travell?ed\s+to|flew\s+to|['’]m\s+from|am\s+from|come\s+from|came\s+from|originally\s+from|moved\s+from|fled\s+from|family\s+from)"
_PLACES = (
    rf"(?-i:\b(?=[A-ZÖ])(?:{alternatives(PLACES)})\b)(?![ ](?-i:Manual|Times|Post|Fashion)\b)",
    r"(?-i:\b(?:UK|USA|UAE|EU(?=[ ]citizen)|U\.S\.(?:A\.)?|U\.K\.|NYC|Bay[ ]Area|Middle[ ]East|Eastern[ ]Europe|West[ ]Africa|East[ ]Africa|Latin[ ]America)(?!\w))",
    rf"\b{_PLACE_LEAD}\s+((?-i:{alternatives(AMBIGUOUS)}))\b",
    rf"\b(?:I|we)\s+(?:live|lived|am\s+living|reside|grew\s+up|was\s+born|was\s+raised|come|came|hail|am|was\s+brought\s+up)\s+(?:\w+\s+)?(?:in|from|near)\s+(?:a\s+(?:village|town|city|suburb)\s+(?:near|called|in)\s+)?({_CAPITALS})",
    rf"\b(?:from|in|near)\s+(?:a|the)\s+(?:\w+\s+){{0,2}}(?:village|town|city|suburb|island)\s+(?:called|near|named|of|in)\s+({_CAPITALS})",
    rf"\bI['’]m\s+(?:originally\s+|actually\s+)?from\s+({_CAPITALS})",
    r"\b(?:live|living|lived|grew\s+up|born|raised|based|reside)\s+(?:near|in)\s+((?:berlin|london|paris|hamburg|munich|vienna|new\s+york|chicago|madrid|barcelona|rome|warsaw|istanbul|mumbai|delhi|lagos|nairobi|germany|france|spain|italy|poland|ukraine|syria|england|scotland|nigeria|pakistan|mexico|brazil|america))\b",
    rf"\b\d{{1,5}}[a-z]?[ ](?:{_CAPITAL}[ ]){{1,3}}(?-i:Street|St|Avenue|Ave|Road|Rd|Lane|Drive|Boulevard|Blvd|Square|Court)\b",
    r"(?-i:\b[A-ZÄÖÜ]\w+(?:straße|strasse|weg|allee|gasse|platz)[ ]\d{1,4}[a-z]?\b)",
    r"(?-i:\b[A-Z]{1,2}\d[A-Z\d]?[ ]\d[A-Z]{2}\b) | (?-i:\b(?:zip|ZIP|Zip|postcode|Postcode|PLZ)(?:[ ]code)?:?[ ](?=\w*\d)\w{4,8}\b) | (?-i:\b[A-Z]{2}[ ]\d{5}\b)",
)
_FAMILY = (
    rf"\b(?:my|your)\s+{_KIN_ADJECTIVE}{_KIN}\b(?![ -](?:tongue|board|of\s+(?:products|fonts|services|brands|typefaces)|theme|component|ticket|process|class|account|node|case|issue|page|record|element|tree|company|businesses)s?\b)",
    r"\bour\s+(?:(?:own|two|three|first|newborn|young|little)\s+)*(?:kids|son|daughter|wedding|marriage|children(?!['’]?s?['’]?\s*(?:section|department|range|line|menu|toys|books|clothes|wear)|['’]s))\b",
    r"\bmy\s+(?:own\s+)?(?:pregnancy|wedding|marriage|divorce|honeymoon|childcare|baby\s+(?:boy|girl|son|daughter)|(?:maternity|paternity|parental|family)\s+leave)\b",
    r"\b(?:on|after|from|during|took|take|taking)\s+(?:a\s+|my\s+)?((?:maternity|paternity|parental|child-?care)\s+leave)\b(?!\s+cover)",
    r"\b(?:I|you)(?:\s+am|['’]m|\s+was|\s+are|['’]re|\s+got|\s+just\s+got|\s+have\s+been|['’]ve\s+been|\s+became|\s+will\s+be)\s+(?:\w+ly\s+|now\s+|also\s+|not\s+|\w+\s+(?=weeks?|months?))?((?:(?:weeks|months)\s+)?pregnant|married|divorced|widowed|separated\s+from\s+my|engaged(?=\s*(?:[.,;!]|to\s+be))|single(?=\s*[.,;!]|\s+and\b)|expecting\s+(?:a\s+(?:baby|child)|twins|our|my))\b",
    r"\b(?:I|you)(?:\s+am|['’]m|\s+was|\s+became|\s+have\s+been)\s+(an?\s+(?:(?:single|working|new|proud|stay-at-home|full-time|young|lone)\s+)*(?:grand)?(?:mother|father|mom|mum|dad|parent)(?:\s+of\s+\w+)?(?:\s+(?:kids|children|boys|girls))?)\b(?!\s+(?:company|ticket|account))",
    r"\b(?:as|being)\s+(an?\s+(?:(?:single|working|new|proud|stay-at-home|full-time|young|lone|busy)\s+)*(?:grand)?(?:mother|father|mom|mum|dad|parent)(?:\s+of\s+\w+)?)\b(?!\s+(?:company|ticket|account|task|record|element|class))",
    r"\b(?:I|we)\s+(?:also\s+)?have\s+((?:(?:a|an|one|two|three|four|five|six|\d|no|small|young|little|grown-up|grown|school-age|adult|lovely|also)\s+){1,3}(?:kids?|child(?:ren)?|sons?|daughters?|bab(?:y|ies)|toddlers?|siblings?|brothers?|sisters?|twins|famil(?:y|ies)))\b(?!\s+(?:of|printers?|theme|ticket|account|component|compan))",
    r"\b(?:raising|raise|raised|bring(?:ing)?\s+up)\s+((?:my|our|a|two|three|\d)?\s*(?:kids?|child(?:ren)?|family))\b | \b(?:trying|try|tried)\s+for\s+a\s+(?:baby|child) | \bmy\s+little\s+ones?\b | \band\s+(a\s+(?:mother|father|mom|mum|dad)(?:\s+of\s+\w+)?)(?=\s*[.,;!]) | \bstay-at-home\s+(?:mom|mum|dad|mother|father|parent) | \b(?:start(?:ing)?|have|having|plan(?:ning)?)\s+a\s+family\b(?!\s+(?:of|business|brand)) | \bhave\s+(?:kids|a\s+baby|another\s+(?:child|baby))\b",
)
_HEALTH = (
    rf"\bI(?:\s+have|['’]ve|\s+had|['’]ve\s+had|\s+have\s+had|\s+got|\s+still\s+have|\s+suffer(?:ed)?\s+from|\s+live\s+with|\s+lived\s+with|\s+was\s+diagnosed\s+with|\s+struggled?\s+with|\s+recover(?:ed|ing)?\s+from|\s+survived|\s+went\s+through|(?:\s+have|['’]ve)\s+been\s+(?:diagnosed\s+with|treated\s+for))\s+((?:(?:an?|my|the|some|severe|mild|serious|bad|slight|clinical|type\s+[12]|breast|skin|lung|high-functioning|bit\s+of)\s+){{0,3}}{_CONDITION})\b",
    rf"\b(?:my|your)\s+(?:\w+\s+)?({_CONDITION}|stroke)\b(?!\s+(?:width|colou?r|weight|style))",
    r"\b(?:my|your)\s+((?:\w+\s+)?(?:diagnosis|illness|sickness|disease|medication|pills|therapist|psychiatrist|psychologist|chemo(?:therapy)?|dialysis|rehab|wheelchair|crutches|prosthesis|pacemaker|hearing\s+aids?|guide\s+dog|surgery|sick\s+leave|therapy))\b",
    r"\bmy\s+(?:mental\s+|physical\s+|own\s+)?health\b(?=\s*(?:[.,;!?]|$|was\b|is\b|got\b|improved\b|declined\b|problems?\b|issues?\b|reasons?\b)) | \bfor\s+health\s+reasons\b",
    rf"{_AM}(?:also\s+|slightly\s+|partially\s+|severely\s+|profoundly\s+|legally\s+|an?\s+|on\s+the\s+)*(dyslexic|autistic|deaf|in\s+a\s+wheelchair|hiv[ -]positive|hard\s+of\s+hearing|diabetic|epileptic|asthmatic|bipolar|neurodivergent|neurodiverse|disabled|handicapped|paraplegic|blind(?=\s*(?:[.,;!]|and\b|since\b|in\s+one\b|person\b))|colou?r-?blind|visually\s+impaired|hearing\s+impaired|chronically\s+ill|depressed|suicidal|autism\s+spectrum|(?:spectrum(?=[.,;!\s])))\b",
    r"\bI\s+(?:was|am|got|fell)\s+((?:very\s+|seriously\s+|quite\s+|really\s+)?(?:ill|sick))\b(?!\s+of\b) | \b(?:I\s+was|I\s+am|on|took)\s+(?:on\s+)?(long-term\s+sick(?:\s+leave)?|sick\s+leave)\b | \bI\s+(?:use|need|wear)\s+(an?\s+(?:wheelchair|hearing\s+aid|guide\s+dog|walking\s+stick))",
    r"\bI\s+(?:was|spent\s+\w+\s+\w+|had\s+to\s+go|went|stayed)\s+((?:in|to|into)\s+(?:the\s+)?(?:hospital|rehab|psychiatr\w+|therapy))\b(?!\s+(?:as|to\s+(?:sell|install|train|meet)))",
    r"\bsee(?:ing)?\s+a\s+(?:therapist|psychiatrist|psychologist)\b | \bseverely\s+disabled\s+(?:person|pass|card)\b",
)
_RELIGION = (
    rf"{_AM}(?:an?\s+|also\s+|a\s+practi[cs]ing\s+|practi[cs]ing\s+|devout\s+|raised\s+|born\s+|not\s+|very\s+|converted\s+)*({_FAITH}|religious(?=\s*(?:[.,;!]|and\b|person\b))|a\s+person\s+of\s+faith)\b(?!\s+(?:of|that|in)\b)",
    r"\bmy\s+(?:local\s+|own\s+|old\s+)?(faith(?!\s+in\b)|religion|religious\s+\w+|church|mosque|synagogue|parish|congregation|prayers?|pastor|imam|rabbi|priest|bible\s+\w+|hijab|head-?scarf|turban|kippah|baptism|bar\s+mitzvah)\b",
    r"\b(?:at|in|for|to|with)\s+(?:our|the)\s+(?:local\s+)?(church|mosque|synagogue|parish|gurdwara)\b(?!\s+(?:account|project|client|contract|website|job))",
    r"(?-i:\b(?:Ramadan|Sabbath|Shabbat|Yom[ ]Kippur|Eid|Diwali|Quran|Koran|Torah|Holy[ ]Bible|the[ ]Bible|Sunday[ ]school)\b) | \bchurch\s+(?:choir|group|youth|service|community|camp|volunteer\w*)\b | \b(?:bible|quran)\s+(?:study|group|school)\b",
    r"\bI\s+(?:pray|fast|wear\s+(?:a\s+)?(?:hijab|head-?scarf|turban|kippah|cross)|go\s+to\s+(?:church|mass|mosque|synagogue)|converted\s+to\s+\w+)\b",
)
_ORIGIN = (
    rf"{_AM}(?:originally\s+|actually\s+|half[ -]|part[ -]|an?\s+|the\s+only\s+|proud\s+|native\s+|first-generation\s+|second-generation\s+|of\s+)*((?-i:{_PEOPLE})(?:[ -](?:American|British|citizen|national|immigrant|refugee|wo?man|guy|girl|person|descent|origin|heritage|by\s+birth))*)\b(?![ -](?:speak\w*|languages?|support|markets?|teams?|customers?|teachers?|tutors?|translat\w+|accounts?|clients?|lessons?|sales|company|companies|business|office))",
    rf"\bmy\s+((?-i:{_PEOPLE})(?=\s+(?:famil|heritage|roots|background|accent|passport|nationality|citizenship|origins?|name|upbringing|culture|parents|wife|husband|mother|father)))",
    rf"\b(?:of|with|have)\s+(?:an?\s+)?(?-i:{_PEOPLE})\s+(?:descent|origins?|heritage|ancestry|background|roots|nationality|citizenship|passport)\b | \ba\s+((?-i:{_PEOPLE})\s+(?:citizen|national|immigrant|refugee|migrant|passport))\b",
    rf"{_AM}(?:an?\s+|also\s+|the\s+only\s+|not\s+)*((?:young\s+)?(?:(?:im|e)?migrant|refugee|foreigner|expat(?:riate)?|asylum[ -]seeker|person\s+of\s+colou?r|(?:non-?)?native\s+(?:english\s+)?speaker|african[ -]american|black(?!\s+and\s+white|\s+belt|list|[ -]hat)|latin[oax]|hispanic|caucasian|mixed[ -]race|biracial|indigenous|native\s+american|roma|white(?=\s*(?:[.,;!]|wo?man|guy|girl|person)))(?:\s+(?:wo?man|guy|girl|person))?)\b",
    r"\bmy\s+(?:\w+\s+)?(visa|work\s+permit|residence\s+permit|green\s+card|asylum\s+\w+|citizenship|nationality|ethnicity|ethnic\s+\w+|race(?=\s*[.,;!]|\s+or\b|\s+and\b)|skin\s+colou?r|mother\s+tongue|native\s+language|first\s+language|accent|migration\s+background|home\s+country|country\s+of\s+origin|homeland|cultural\s+background)\b",
    r"\b(?:english|german|french|spanish)\s+is\s+(?:not\s+my\s+(?:first|native|mother)|my\s+(?:second|third|fourth))\s+(?:language|tongue)\b | \bnot\s+a\s+native\s+(?:\w+\s+)?speaker\b | \bI\s+(?:im|e)migrated\b | \bsince\s+I\s+(?:came|moved)\s+to\s+this\s+country\b | \bin\s+my\s+(?:home\s+)?country\b",
)
_PERSONAL = (
    rf"{_AM}(?:an?\s+|also\s+|openly\s+|proudly\s+|the\s+only\s+|out\s+)*((?:young\s+|old\s+|older\s+|single\s+)?{_IDENTITY}(?:\s+{_PERSON}|\s+person)?)\b",
    rf"{_AM}(?:an?\s+|the\s+only\s+|one\s+of\s+the\s+few\s+|the\s+first\s+)((?:(?:young|old|older|middle-aged|single|working|strong)\s+)*(?:{_PERSON}|women|men)(?=\s*(?:[.,;!]|in\b|on\b|at\b|of\b|and\b|who\b|I\b|engineer|developer|manager|designer|leader|driver|colleague|sales|$)))",
    r"\bmy\s+(?:coming[ -]out|sexual\s+\w+|sexuality|gender(?:\s+\w+)?|pronouns|transition(?=\s+(?:from|to)\s+(?:fe)?male))\b(?:\s+are\s+\w+(?:/\w+){0,2})? | \bI\s+came\s+out\s+as\s+\w+ | \bpronouns?\s*(?:are|:|is)\s*\w+(?:\s*/\s*\w+){0,2}",
    r"\(?\b(?:she\s*/\s*her(?:s)?|he\s*/\s*him|they\s*/\s*them|he\s*/\s*they|she\s*/\s*they|(?:er|sie)\s*/\s*(?:ihm|ihn|ihr))(?:\s*/\s*\w+)?\b\)?",
    rf"{_AM}(?:an?\s+|the\s+|active\s+|also\s+)*((?:trade\s+)?union\s+(?:member|rep(?:resentative)?|steward)|trade\s+unionist|(?:war|army|navy|military)\s+veteran|veteran(?=\s*(?:[.,;!]|of\s+the\b))|member\s+of\s+(?:the|a)\s+(?:\w+\s+){{0,2}}(?:party|union))\b",
)

ENGLISH: Sequence[Disclosure] = tuple(
    disclosure(kind, pattern)
    for kind, patterns in (
        (Kind.SCHOOL, _SCHOOLS),
        (Kind.AGE, _AGES),
        (Kind.PLACE, _PLACES),
        (Kind.FAMILY, _FAMILY),
        (Kind.HEALTH, _HEALTH),
        (Kind.RELIGION, _RELIGION),
        (Kind.ORIGIN, _ORIGIN),
        (Kind.PERSONAL, _PERSONAL),
    )
    for pattern in patterns
)
