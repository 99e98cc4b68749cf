"""The data: sources, landing, bronze, silver, gold, and the books over all of them."""
