"""The real chain in a private folder on loopback: for tests, the demo and benchmarks.

Nothing in here is faked: rsyslogd, the collector and the alerter are the real
programs; only the sending kernels are replaced, by their recorded datagrams.
"""
