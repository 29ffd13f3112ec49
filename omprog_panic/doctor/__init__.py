"""What goes wrong on a monitor in practice, found from the outside, with the remedy."""
