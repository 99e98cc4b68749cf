"""The strict reader: bytes of a unit in, pieces that cover every byte out."""

from sales_lakehouse.scan.pieces import Piece, UnitBroken
from sales_lakehouse.scan.scan import scan_unit

__all__ = ["Piece", "UnitBroken", "scan_unit"]
