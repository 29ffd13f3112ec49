"""rsyslogd: the values that the shipped rules read, and the host's configuration."""
