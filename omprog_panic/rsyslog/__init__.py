"""rsyslogd's side: what the shipped rules read, and the rules under other paths."""
