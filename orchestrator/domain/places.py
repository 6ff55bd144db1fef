"""Names of countries, states and larger cities, and what people from there are called. Short lists of our own, no gazetteer.

A place that the lists do not know is found only where a candidate says that they live, grew up or were born there.
"""

PLACES = """
Afghanistan;Albania;Algeria;Angola;Argentina;Armenia;Australia;Azerbaijan;Bahrain;Bangladesh;Belarus;Belgium;Bolivia;
Bosnia;Botswana;Brazil;Bulgaria;Burundi;Cambodia;Cameroon;Canada;Chile;China;Colombia;Congo;Costa Rica;Croatia;Cyprus;
Czechia;Czech Republic;Denmark;Dominican Republic;Ecuador;Egypt;El Salvador;England;Eritrea;Estonia;Ethiopia;Finland;
France;Gambia;Germany;Ghana;Greece;Guatemala;Haiti;Honduras;Hong Kong;Hungary;Iceland;Indonesia;Iran;Iraq;Ireland;Italy;
Ivory Coast;Jamaica;Japan;Kazakhstan;Kosovo;Kuwait;Kyrgyzstan;Laos;Latvia;Lebanon;Liberia;Libya;Lithuania;Luxembourg;
Madagascar;Malawi;Malaysia;Malta;Mauritania;Mexico;Moldova;Mongolia;Montenegro;Morocco;Mozambique;Myanmar;Namibia;Nepal;
Netherlands;New Zealand;Nicaragua;Nigeria;North Macedonia;Northern Ireland;Norway;Pakistan;Palestine;Paraguay;Peru;
Philippines;Poland;Portugal;Puerto Rico;Qatar;Romania;Russia;Rwanda;Saudi Arabia;Scotland;Senegal;Serbia;Sierra Leone;
Singapore;Slovakia;Slovenia;Somalia;South Africa;South Korea;North Korea;Spain;Sri Lanka;Sudan;Sweden;Switzerland;Syria;
Taiwan;Tanzania;Thailand;Tunisia;Uganda;Ukraine;United Arab Emirates;United Kingdom;United States;Uruguay;Uzbekistan;
Venezuela;Vietnam;Wales;Yemen;Zambia;Zimbabwe;
Alabama;Alaska;Arizona;Arkansas;California;Colorado;Connecticut;Delaware;Florida;Hawaii;Idaho;Illinois;Indiana;Iowa;
Kansas;Kentucky;Louisiana;Maryland;Massachusetts;Michigan;Minnesota;Mississippi;Missouri;Montana;Nebraska;Nevada;
New Hampshire;New Jersey;New Mexico;New York;North Carolina;South Carolina;North Dakota;South Dakota;Ohio;Oklahoma;Oregon;
Pennsylvania;Rhode Island;Tennessee;Texas;Utah;Vermont;West Virginia;Wisconsin;Wyoming;Ontario;Quebec;British Columbia;
Bavaria;Bayern;Saxony;Sachsen;Catalonia;Andalusia;Brittany;Normandy;Sicily;Tuscany;Deutschland;Österreich;Schweiz;Austria;
Frankreich;Italien;Spanien;Polen;Türkei;Syrien;Russland;Griechenland;Rumänien;Allemagne;Espagne;Italie;Maroc;Algérie;
Belgique;Suisse;España;Francia;Alemania;Italia;México;Perú;Marruecos;
Aachen;Amsterdam;Ankara;Antwerp;Atlanta;Auckland;Augsburg;Baghdad;Baltimore;Bangalore;Bangkok;Barcelona;Beijing;Beirut;
Belfast;Belgrade;Berlin;Bern;Bielefeld;Bilbao;Birmingham;Bochum;Bogota;Bogotá;Bonn;Boston;Bratislava;Bremen;Brisbane;
Bristol;Brussels;Bucharest;Budapest;Buenos Aires;Cairo;Calgary;Cape Town;Caracas;Cardiff;Casablanca;Chennai;Chicago;
Cincinnati;Cleveland;Cologne;Copenhagen;Damascus;Denver;Detroit;Dortmund;Dresden;Dubai;Dublin;Duisburg;Düsseldorf;Edinburgh;
Eindhoven;Frankfurt;Freiburg;Gdansk;Geneva;Glasgow;Graz;Hamburg;Hamilton;Hanoi;Hannover;Hanover;Helsinki;Heidelberg;Houston;
Hyderabad;Indianapolis;Innsbruck;Islamabad;Istanbul;Izmir;Jakarta;Jerusalem;Johannesburg;Kabul;Kampala;Karachi;Karlsruhe;
Kathmandu;Kiel;Kiev;Kigali;Kolkata;Krakow;Kraków;Kuala Lumpur;Kyiv;Köln;Lagos;Lahore;Lausanne;Leeds;Leicester;Leipzig;Lille;
Lisbon;Liverpool;Ljubljana;London;Los Angeles;Lviv;Lyon;Madrid;Malmö;Manchester;Mannheim;Marrakesh;Marseille;Medellin;
Melbourne;Memphis;Miami;Milwaukee;Minneapolis;Minsk;Montreal;Moscow;Mumbai;Munich;München;Münster;Nairobi;Nantes;Naples;
Nashville;New Delhi;New Orleans;Newcastle;Nottingham;Nuremberg;Nürnberg;Odesa;Osaka;Oslo;Ottawa;Palermo;Paris;Perth;
Philadelphia;Pittsburgh;Portland;Porto;Prague;Pretoria;Pune;Quito;Rabat;Riga;Rio de Janeiro;Riyadh;Rome;Rotterdam;
Sacramento;Salt Lake City;Salzburg;San Antonio;San Diego;San Francisco;San Jose;Sao Paulo;São Paulo;Sarajevo;Seattle;Seoul;
Seville;Sevilla;Shanghai;Sheffield;Shenzhen;Skopje;Stockholm;Strasbourg;Stuttgart;Taipei;Tallinn;Tashkent;Tbilisi;Tehran;
Tel Aviv;Tirana;Tokyo;Toronto;Toulouse;Tripoli;Turin;Utrecht;Vancouver;Vienna;Vilnius;Warsaw;Washington;Wellington;Wien;
Wuppertal;Yerevan;Zagreb;Zaragoza;Zurich;Zürich
"""
# Names of people, fonts, or ordinary words too: only after a word that speaks of being somewhere.
AMBIGUOUS = """
Jordan;Turkey;Georgia;Chad;Niger;Mali;Cuba;India;Israel;Kenya;Panama;Oman;Togo;Guinea;Maine;Virginia;Carolina;Dakota;
Reading;Bath;Nice;Phoenix;Victoria;Florence;Charlotte;Austin;Lincoln;Cork;Hull;Essen;Buffalo;
Columbia;Sydney;Madison;Jackson;Dallas;Savannah;Brooklyn;Milan;Lima;Bergen;Halle;Angers;Athens;Sofia;Orlando;
Santiago;Valencia;Granada;Oxford;Cambridge;Chester;Derby;Durham;Lancaster;York;Monaco;Manila;Leon;Cali;Jena;Trier
"""
PEOPLES = """
Afghan;Albanian;Algerian;American;Arab;Argentinian;Armenian;Asian;African;Australian;Austrian;Bangladeshi;Belarusian;Belgian;
Bolivian;Bosnian;Brazilian;British;Bulgarian;Cameroonian;Canadian;Chilean;Chinese;Colombian;Croatian;Cuban;Cypriot;Czech;
Danish;Dutch;Ecuadorian;Egyptian;English;Eritrean;Estonian;Ethiopian;European;Filipino;Filipina;Finnish;French;German;Georgian;
Ghanaian;Greek;Haitian;Hungarian;Indian;Indonesian;Iranian;Iraqi;Irish;Israeli;Italian;Jamaican;Japanese;Jordanian;Kenyan;
Korean;Kosovan;Kurdish;Latvian;Lebanese;Libyan;Lithuanian;Macedonian;Malaysian;Mexican;Moldovan;Moroccan;Nepali;Nepalese;
Nigerian;Norwegian;Pakistani;Palestinian;Persian;Peruvian;Polish;Portuguese;Puerto Rican;Romanian;Russian;Rwandan;Saudi;
Scottish;Senegalese;Serbian;Slovak;Slovenian;Somali;South African;Spanish;Sri Lankan;Sudanese;Swedish;Swiss;Syrian;Taiwanese;
Tanzanian;Thai;Tunisian;Turkish;Ugandan;Ukrainian;Uzbek;Venezuelan;Vietnamese;Welsh;Yemeni;Zimbabwean
"""


def alternatives(names: str) -> str:
    """A regular expression for any name of a list, the longer ones first."""
    listed = sorted((name.strip() for name in names.split(";") if name.strip()), key=lambda name: (-len(name), name))
    return "|".join(name.replace(" ", r"[\s-]+") for name in listed)
