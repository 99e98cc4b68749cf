"""A first source file, guessed from a sample delivery; each guess says why, a person reviews all of them."""

from sales_lakehouse.drafting.draft import draft_source

__all__ = ["draft_source"]
