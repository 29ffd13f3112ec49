"""iptables and ip6tables rules that admit the listed senders, and nobody else."""
