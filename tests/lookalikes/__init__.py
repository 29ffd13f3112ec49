"""Stand-ins for the services on the internet, as far as our messages go.

They answer as the real ones do, refuse what those refuse, and read mark-up, mentions
and links as those read them. apprise reaches them under their real names, over TLS.
"""
