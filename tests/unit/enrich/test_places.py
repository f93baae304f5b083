import re

import pytest

from services.enrich.entities.entities import entities_of
from services.enrich.tools import Tools
from shared.messages import EntityType, Point
from tests.unit.enrich.stories import entities, parted, tagged, texts

# Sentences written for this test. Each place stands in brackets with the GeoNames id that it must
# have; `[Name|-]` has none, because the text does not say which it is.
_MARKED = """\
[Tripoli|2210247] fell silent as [Libya|2215636] counted votes.
[Lebanon|272103] closed schools in [Tripoli|266826].
The envoy flew to [Tripoli|2210247] on Friday.
Dons at [Cambridge|2653941] in the [UK|2635167] objected.
Researchers in [Cambridge|4931972], Massachusetts, agreed.
A bridge in [Cambridge|-] was closed.
[Birmingham|4049979], Alabama, expects a storm.
[Birmingham|2655603] will host the fair, [England|6269131] said.
Floods hit [Hyderabad|1176734] in [Pakistan|1168579].
[India|1269750] opened a plant in [Hyderabad|1269843].
Trains between [India|1269750] and [Pakistan|1168579] stop at [Hyderabad|1269843].
A factory in [Hyderabad|-] burned.
[San Jose|5392171], California, grew.
[Costa Rica|3624060] cheered in [San Jose|3621849].
Students marched in [Santiago|3871336], as [Chile|3895114] voted.
[Spain|2510769] sent rescuers from [Granada|2517117].
[Nicaragua|3617476] arrested priests in [Granada|3619136].
The choir of [Granada|-] sang.
[Kingston|5992500], Ontario, is quiet.
[Jamaica|3489940] deployed soldiers in [Kingston|3489854].
Talks in [Washington|4140963] went on.
[Seattle|5809844], Washington, had rain.
Banks in [New York|5128581] closed.
[Albany|5106834], New York, had snow.
[Lebanon|5197517], Pa., is a small town.
[Lebanon|272103], [Jordan|248816] and [Syria|163843] met.
[Paris|4717560], Texas, has a tower.
[Paris|2988507] hosted talks with the [US|6252001].
[Georgia|614540] votes; crowds met in [Tbilisi|611717].
[Georgia|4197000] counts again, officials in [Atlanta|4180439] said.
[Georgia|-] voted.
[Canada|6251999] sent a ship to [Victoria|6174041].
[Australia|2077456] burned again in [Victoria|2145234].
Judges in [Victoria|241131] told [Seychelles|241170] to pay.
The team went home to [Victoria|-].
[London|2643743] shares fell.
[London|6058560], Ontario, elected a mayor.
[Athens|264371] pledged help to the [United States|6252001].
[Athens|4180386], Georgia, is a college town.
[Afghanistan|1149361] sent troops from [Kabul|1138958] to [Kandahar|1138336].
The governor of [Kandahar|1138335] province fled [Afghanistan|1149361].
[India|1269750] and farmers of [Punjab|1259223] agreed.
[Pakistan|1168579] and millers of [Punjab|1167710] agreed.
Shops in the province of [Kandahar|1138335], [Afghanistan|1149361], closed.
[Kandahar|1138336] in [Kandahar|1138335] province, [Afghanistan|1149361], was quiet.
A ferry left [Banjul|2413876] for the south of [Gambia|2413451].
The [United States|6252001] sent aid to [Davis|-].
Pilgrims reached [Makkah|104515] on Monday; [Mecca|104515] was full.
[Kiev|703448] is now written [Kyiv|703448].
[Bombay|1275339] is now called [Mumbai|1275339].
[Naples|3172394] thanked [Italy|3175395].
[Naples|4165565], Florida, was evacuated.
[Manchester|2643123] police held a man.
[Moscow|524901] denied it.
[Perth|2063523] in [Australia|2077456] is far.
[Nigeria|2328926] shut markets in [Lagos|2332459] and [Kano|2335204].
Schools in [Kano State|2335196] reopened, [Nigeria|2328926] said.
[Gaza|281132] had no power; [Gaza City|281133] was dark.
The [West Bank|285153] was calm, [Europe|6255148] hoped.
[Crimea|703883], [Xinjiang|1529047] and [Bavaria|2951839] are far apart.
[Hong Kong|1819730] and [Singapore|1880251] trade.
[Gibraltar|2411586] lies south.
Police in [Norfolk|2641455], [England|6269131], were called.
[Bengaluru|1277333] was [Bangalore|1277333].
Rain fell in [Springfield|-] and in [Kashmir|-].
[St. Petersburg|498817] in [Russia|2017370] and [St. Petersburg|498817] again.
"""


@pytest.mark.parametrize("marked", _MARKED.splitlines())
def test_place_has_the_geonames_id_of_what_the_text_means(tools: Tools, marked: str) -> None:
    """What stands around a name decides between places of one name; what is unsure has no id."""
    pieces = re.split(r"\[(.+?)\|(.+?)\]", marked)
    names, ids = pieces[1::3], pieces[2::3]
    text = re.sub(r"\[(.+?)\|.+?\]", r"\1", marked)
    parts = parted(tools, text)
    tags = tagged(text, [(name, "place") for name in names])
    found = entities_of(text, tags, parts=parts, gazetteer=tools.gazetteer)
    by_start = {mention.start: entity.id or "" for entity in found for mention in entity.mentions}

    told = [by_start[start].partition("geonames:")[2] or "-" for start in sorted(by_start)]

    assert list(zip(names, told, strict=True)) == list(zip(names, ids, strict=True))


def test_place_says_where_it_is(tools: Tools) -> None:
    """A city has the code of its country, a part its own too; all have a point."""
    names = ["Lviv", "Texas", "Kenya", "Asia"]

    found = entities(tools, "Lviv, Texas, Kenya, Asia.", [(name, "place") for name in names])

    assert {name: (found[name].iso3166, found[name].country) for name in names} == {
        "Lviv": (None, "UA"),
        "Texas": ("US-TX", "US"),
        "Kenya": ("KE", "KE"),
        "Asia": (None, None),
    }
    assert found["Lviv"].location == Point(coordinates=(24.0232, 49.8383))
    assert all(entity.location for entity in found.values())


def test_two_names_of_one_place_are_one_entity(tools: Tools) -> None:
    """Makkah and Mecca are mentions of one city."""
    names = ["Makkah", "Mecca", "Makkah"]

    found = entities(tools, "Makkah is Mecca is Makkah.", [(name, "place") for name in names])

    assert (list(found), texts(found["Mecca"])) == (["Mecca"], names)


@pytest.mark.parametrize("kind", ["person", "organisation", "group", "other"])
def test_what_is_no_place_has_no_place(tools: Tools, kind: EntityType) -> None:
    """Paris Hilton is not in France, and the bank Santiago not in Chile."""
    names: list[tuple[str, EntityType]] = [
        ("Chile", "place"),
        ("Ana Santiago", "person"),
        ("Santiago", kind),
    ]

    found = entities(tools, "Chile lost Ana Santiago. Santiago won.", names)

    assert not [name for name, entity in found.items() if entity.location and name != "Chile"]


def test_smaller_thing_that_is_named_after_a_place_has_no_id(tools: Tools) -> None:
    """A district or an airport is not the city."""
    text = "Kandahar airport in Afghanistan closed."

    found = entities(tools, text, [("Kandahar", "place"), ("Afghanistan", "place")])

    assert found["Kandahar"].id == "place:kandahar"
