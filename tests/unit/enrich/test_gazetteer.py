import pytest
from pydantic import ValidationError

from services.enrich.entities.gazetteer import (
    CountryRow,
    Gazetteer,
    NameWords,
    OrganisationRow,
    gazetteer_of,
)
from services.enrich.tools import Tools

_NO_WORDS = NameWords(
    courtesies=(), titles=(), kinds=(), company_forms=(), prefixes=(), suffixes=(), bodies=()
)


def _gazetteer(
    countries: dict[str, CountryRow] | None = None,
    organisations: dict[str, OrganisationRow] | None = None,
) -> Gazetteer:
    return gazetteer_of(countries or {}, organisations or {}, _NO_WORDS)


@pytest.mark.parametrize("name", ["us", "usa", "united states", "america", "american", "americans"])
def test_every_name_of_a_country_leads_to_it(tools: Tools, name: str) -> None:
    """Aliases and demonyms, in the singular and the plural, are the country."""
    assert tools.gazetteer.countries[name].code == "US"


@pytest.mark.parametrize(
    ("name", "code"), [("congolese", "CD"), ("north koreans", "KP"), ("scottish", "GB-SCT")]
)
def test_peoples_lead_to_their_country(tools: Tools, name: str, code: str) -> None:
    """A demonym is marked as one."""
    country = tools.gazetteer.countries[name]

    assert (country.code, country.is_demonym) == (code, True)


def test_all_member_states_of_the_united_nations_are_known(tools: Tools) -> None:
    """193 members; beside them observers, and lands that have a code of their own."""
    codes = {country.code for country in tools.gazetteer.countries.values()}
    others = {"VA", "PS", "TW", "XK", "HK", "MO", "PR", "GL", "BM", "NC"}

    assert len({code for code in codes if len(code) == 2} - others) == 193


def test_name_of_two_countries_is_refused() -> None:
    """One name leads to one thing, or the table is wrong."""
    rows = {"AA": CountryRow(name="Ruritania"), "BB": CountryRow(name="X", aliases=("ruritania",))}

    with pytest.raises(ValueError, match="two meanings of one name: ruritania"):
        _gazetteer(countries=rows)


def test_name_of_two_organisations_is_refused() -> None:
    """So it is for organisations, found anywhere or tagged."""
    rows = {"Acme": OrganisationRow(), "Best": OrganisationRow(tagged=("ACME",))}

    with pytest.raises(ValueError, match="two meanings of one name: ACME"):
        _gazetteer(organisations=rows)


def test_unknown_field_is_refused() -> None:
    """A misspelt field says so instead of meaning nothing."""
    with pytest.raises(ValidationError, match="demonym"):
        CountryRow.model_validate({"name": "Ruritania", "demonym": ["Ruritanian"]})
