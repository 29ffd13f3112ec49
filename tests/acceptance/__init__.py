"""Real kernels crash in qemu, and a real monitor tells of it: ``tools/acceptance``."""
