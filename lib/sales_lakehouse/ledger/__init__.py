"""The books read without Spark: whose commits, which bytes, what balances, and a record's way."""

from sales_lakehouse.ledger.breaks import Answer, ForeignCommit, explain_foreign
from sales_lakehouse.ledger.chain import accept_commit, foreign_commits, look_at_chain
from sales_lakehouse.ledger.seals import seal_files

__all__ = [
    "Answer",
    "ForeignCommit",
    "accept_commit",
    "explain_foreign",
    "foreign_commits",
    "look_at_chain",
    "seal_files",
]
