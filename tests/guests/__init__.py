"""Real kernels in qemu, for the tests of the sending host."""
