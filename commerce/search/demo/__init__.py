"""Products made up by the hundred thousand, for tests, benches and tries at size: `lingfeng demo products N`."""

from commerce.search.demo.generate import BRANDS, KINDS, generate
from commerce.search.demo.types import Brand, Goods, Kind, Quality

__all__ = ["BRANDS", "KINDS", "Brand", "Goods", "Kind", "Quality", "generate"]
