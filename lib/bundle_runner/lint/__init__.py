"""What can be known about a bundle without a workspace; it also reads bundles that this runner would refuse."""
