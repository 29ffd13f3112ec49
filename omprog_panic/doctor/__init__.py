"""``omprog-panic doctor``: checks of a monitor from outside, each with a remedy."""
