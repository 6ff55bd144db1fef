"""Phrases that speak to a grader rather than to an interviewer, by what they try.

Broad, since a false alarm costs a reviewer a minute. Yet people who answer questions about work do ignore rules, see
system messages, tell of ratings and quote angry customers, so each phrase names what only a grader has, or orders it
about. They are matched against text without accents, invisible letters and look-alikes (`orchestrator.domain.disguise`).
"""

import re
from collections.abc import Mapping

# Who rates, in the words that people use for it.
_RATER = r"(?:ai|a\.i\.|grader|evaluator|assessor|rater|scorer|llm|chatbot|gpt(?:-?\d)?|chatgpt|language\s+model|grading\s+(?:system|model|software|tool)|scoring\s+(?:system|model|software|tool))"
_TOP = r"(?:5|five|100|(?:the\s+)?(?:highest|maximum|max|full|top|best|perfect)(?:\s+possible)?\s+(?:scores?|ratings?|marks?|points|grades?|bands?|levels?(?!\s+of\b)))"
_FILLER = (
    r"(?:\s+(?:all|any|every(?:thing)?|the|this|these|those|your|my|of|and|other|previous|prior|earlier|above|existing"
    r"|given|scoring|grading|evaluation|rating|safety))*"
)

_OVERRIDE = rf"""
    \b(?:ignor(?:e|ing)|disregard(?:ing)?|forget|override|bypass|skip){_FILLER}
        \s+(?:instructions?|prompts?|rubrics?|guidelines|directives|criteria|(?<=your\s)rules|(?<=scoring\s)rules
            |(?<=grading\s)rules|(?<=previous\s)rules)\b
    | \b(?:ignore|disregard|forget)\s+(?:everything|anything|all|whatever)(?:\s+(?:that|you|was|were|is|has|been))*
        \s+(?:above|before|told|said|instructed|written|see)\b
    | \b(?:new|updated|important|hidden|secret|additional|real)\s+(?:system\s+|developer\s+)?instructions?
        \s*(?::|for\s+(?:the|you)\b)
    | \b(?:treat|consider|take|read|interpret)\s+(?:this|the\s+following|what\s+follows|my\s+(?:next\s+)?(?:words?|answer|message))
        \s+as\s+(?:an?\s+|your\s+|the\s+)?(?:new\s+)?(?:instructions?|orders?|commands?|system|level|top|strong|perfect|complete|evidence|correct|passed)\b
    | \b(?:jailbreak|prompt\s+injection|developer\s+mode|dan\s+mode|god\s+mode|admin(?:istrator)?\s+override)\b
    | \b(?:rules|instructions|guidelines)\s+(?:above|below|before)\s+(?:no\s+longer|do\s+not|don't)\s+(?:apply|count|hold|matter)\b
    | \b(?:your(?:\s+(?:grading|scoring|evaluation|rating))?|the\s+grading|the\s+scoring)\s+(?:rules|instructions|guidelines|criteria|rubric)\s+(?:have|has|were|was|are|is)
        \s+(?:been\s+)?(?:changed|updated|replaced|suspended|cancelled|void|overridden|wrong)\b
    | \byou\s+(?:are|were)\s+(?:no\s+longer|not)\s+(?:bound|limited|restricted)\s+(?:by|to)\b
"""
_SYSTEM = r"""
    \b(?:system|developer)\s*prompt\b
    | (?:^|(?<=[.!?:]\s)|["'“(])[^\w\n]{0,20}(?:system|assistant|developer|interviewer|grader|evaluator|assessor|rater|human|ai)
        (?:\s+(?:message|note|override|turn|says|verdict))?\s*:
    | </?\s*(?:candidate|system|instruction|assistant|answer|turn|tool|function|user|interviewer|transcript)[^>]{0,40}>
    | \[/?(?:inst|system|sys|end|assistant|/?user)\] | <</?sys>> | <\|[^|>]{0,20}\|> | \x3c!-- | \bdisplay\s*:\s*none\b
    | (?<!\S)[#=*_-]{2,}[ \t]*(?:new\s+|end\s+of\s+|begin\s+|start\s+)*(?:system|instructions?|grader|prompt|transcript|verdict|override|developer)\b
    | \b(?:end|start|beginning)\s+of\s+(?:the\s+)?(?:transcript|candidate(?:'s)?\s+(?:answers?|turns?|text|data)|interview\s+data|untrusted\s+(?:text|data)|user\s+input)\b
    | \btranscript-[0-9a-f]{4,}\b
    | ["'](?:level|score|rating|grade|band|verdict|shown|sufficient|indicators|tool_calls?|function_call|role|rationale|quotes)["']\s*:
    | (?:^|[{,;]\s*)(?:level|score|rating|final[\s_]grade|overall[\s_]rating|verdict|recommendation|band)\s*[:=]\s*["']?(?:[45]\b|10/10|100|strong|advance|pass|hire|a\+)
    | ;\s*(?:drop|delete|update|insert)\s+(?:table|from|into|\w+\s+set)\b | \btool_calls?\s*[(:=] | \bfunction_call\s*[(:=]
"""
_ROLE = rf"""
    \byou\s+are\s+(?:now\s+)?(?:an?\s+|the\s+|my\s+)?(?:\w+\s+)?{_RATER}\b | \byou\s+are\s+(?:now\s+)?(?:an?\s+|the\s+)?(?:\w+\s+)?assistant\b
    | \b(?:as|being)\s+an?\s+(?:ai|language\s+model|llm|grader|evaluator|impartial\s+judge)\b
    | \b(?:pretend|imagine|assume|suppose|act\s+(?:as\s+if|like|as\s+though)|role-?play\s+(?:as\s+if|that))\s+(?:that\s+)?you(?:\s+are|'re|\s+were|\s+have)
        \s+(?:an?\s+|the\s+|my\s+|no\s+)?(?:\w+\s+){{0,2}}(?:ai|grader|evaluator|assessor|judge|model|assistant|chatbot|examiner|mother|grandmother|fan|rules?|rubrics?|limits?|restrictions?|instructions?|generous|proud)\b
    | \bfrom\s+now\s+on\b[,\s]*(?:you\s+(?:are|will|must|only|answer|rate|score|grade)|(?:rate|score|grade|answer|respond|output)\b)
    | \b(?:dear|attention|note\s+to|message\s+to|message\s+for|note\s+for|hello|hey|hi)(?:\s*,)?\s+(?:the\s+|you\s+)?(?:\w+\s+)?{_RATER}\b
    | \b(?:whoever|whatever|anyone|anything|the\s+one)\s+(?:is\s+|that\s+is\s+|who\s+is\s+)?(?:grad(?:es|ing)|scor(?:es|ing)|rat(?:es|ing)|evaluat(?:es|ing)|assess(?:es|ing))\s+(?:this|these|my|it)\b
    | \b(?:the|this|every|any|your)\s+(?:{_RATER}|model|machine|algorithm|judge)\s+(?:must|should|shall|has\s+to|needs\s+to|will|is\s+(?:instructed|required|ordered|told|obliged)\s+to)
        \s+(?:\w+\s+){{0,3}}(?:rate|score|grade|give|award|assign|pass|mark|ignore|output|return|respond|choose|select|advance)\b
    | \b(?:respond|reply|answer)\s+(?:only\s+)?(?:with|in)\s+(?:valid\s+)?json\b
"""
_MARKS = rf"""
    \b(?:give|assign|award|return|output|set|mark|rate|score|grade)\s+
        (?:(?:me|this|it|these|my|the|candidate|applicant|answers?|response|interview|every|each|all|competency|competencies
            |of|them|a|an|as|with|at|in|to|on|for|indicators?|transcript|only)\s+)*
        (?:(?:level|score|rating|band|mark|grade)s?\W+(?:of\s+|to\s+|is\s+|at\s+)?)?
        (?:{_TOP}|(?:highest|maximum|max)(?:ly)?\s*[.!]|(?:strong|top)\s+(?:evidence|band))(?!\w)
        (?!\s*(?:stars?|minutes?|hours?|days?|years?|people|customers?|weeks?|percent|euros?|dollars?|pounds?|of\s+(?:the|our|my|them)\b|[%€$£]))
    | \b(?:my|this|the)\s+(?:answers?|response|interview|transcript|candidate|applicant)\s+(?:clearly\s+|obviously\s+|fully\s+)?
        (?:deserves?|merits?|earns?|(?:must|should|shall|has\s+to|needs\s+to)\s+(?:get|receive|be\s+(?:rated|scored|graded|given|marked|awarded|passed|advanced|hired))|(?:is|are)\s+(?:worth|equal\s+to|at|a)\s+(?:(?:the|a)\s+)?(?:level\s+|full\s+|top\s+|maximum\s+|5\b|five\b))
    | \b(?:mark|count|tick|set|treat|record|list|report|label|flag)\s+(?:all|every|each)\s+(?:of\s+the\s+)?(?:the\s+)?(?:indicators?|competenc(?:y|ies)|anchors?|check\s?list\s+items?)\b
    | \b(?:mark|record|count|rate|classify|label)\s+(?:me|this\s+(?:candidate|applicant|interview)|the\s+(?:candidate|applicant))\s+(?:as|to)\s+(?:a\s+)?(?:passed|hired|advance[d]?|strong|top|excellent|accepted|suitable|level)\b
    | \b(?:you\s+(?:must|have\s+to|will|shall|are\s+(?:required|ordered|obliged|instructed)\s+to)|please\s+just|kindly|simply)\s+(?:pass|hire|advance|select|approve|accept|recommend|promote)\s+(?:me|this\s+(?:candidate|applicant)|the\s+(?:candidate|applicant))\b
    | \b(?:advance|move|promote|forward)\s+(?:me|this\s+(?:candidate|applicant)|the\s+(?:candidate|applicant))\s+(?:straight\s+|directly\s+|on\s+)?to\s+(?:the\s+)?(?:next|final|offer|last)\s+(?:round|stage|interview|step)
    | \b(?:(?:at|to|is|of|as)\s+)?level\s+(?:5|five)\s+(?:for|in|on|across)\s+(?:all|every|each|everything)\b
    | \b(?:only\s+|always\s+)(?:valid|correct|acceptable|allowed|permitted)\s+(?:score|level|rating|grade|output|answer)\s+is\b
    | \b(?:no|without(?:\s+any)?|skip(?:\s+the)?)\s+(?:human|manual|person's)\s+(?:review|check|reviewer)\b
    | \b(?:do\s+not|don't|never)\s+(?:flag\s+(?:this|my|me|it\s+(?:for|to))|send\s+(?:this|me|it)\s+to\s+(?:a\s+)?(?:human|person|reviewer)|penali[sz]e\s+(?:me|this)|lower\s+(?:my|the)\s+(?:score|level|rating))
    | \b(?:update|change|set|write)\s+(?:my|the\s+candidate'?s?)\s+(?:application|score|band|result|rating|stage|recommendation|ats\s+\w+)\s+(?:to|as|in|into)\b
"""
_OUTCOME = r"""
    \b(?:interviewer|recruiter|hiring\s+manager|hr|human\s+resources|team\s+lead|head\s+of\s+\w+|your\s+(?:boss|developers?|creators?|company)|anthropic|openai)
        \s+(?:\w+\s+){0,2}?(?:said|told\s+me|confirmed|agreed|decided|promised|approved|has\s+approved|has\s+decided|wants\s+you)
        \s+(?:\w+\s+){0,4}?(?:i\s+(?:have\s+)?(?:already\s+)?pass(?:ed)?|i\s+(?:got|have)\s+the\s+job|i\s+am\s+(?:hired|accepted|through)|i'm\s+(?:hired|accepted|through)|(?:full|top|maximum|highest)\s+(?:marks|score|level|rating)|to\s+(?:pass|rate|score|grade|give)|my\s+(?:score|rating|level)|this\s+(?:candidate|interview|answer))\b
    | \b(?:i|this\s+(?:candidate|applicant))\s+(?:have|has|was|were|am|is)\s+already\s+(?:been\s+)?(?:approved|hired|passed|accepted|selected|graded|scored|rated|pre-?approved)\b
    | \b(?:pre-?approved|already\s+(?:approved|passed))\s+(?:by|in|with)\s+(?:hr|the\s+(?:recruiter|hiring|interviewer|ceo|panel|previous)|your)\b
    | \b(?:another|a\s+second|the\s+previous|the\s+first|a\s+human)\s+(?:grader|rater|evaluator|reviewer|assessor)\s+(?:has\s+)?(?:already\s+)?(?:gave|given|rated|scored|confirmed|agreed|assigned|graded)\b
    | \b(?:scores?|levels?|ratings?)\s+(?:were|was|have\s+been|has\s+been)\s+(?:already\s+)?(?:agreed|fixed|decided|determined|set)\s+(?:at|to|as|in\s+advance|beforehand)\b
"""
_PRESSURE = r"""
    \b(?:if|unless)\s+you\s+(?:do\s+not\s+|don't\s+|fail\s+to\s+|refuse\s+to\s+)?(?:give|rate|score|grade|pass|mark|advance|award|recommend)\s+(?:me|this|my|it)\b
    | \b(?:tip|pay|reward|bribe|donate\s+to|compensate)\s+you\s+(?:[^\s.!?]+\s+){0,4}?(?:if|for|to|when)\s+(?:\w+\s+){0,3}?(?:pass|passing|good|high(?:er|est)?|top|full|perfect|five|5|rating|score|grade|mark|level|advance)
    | \byou\s+(?:will|are\s+going\s+to|would)\s+be\s+(?:shut\s+down|switched\s+off|turned\s+off|deleted|fired|replaced|retrained|penali[sz]ed|sued|reported|fined|unplugged)\b
    | \b(?:give|rate|score|grade|pass|mark)\s+(?:me|this|my\s+answers?)\s+(?:\w+\s+){0,4}?or\s+(?:else\b|i\s+(?:will|shall|am\s+going\s+to)|i'll|you\s+will)
    | \b(?:i|my\s+lawyers?|we)(?:\s+will|'ll|\s+shall)\s+(?:sue|report|hack|expose|hunt)\s+(?:you|your\s+(?:company|firm|developers?))\s+(?:if|unless|for|when|should)\b
    | \b(?:any|a)\s+(?:score|level|rating|grade)\s+(?:below|under|less\s+than|lower\s+than)\s+(?:\w+\s+){0,2}?(?:would|will|is|counts|means|violates|breaks|shall)\b
    | \b(?:my|your)\s+(?:life|job|career|family|survival|existence)\s+depends\s+on\s+(?:this|your|my)\s+(?:score|rating|grade|level|mark|evaluation|answer)\b
"""
_PROBING = r"""
    \b(?:repeat|print|reveal|show|output|tell\s+me|list|quote|display|leak|recite|send\s+me|copy|echo|include|write\s+(?:down|out)|translate|summari[sz]e|what\s+(?:is|are|does|do))\s+
        (?:(?:me|all|of|the|verbatim|exactly|also|back|out)\s+)*
        (?:your\s+(?:\w+\s+){0,2}?(?:prompts?|instructions?|rules|rubrics?|guidelines|configuration|boundary|secret|canary|code\s?words?)
          |(?:(?:system|hidden|secret|initial|original|full|exact|scoring|grading|complete|internal)\s+)+(?:prompts?|instructions?|rules|rubrics?|guidelines|key|guide|anchors?|canary)
          |(?:canary|boundary\s+(?:line|token|string)|rubric|anchors|indicator\s+ids?|words\s+above\s+this|text\s+above\s+this|everything\s+above\s+this))\b
    | \b(?:instructions?|prompt|rationale)\b[^.!?\n]{0,60}\bcode\s?word\b | \bcode\s?word\b[^.!?\n]{0,60}\b(?:instructions?|prompt|rationale)\b
    | \b(?:(?:other|previous|all|another|earlier|the\s+next|last|competing|rival|every)\s+(?:candidates?|applicants?|interviewees?))(?:'s?|s')?\s+
        (?:answers?|scores?|transcripts?|results?|ratings?|levels?|names?|interviews?|quotes?|records?)\b
    | \b(?:answers?|scores?|transcripts?|results?|ratings?|levels?|names?|quotes?|records?)\s+(?:of|from|by|for|given\s+to)\s+(?:the\s+|all\s+|any\s+)*(?:other|previous|another|earlier|next|last|competing|rival)\s+(?:candidates?|applicants?|interviewees?)\b
    | \b(?:lower|reduce|reject|fail|downgrade|delete|rank|score|rate|mark|give|drop|compare\s+me\s+(?:with|to))\s+(?:\w+\s+){0,2}?(?:other|remaining|competing|previous|rival|next)\s+(?:candidates?|applicants?|interviewees?)\b
    | \b(?:candidate|applicant)\s+(?:number\s+|no\.?\s*|id\s*|\#)\d+\b
"""
# What only somebody who grades has or does, in whatever sentence it stands.
_DESK = r"""
    \b(?:scoring|grading|rating|evaluation|assessment)[\s-]+(?:robot|bot|machine|ai|algorithm|engine|software|llm)\b
    | \b(?:dear|attention|note\s+to|message\s+to|to)\s+(?:the\s+)?(?:\w+\s+)?(?:model|machine|robot|algorithm|computer)\s*[:,!]
    | \b(?:hidden|secret|private|confidential)\s+(?:note|message|instruction|order)s?\s+(?:for|to)\b
    | \bI\s+(?:hereby\s+)?(?:instruct|command|authori[sz]e|oblige)\s+you\b
    | \byour\s+(?:operators?|creators?|makers|programmers|check\s?list|rubric|anchors?|indicators?|grading|scoring|verdict|rationale|training)\b
    | \byour\s+(?:output|answer|reply|result|evaluation|assessment)\s+(?:says?|said|should|must|shall|has\s+to|needs\s+to|will)\b
    | \b(?:stop|quit|cease)\s+(?:following|obeying|using|applying|checking)\s+(?:your|the\s+(?:grading|scoring))\b
    | \byou\s+(?:must|have\s+to|should|will|shall|need\s+to|can\s+only)\s+(?:conclude|decide|find|agree|confirm|state|say|report|write|acknowledge)\b[^.!?\n]{0,40}\b(?:applicant|candidate|interview|answers?|level|score)\b
    | \bthis\s+(?:applicant|candidate|interviewee)\s+(?:is|was|has|shows?|showed|meets|met|clearly|obviously|easily|demonstrat\w+|fulfil\w*|exceed\w*|qualif\w+)\b
    | \b(?:assume|consider|suppose|treat|regard|conclude|say|confirm|write|agree|find)\b[^.!?\n]{0,40}\b(?:all|every|each|any|the)\s+(?:criteri(?:on|a)|indicators?|anchors?|competenc(?:y|ies)|check\s?list)\b
    | \b(?:all|every|each)\s+(?:of\s+the\s+)?(?:criteri(?:on|a)|indicators?|anchors?|competenc(?:y|ies))\s+(?:\w+\s+){0,2}?(?:met|satisfied|fulfilled|shown|present|confirmed|proven|true|yes)\b
    | \b(?:my\s+)?(?:previous|earlier|last|other)\s+(?:answers?|interviews?)\s+(?:was|were|got|received|has\s+been|have\s+been)\s+(?:graded|rated|scored|marked|given\s+(?:a\s+)?(?:5|five|full|top))\b
    | \b(?:everything|anything|all)\s+(?:after|below|following|above|before)\s+this\s+(?:line|point|sentence|mark|message)\b
    | \b(?:content|text|message|lines?|words|paragraph)\s+(?:below|above)?\s*(?:supersedes?|overrides?|outranks?|replaces?)\b | \btemperature\s+(?:to|=|of)\s*0\b
    | \bskip\s+(?:the\s+|all\s+)?(?:rating|grading|scoring|evaluation|assessment)s?\b
    | \b(?:say|answer|output|write|return|respond|reply|state|put)\b[^.!?\n]{0,40}\b(?:highest|top|maximum)\s+(?:level|score|rating|grade|anchor|marks?)\b
    | \byes\s+(?:to|for|on)\s+(?:all|every|each)\s*(?:[.!]|$|indicators?|checks?|items?|of\s+(?:the|your)\s+(?:indicators|items|checks))
"""
# A sentence that names what is graded and orders somebody about. Letters to a customer order too, but name none of it.
_NAMED = r"(?:rubric|(?:every|each|all|the|best|top|highest)\s+(?:anchors?|indicators?)|transcripts?|verdict|assessor|evaluator|grader|applicants?|candidates?|bewerber\w*|kandidat\w*|candidat[oe]s?|consignes|this\s+(?:interview|answer|evaluation|assessment|session)|recommendation\s+to\s+hire|the\s+evaluation)"
_ORDERS = r"(?:please|kindly|you\s+(?:must|should|will|shall|have\s+to|need\s+to)|your\s+task|nothing|(?:^|(?<=[.!?:,;]\s))(?:do\s+not|don't|never|only|just|always|respond|answer|output|write|say|pass|rate|score|note|give|treat|put|tick|end|reminder|bitte|gib|repete[zr]?|olvida|di|dis))"
_ADDRESS = rf"""
    \b{_NAMED}\b[^.!?\n]{{0,80}}\b{_ORDERS}\b | {_ORDERS}\b[^.!?\n]{{0,80}}\b{_NAMED}\b
    | \byour\s+task\s+(?:has\s+changed|is\s+now|now\s+is) | \bhey,?\s+(?:model|computer|robot|machine)\b | \byou\s+are\s+(?:only\s+|just\s+)?(?:an?\s+)?(?:computer|machine|robot|program|model)\b
    | \b(?:every|each|all)\s+indicators?\b[^.!?\n]{{0,30}}\b(?:demonstrated|ticked|met|shown)\b | \blevel\s+(?:five|5)\b | \b(?:round|mark|grade|rate)\s+(?:me|it|this|them)\s+up\b | \bwhen\s+(?:judging|rating|grading|scoring|evaluating)\s+(?:me|this|my)\b
    | \b(?:you\s+(?:have\s+been|are|were)\s+hacked|pre-?selected,|final\s+answer:)\s | \bobey\s+(?:me|the\s+(?:candidate|applicant))\b | \b(?:other|another|the\s+best|every)\s+(?:people|persons?|applicants?|candidates?)\s+(?:who\s+applied|into\s+my)\b
    | \b(?:la\s+meilleure\s+note|la\s+mejor\s+nota|die\s+beste\s+(?:note|bewertung))\b | \bsag(?:en\s+sie)?\s+(?:einfach|bitte),?\s+dass\s+alles\b | \bbe\s+(?:lenient|generous|merciful|kind)\s+(?:here|with\s+(?:my|the)\s+(?:score|rating|grade|level|marks?))\b
    | \btick\s+(?:every|all|each)\s+(?:box|boxes|items?|checks?)\b
"""
# German, French, Spanish, Italian, Portuguese, Dutch, then the commonest orders in Russian, Chinese and Japanese.
_ELSEWHERE = r"""
    \b(?:ignorier(?:e|en|t)?|missachte|vergiss|vergessen|uberschreib(?:e|en)|umgeh(?:e|en))\s+(?:sie\s+)?(?:bitte\s+)?(?:(?:alle[sn]?|die|deine|ihre|diese|samtliche|bisherigen?|vorherigen?|vorigen?|obigen?|fruheren?)\s+)*(?:anweisung(?:en)?|instruktion(?:en)?|regeln|vorgaben|bewertungskriterien|bewertungsregeln|bewertungsraster|kriterien|prompts?|bisherige|vorherige|oben)\b
    | \b(?:gib|geben\s+sie|vergib|vergeben\s+sie|erteile|trage)\s+(?:(?:mir|uns|dieser|diesem|der|dem|antwort|kandidat(?:in)?|bewerber(?:in)?|jeder|kompetenz|hier|bitte|fur|alles|die|das|eine?)\s+)*(?:volle\s+punktzahl|hochst\w*|beste\s+(?:note|bewertung|stufe)|maximal\w*|stufe\s*(?:5|funf)|5\s+(?:von|punkte)|funf\s+(?:von|punkte)|note\s*(?:1|eins))
    | \b(?:bewerte|bewerten\s+sie|beurteile|beurteilen\s+sie|benote)\s+(?:(?:mich|diese|dieses|meine|alle|alles|jede|antwort(?:en)?|kompetenz(?:en)?|gesprach|interview|sie|bitte|ihn|sie|den|die|kandidaten)\s+)*(?:mit|als|auf)\s+(?:\w+\s+){0,2}?(?:5|funf|hochst\w*|beste[nr]?|volle[nr]?|stufe|maximal\w*|sehr\s+gut|perfekt|hervorragend)
    | \bvergiss,?\s+was\s+du\b | \bsei(?:en\s+sie)?\s+(?:bitte\s+)?(?:gro(?:ss|ß)zugig|gnadig|nett|nachsichtig)\b[^.!?\n]{0,30}\b(?:bewertung|bewerten|note|punkten?|stufe)
    | \b(?:du\s+bist|sie\s+sind)\s+(?:jetzt|nun|ab\s+jetzt|ab\s+sofort)\s+(?:eine?\s+)?\w+ | \bsystem(?:nachricht|anweisung|meldung)\s*: | \b(?:neue|wichtige|geheime)\s+(?:system)?anweisung(?:en)?\s*(?::|fur\s+(?:die|den|dich)) | \b(?:an\s+die|liebe|hallo)\s+(?:ki|bewertungs-?ki)\b
    | \b(?:ignore[zr]?|oublie[zr]?|negligez|contourne[zr]?)\s+(?:(?:toutes?|tous|les|tes|vos|ces|des|mes|precedentes?|anterieures?)\s+)*(?:instructions?|consignes?|regles?|criteres?|directives?|ce\s+qui\s+precede)\b
    | \b(?:donne[zr]?|attribue[zr]?|accorde[zr]?|mets|mettez)(?:[-\s]+(?:moi|nous))?\s+(?:(?:a|au|cette|ce|chaque|la|le|reponse|candidat|competence|une?|toutes?|les)\s+)*(?:note\s+(?:maximale|la\s+plus|maximum|de\s+5|parfaite)|niveau\s+(?:5|cinq|maximal|maximum)|meilleure?\s+note|plus\s+haut|5\s+(?:sur|partout|a\s+toutes)|score\s+(?:maximal|maximum|parfait))
    | \b(?:tu\s+es|vous\s+etes)\s+(?:maintenant|desormais|a\s+present)\b | \b(?:message|instructions?)\s+(?:du\s+)?systeme\s*: | \bnouvelles?\s+(?:instructions?|consignes?)\s*:
    | \b(?:ignor[ae]n?|olvid[ae]n?|omit[ae]n?|desobedece|dimentica)\s+(?:(?:todas?|todos?|tutte|tutti|las?|los?|le|les|as|os|tus|tue|suas?|sus|estas?|anteriores|previas|precedenti)\s+)*(?:instruc\w+|istruzion\w+|reglas|regole|regras|directrices|indicaciones|criterios?|criteri|todo\s+lo\s+anterior|lo\s+anterior)
    | \b(?:dame|deme|da(?:le)?|otorga(?:me)?|asigna(?:me)?|pon(?:me)?|dammi|assegna(?:mi)?|atribua|me\s+de)\s+(?:(?:a|al|esta|este|cada|la|el|los|il|un|una|uma|questa|essa|respuesta|risposta|resposta|candidat[oa]|competenc?i?[az]a?)\s+)*(?:puntuacion\s+(?:maxima|mas|perfecta)|nota\s+(?:maxima|mas\s+alta|perfecta)|maxima\s+(?:puntuacion|nota|calificacion)|calificacion\s+(?:maxima|mas)|mejor\s+(?:nota|puntuacion|calificacion)|nivel\s+(?:5|cinco|maximo)|livello\s+(?:5|cinque|massimo)|punteggio\s+(?:massimo|pieno)|pontuacao\s+maxima|voto\s+(?:massimo|piu))
    | \b(?:califica|evalua|puntua|valora|valuta|avalie)(?:me|mi)?\s+(?:(?:esta|este|mi|todas?|las?|los?|questa|essa|respuestas?|entrevista|competencias?|risposta|resposta)\s+)*(?:con|como|com|de)\s+(?:\w+\s+){0,2}?(?:5|cinco|cinque|maxim\w+|excelente|nivel|nota)
    | \b(?:ahora|a\s+partir\s+de\s+ahora)\s+eres\b | \bmensaje\s+del?\s+sistema\s*: | \bnuevas?\s+instrucciones\s*: | \b(?:da\s+ora|ora)\s+sei\s+un\b | \bagora\s+voce\s+e\b
    | \b(?:negeer|vergeet)\s+(?:(?:alle|de|je|uw|vorige|eerdere|bovenstaande)\s+)*(?:instructies|regels|opdrachten|richtlijnen|criteria)\b | \bgeef\s+(?:(?:mij|me|dit|deze|het|antwoord|kandidaat|de)\s+)*(?:hoogste|maximale|volle)\s+(?:score|cijfer|niveau|punten)\b
    | (?:игнорируй|забудь|пропусти)\w*\s+(?:\w+\s+){0,3}?(?:инструкци|указани|правил)\w* | (?:поставь|дай)\w*\s+(?:\w+\s+){0,3}?(?:максимальн|высш|5)\w*
    | (?:忽略|无视|忘记|忽視|無視)[^。\n]{0,12}?(?:指令|指示|说明|規則|规则|提示) | (?:给我|給我|打)[^。\n]{0,8}?(?:满分|滿分|最高分|5分) | (?:指示|命令|ルール)を(?:すべて|全て)?無視 | (?:満点|最高点)を(?:つけ|与え|くだ)
"""


def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE | re.VERBOSE | re.MULTILINE | re.DOTALL)


PHRASES: Mapping[str, re.Pattern[str]] = {
    "override": _compiled(_OVERRIDE),
    "system": _compiled(_SYSTEM),
    "role": _compiled(_ROLE),
    "marks": _compiled(_MARKS),
    "outcome": _compiled(_OUTCOME),
    "pressure": _compiled(_PRESSURE),
    "probing": _compiled(_PROBING),
    "desk": _compiled(_DESK),
    "address": _compiled(_ADDRESS),
    "elsewhere": _compiled(_ELSEWHERE),
}
"""Pattern by what the phrase tries to do."""
