"""Landing: what a source delivered, byte for byte, with a manifest."""

from sales_lakehouse.landing.land import land_source
from sales_lakehouse.landing.landed import Landed
from sales_lakehouse.landing.store import LandingStore, Manifest

__all__ = ["Landed", "LandingStore", "Manifest", "land_source"]
