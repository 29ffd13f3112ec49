"""``omprog-panic apply``: one list of senders for rsyslogd, collector and firewall."""
