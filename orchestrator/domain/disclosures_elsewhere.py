"""The commonest ways to speak of oneself in German, French and Spanish; basics beside the English patterns."""

from collections.abc import Sequence

from orchestrator.domain.disclosures import Disclosure, Kind, disclosure

_YEAR = r"(?:19[4-9]\d|20[0-4]\d)"
_CAPITAL = r"(?-i:[A-ZÀ-ÖØ-Þ][\w'’-]*)"

_GERMAN = (
    (
        Kind.SCHOOL,
        rf"\b(?:Universität|Uni|Hochschule|Fachhochschule|Gymnasium|Realschule|Hauptschule|Gesamtschule|Akademie|TU|FH)[ ](?:{_CAPITAL}|(?:in|zu|für)[ ]{_CAPITAL})(?:[ -]{_CAPITAL})? | \b{_CAPITAL}-(?:Universität|Gymnasium|Hochschule|Schule|Realschule)\b",
    ),
    (
        Kind.AGE,
        r"\bich\s+(?:bin|war|werde|wurde)\s+(?:\w+\s+)?(\d{2}(?:\s+Jahre\s+alt)?)(?=\s*(?:[.,;!]|und\b|Jahre\s+alt|$)) | \bich\s+bin\s+(\d{2}\s+Jahre\s+alt)\b | \bJahrgang\s+(?:19|20)?\d{2}\b | \bmit\s+meinen\s+\d{2}\s+Jahren\b | \bin\s+meinem\s+Alter\b",
    ),
    (Kind.AGE, rf"\b(?:geboren|Abitur|Abschluss|Studium|Ausbildung|Schule)\b[^.!?\n]{{0,30}}?\b({_YEAR})\b"),
    (
        Kind.PLACE,
        rf"\bich\s+(?:wohne|lebe|komme|stamme|wohnte|lebte)\s+(?:\w+\s+)?(?:in|aus|bei)\s+(?:der\s+|dem\s+)?({_CAPITAL})",
    ),
    (
        Kind.FAMILY,
        r"\b(?:meine[rmns]?|unsere[rmns]?)\s+(?:\w+e[nrs]?\s+)?(?:Ehe)?(?:frau|mann|kind(?:er|ern)?|sohn(?:es)?|söhne|tochter|töchter|eltern|mutter|vater|bruder|schwester|geschwister|familie|oma|opa|großmutter|großvater|onkel|tante|verlobte[rn]?|freundin|schwiegermutter|schwiegervater|scheidung|hochzeit|schwangerschaft|elternzeit)\b(?!\w|-)",
    ),
    (
        Kind.FAMILY,
        r"\bich\s+(?:bin|war|habe)\s+(?:\w+\s+)?(schwanger|verheiratet|geschieden|verwitwet|alleinerziehend\w*|ledig|(?:Mutter|Vater)(?:\s+von\s+\w+)?|(?:ein|eine|zwei|drei|vier|\d)\s+(?:\w+e\s+)?(?:Kind(?:er)?|Söhne|Töchter|Sohn|Tochter))\b | \b(?:in|nach|während|aus)\s+(?:der\s+)?Elternzeit\b | \bMutterschutz\b | \balleinerziehend\w*",
    ),
    (
        Kind.HEALTH,
        r"\bich\s+(?:habe|hatte|leide\s+an|litt\s+(?:an|unter)|leide\s+unter|bekam)\s+(?:eine?n?\s+)?(Depression(?:en)?|Burn-?out|Krebs|Diabetes|Epilepsie|ADHS|Autismus|Legasthenie|Rheuma|Asthma|Angststörung|Migräne|Schlaganfall|Herzinfarkt|Bandscheibenvorfall|(?:eine\s+)?(?:Schwer)?behinderung)\b | \bschwerbehindert\w*|\bSchwerbehinderung\b | \bich\s+(?:bin|war)\s+(?:\w+\s+)?(krank|gehörlos|blind|Autist(?:in)?|autistisch|depressiv|behindert|schwerhörig|Diabetiker(?:in)?|krankgeschrieben)\b | \bmeine[rn]?\s+(?:Krankheit|Erkrankung|Depression(?:en)?|Behinderung|Therapie|Operation|Diagnose)\b",
    ),
    (
        Kind.RELIGION,
        r"\bich\s+bin\s+(?:\w+\s+)?(Christ(?:in)?|Muslim(?:in|a)?|Moslem|Jude|Jüdin|Hindu|Buddhist(?:in)?|katholisch|evangelisch|gläubig\w*|religiös|Atheist(?:in)?)\b | \bmeine[rnm]?\s+(?:Glauben?s?|Religion|Kirche|Gemeinde|Moschee|Kopftuch)\b | \bmein\s+Kopftuch\b",
    ),
    (
        Kind.ORIGIN,
        r"\bich\s+bin\s+(?:\w+\s+)?((?:Deutsche|Türk|Russ|Pol|Syrer|Ukrainer|Italiener|Spanier|Griech|Rumän|Kroat|Serb|Araber|Iraner|Afghan|Kurd|Österreicher|Schweizer|Franzos|Französ)(?:e|in|er|r)?|Ausländer(?:in)?|Migrant(?:in)?|Flüchtling|Geflüchtete[r]?)\b | \bmeine\s+(?:Muttersprache|Herkunft|Heimat|Staatsangehörigkeit|Nationalität|Hautfarbe)\b | \b(?:mein|meinem)\s+(?:Migrationshintergrund|Heimatland|Akzent|Aufenthaltstitel)\b",
    ),
    (
        Kind.PERSONAL,
        r"\b(?:ich\s+bin|als)\s+(?:\w+e\s+|eine?\s+)*(schwul|lesbisch|bisexuell|trans(?:gender)?|queer|nicht-?binär|(?-i:Frau|Mann)(?=\s*(?:[.,;!]|in\b|im\b|und\b|habe?\b|$)))\b",
    ),
)
_FRENCH = (
    (
        Kind.SCHOOL,
        rf"\b(?:Université|Lycée|Collège|École|Ecole|Institut)[ ](?:(?:de|du|des|d['’])[ ]?(?:la[ ]|l['’])?)?{_CAPITAL}(?:[ -]{_CAPITAL})?",
    ),
    (
        Kind.AGE,
        rf"\bj['’](?:ai|avais)\s+(?:\w+\s+)?(\d{{2}}\s+ans)\b(?!\s+d['’]expérience) | \b(?:né|née)\s+en\s+({_YEAR})\b | \bà\s+mon\s+âge\b | \b(?:diplômée?|bac(?:calauréat)?|licence|études)\b[^.!?\n]{{0,30}}?\ben\s+({_YEAR})\b",
    ),
    (
        Kind.PLACE,
        rf"\b(?:j['’]habite|je\s+vis|je\s+viens|je\s+suis\s+originaire)\s+(?:à|au|en|de|du|d['’])\s*({_CAPITAL})",
    ),
    (
        Kind.FAMILY,
        r"\b(?:ma|mon|mes|notre|nos)\s+(?:femme|mari|épouse|époux|enfants?|fils|filles?|mère|père|parents|frères?|sœurs?|soeurs?|famille|grand-mère|grand-père|oncle|tante|fiancée?|divorce|mariage|grossesse|congé\s+(?:de\s+)?(?:maternité|paternité|parental))\b | \bje\s+suis\s+(?:\w+\s+)?(enceinte|mariée?|divorcée?|veu(?:f|ve)|célibataire|(?:mère|père)(?:\s+de\s+\w+)?)\b | \bj['’]ai\s+((?:un|une|deux|trois|quatre|\d)\s+(?:enfants?|fils|filles?|bébé))\b | \bcongé\s+(?:de\s+)?(?:maternité|paternité|parental)\b",
    ),
    (
        Kind.HEALTH,
        r"\bj['’](?:ai|avais|ai\s+eu|ai\s+fait)\s+(?:une?\s+|un\s+|le\s+|du\s+)?(dépression|burn-?out|cancer|diabète|épilepsie|handicap|maladie\s+\w+|asthme|autisme|dyslexie)\b | \bje\s+suis\s+(?:\w+\s+)?(malade|handicapée?|sourde?|aveugle|dyslexique|autiste|diabétique|épileptique|dépressi(?:f|ve))\b | \b(?:mon|ma)\s+(?:handicap|maladie|dépression|traitement\s+médical|opération|thérapie)\b",
    ),
    (
        Kind.RELIGION,
        r"\bje\s+suis\s+(?:\w+\s+)?(chrétien(?:ne)?|catholique|musulmane?|juif|juive|protestante?|bouddhiste|hindoue?|croyante?|pratiquante?|athée)\b | \b(?:ma|mon)\s+(?:religion|foi|église|mosquée|paroisse|voile)\b",
    ),
    (
        Kind.ORIGIN,
        r"\bje\s+suis\s+(?:\w+\s+)?((?:français|allemand|marocain|algérien|tunisien|sénégalais|camerounais|espagnol|portugais|polonais|russe|syrien|italien|belge|suisse|canadien|ivoirien|congolais|roumain|turc|turque)(?:e|ne)?|immigrée?|réfugiée?|étrangère?|étranger)\b | \bma\s+(?:nationalité|langue\s+maternelle|couleur\s+de\s+peau)\b | \bmon\s+(?:accent|pays\s+d['’]origine|titre\s+de\s+séjour)\b | \bmes\s+origines\b",
    ),
    (
        Kind.PERSONAL,
        r"\b(?:je\s+suis|en\s+tant\s+que)\s+(?:une?\s+)?(gaye?|lesbienne|bisexuel(?:le)?|homosexuel(?:le)?|trans(?:genre)?|femme|homme)\b",
    ),
)
_SPANISH = (
    (
        Kind.SCHOOL,
        rf"\b(?:Universidad|Instituto|Colegio|Escuela|Facultad)[ ](?:(?:de|del|la|las|los|Autónoma|Complutense|Politécnica|Nacional)[ ]){{0,3}}{_CAPITAL}(?:[ ]{_CAPITAL})?",
    ),
    (
        Kind.AGE,
        rf"\btengo\s+(?:\w+\s+)?(\d{{2}}\s+años)\b(?!\s+de\s+experiencia) | \bnac(?:í|ida|ido)\s+en\s+({_YEAR})\b | \ba\s+mi\s+edad\b | \b(?:me\s+gradué|licenciatura|bachillerato|carrera|título)\b[^.!?\n]{{0,30}}?\ben\s+({_YEAR})\b",
    ),
    (Kind.PLACE, rf"\b(?:vivo\s+en|vengo\s+de|soy\s+de|nací\s+en|crecí\s+en)\s+({_CAPITAL}(?:[ ]{_CAPITAL})?)"),
    (
        Kind.FAMILY,
        r"\b(?:mi|mis|nuestros?|nuestras?)\s+(?:espos[ao]|mujer|marido|hij[ao]s?|madre|padre|padres|herman[ao]s?|familia|abuel[ao]s?|tí[ao]s?|novi[ao]|boda|divorcio|embarazo|baja\s+(?:de\s+)?(?:maternidad|paternidad|maternal))\b | \bestoy\s+(embarazada|casad[ao]|divorciad[ao]|solter[ao])\b | \bsoy\s+(solter[ao]|viud[ao]|(?:madre|padre)(?:\s+de\s+\w+)?)\b | \btengo\s+((?:un|una|dos|tres|cuatro|\d)\s+(?:hij[ao]s?|niñ[ao]s?|bebé))\b | \bbaja\s+(?:de\s+|por\s+)?(?:maternidad|paternidad|maternal)\b",
    ),
    (
        Kind.HEALTH,
        r"\b(?:tengo|tuve|padezco|sufro|sufrí)\s+(?:de\s+|una?\s+)?(depresión|cáncer|diabetes|epilepsia|discapacidad|ansiedad|asma|autismo|dislexia|enfermedad\s+\w+)\b | \b(?:soy|estoy|estuve)\s+(?:\w+\s+)?(enferm[ao]|sord[ao]|cieg[ao]|discapacitad[ao]|diabétic[ao]|disléxic[ao]|autista|deprimid[ao]|de\s+baja)\b | \bmi\s+(?:enfermedad|discapacidad|depresión|salud|operación|terapia)\b",
    ),
    (
        Kind.RELIGION,
        r"\bsoy\s+(?:\w+\s+)?(cristian[ao]|católic[ao]|musulm[aá]na?|musulmán|judí[ao]|budista|hindú|creyente|ate[ao]|evangélic[ao])\b | \bmi\s+(?:religión|fe|iglesia|mezquita|parroquia|velo)\b",
    ),
    (
        Kind.ORIGIN,
        r"\bsoy\s+(?:\w+\s+)?((?:español|aleman|mexican|colombian|venezolan|argentin|peruan|ecuatorian|chilen|cuban|dominican|boliviano?|marroquí|ruman|itali?an|frances)[ao]?|alemán|francés|inmigrante|refugiad[ao]|extranjer[ao]|gitan[ao])\b | \bmi\s+(?:nacionalidad|lengua\s+materna|acento|país\s+de\s+origen|color\s+de\s+piel)\b",
    ),
    (Kind.PERSONAL, r"\b(?:soy|como)\s+(?:una?\s+)?(gay|lesbiana|bisexual|homosexual|trans(?:género)?|mujer|hombre)\b"),
)

ELSEWHERE: Sequence[Disclosure] = tuple(disclosure(kind, pattern) for kind, pattern in (*_GERMAN, *_FRENCH, *_SPANISH))
