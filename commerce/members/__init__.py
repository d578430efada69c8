"""Members: who they are, how they log in, where they want their parcels."""

from commerce.members.address_store import address_of, default_address
from commerce.members.centre import Centre
from commerce.members.desk import MemberDesk
from commerce.members.types import AddressSnapshot

__all__ = ["AddressSnapshot", "Centre", "MemberDesk", "address_of", "default_address"]
