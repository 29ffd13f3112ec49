"""iptables and ip6tables rules that admit the listed senders and drop the rest."""
