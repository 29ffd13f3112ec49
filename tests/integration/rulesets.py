"""Rule sets as common programs make them: what a monitor finds beside ours.

Written after their own documentation and defaults. ``m0`` is the interface on which
datagrams arrive, 10.9.0.0/24 and fd09::/64 are the senders' networks.
"""

from __future__ import annotations

import shlex

INPUT = "type filter hook input priority"
PREROUTING = "type filter hook prerouting priority"
NAT = "type nat hook prerouting priority -100; policy accept;"

UFW = """\
*filter
:INPUT DROP [0:0]
:ufw-before-logging-input - [0:0]
:ufw-before-input - [0:0]
:ufw-after-input - [0:0]
:ufw-after-logging-input - [0:0]
:ufw-reject-input - [0:0]
:ufw-track-input - [0:0]
:ufw-not-local - [0:0]
:ufw-logging-deny - [0:0]
:ufw-skip-to-policy-input - [0:0]
:ufw-user-input - [0:0]
-A INPUT -j ufw-before-logging-input
-A INPUT -j ufw-before-input
-A INPUT -j ufw-after-input
-A INPUT -j ufw-after-logging-input
-A INPUT -j ufw-reject-input
-A INPUT -j ufw-track-input
-A ufw-before-input -i lo -j ACCEPT
-A ufw-before-input -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A ufw-before-input -m conntrack --ctstate INVALID -j ufw-logging-deny
-A ufw-before-input -m conntrack --ctstate INVALID -j DROP
-A ufw-before-input -p udp -m udp --sport 67 --dport 68 -j ACCEPT
-A ufw-before-input -j ufw-not-local
-A ufw-before-input -d 224.0.0.251/32 -p udp -m udp --dport 5353 -j ACCEPT
-A ufw-before-input -j ufw-user-input
-A ufw-not-local -m addrtype --dst-type LOCAL -j RETURN
-A ufw-not-local -m addrtype --dst-type MULTICAST -j RETURN
-A ufw-not-local -m addrtype --dst-type BROADCAST -j RETURN
-A ufw-not-local -m limit --limit 3/min --limit-burst 10 -j ufw-logging-deny
-A ufw-not-local -j DROP
-A ufw-logging-deny -m limit --limit 3/min -j LOG --log-prefix "[UFW BLOCK] "
-A ufw-after-input -p udp -m udp --dport 137 -j ufw-skip-to-policy-input
-A ufw-after-input -m addrtype --dst-type BROADCAST -j ufw-skip-to-policy-input
-A ufw-skip-to-policy-input -j DROP
-A ufw-user-input -s 10.9.0.2/32 -p udp -m udp --sport 6665 --dport 6666 -j ACCEPT
-A ufw-user-input -p tcp -m tcp --dport 22 -j ACCEPT
COMMIT
"""

FIREWALLD = f"""
table inet firewalld {{
  chain mangle_PREROUTING {{
    {PREROUTING} mangle + 10; policy accept; jump mangle_PREROUTING_ZONES; }}
  chain mangle_PREROUTING_ZONES {{ iifname "m0" goto mangle_PRE_public; }}
  chain mangle_PRE_public {{ }}
  chain filter_PREROUTING {{
    {PREROUTING} filter + 10; policy accept;
    icmpv6 type {{ nd-router-advert, nd-neighbor-solicit }} accept
    meta nfproto ipv6 fib saddr . mark . iif oif missing drop
  }}
  chain filter_INPUT {{
    {INPUT} filter + 10; policy accept;
    ct state {{ established, related }} accept
    ct status dnat accept
    iifname "lo" accept
    ct state invalid drop
    jump filter_INPUT_ZONES
    reject with icmpx admin-prohibited
  }}
  chain filter_INPUT_ZONES {{
    ip saddr 10.8.0.0/16 goto filter_IN_public
    iifname "m0" goto filter_IN_public
    goto filter_IN_public
  }}
  chain filter_IN_public {{
    jump filter_IN_public_deny
    jump filter_IN_public_allow
    meta l4proto {{ icmp, ipv6-icmp }} accept
    reject with icmpx admin-prohibited
  }}
  chain filter_IN_public_deny {{ }}
  chain filter_IN_public_allow {{
    tcp dport 22 accept
    ip6 daddr fe80::/64 udp dport 546 accept
    ip saddr 10.9.0.3 udp dport 6666 accept
  }}
}}
"""

FAIL2BAN = f"""
table inet f2b-table {{
  set addr-set-sshd {{ type ipv4_addr; elements = {{ 10.9.0.2, 192.0.2.1 }}; }}
  set addr-set-all {{ type ipv4_addr; elements = {{ 10.9.0.3 }}; }}
  chain f2b-chain {{
    {INPUT} filter - 1; policy accept;
    tcp dport 22 ip saddr @addr-set-sshd reject with icmp port-unreachable
    meta l4proto {{ tcp, udp }} ip saddr @addr-set-all reject with icmp port-unreachable
  }}
}}
"""

CROWDSEC = f"""
table ip crowdsec {{
  set blacklists {{
    type ipv4_addr; flags timeout;
    elements = {{ 10.9.0.2 timeout 4h, 198.51.100.1 timeout 1h }};
  }}
  chain crowdsec-chain-input {{
    {INPUT} filter - 10; policy accept; ip saddr @blacklists counter drop; }}
}}
table ip6 crowdsec6 {{
  set blacklists {{ type ipv6_addr; flags timeout; }}
  chain crowdsec6-chain-input {{
    {INPUT} filter - 10; policy accept; ip6 saddr @blacklists counter drop; }}
}}
"""

DOCKER = """\
*nat
:PREROUTING ACCEPT [0:0]
:DOCKER - [0:0]
-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER
-A DOCKER -i docker0 -j RETURN
-A DOCKER ! -i docker0 -p tcp -m tcp --dport 8080 -j DNAT --to-destination 172.17.0.2:80
COMMIT
*raw
:PREROUTING ACCEPT [0:0]
-A PREROUTING -d 172.17.0.2/32 ! -i docker0 -j DROP
COMMIT
*filter
:INPUT ACCEPT [0:0]
:FORWARD DROP [0:0]
:DOCKER - [0:0]
:DOCKER-USER - [0:0]
-A FORWARD -j DOCKER-USER
-A FORWARD -o docker0 -j DOCKER
-A DOCKER ! -i docker0 -o docker0 -j DROP
COMMIT
"""

DOCKER_NFT = f"""
table ip docker-bridges {{
  map filter-forward-in-jumps {{ type ifname : verdict; }}
  map nat-prerouting-and-output-jumps {{ type ifname : verdict; }}
  chain nat-prerouting-and-output {{
    {NAT} fib daddr type local counter jump ports; }}
  chain ports {{
    iifname != "docker0" tcp dport 8080 counter dnat to 172.17.0.2:80; }}
  chain raw-PREROUTING {{
    {PREROUTING} raw; policy accept;
    ip daddr 172.17.0.2 iifname != "docker0" counter drop
  }}
}}
"""

KUBE_PROXY = """\
*nat
:PREROUTING ACCEPT [0:0]
:KUBE-SERVICES - [0:0]
:KUBE-NODEPORTS - [0:0]
:KUBE-MARK-DROP - [0:0]
:KUBE-MARK-MASQ - [0:0]
:KUBE-SVC-X - [0:0]
:KUBE-SEP-A - [0:0]
:KUBE-SEP-B - [0:0]
-A PREROUTING -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
-A KUBE-MARK-DROP -j MARK --set-xmark 0x8000/0x8000
-A KUBE-MARK-MASQ -j MARK --set-xmark 0x4000/0x4000
-A KUBE-SERVICES -d 10.96.0.10/32 -p udp -m udp --dport 53 -j KUBE-SVC-X
-A KUBE-SERVICES -m addrtype --dst-type LOCAL -j KUBE-NODEPORTS
-A KUBE-NODEPORTS -p tcp -m tcp --dport 30080 -j KUBE-SVC-X
-A KUBE-SVC-X ! -s 10.244.0.0/16 -j KUBE-MARK-MASQ
-A KUBE-SVC-X -m statistic --mode random --probability 0.50000000000 -j KUBE-SEP-A
-A KUBE-SVC-X -j KUBE-SEP-B
-A KUBE-SEP-A -p udp -m udp -j DNAT --to-destination 10.244.0.2:53
-A KUBE-SEP-B -p udp -m udp -j DNAT --to-destination 10.244.0.3:53
COMMIT
*filter
:INPUT ACCEPT [0:0]
:KUBE-FIREWALL - [0:0]
:KUBE-NODEPORTS - [0:0]
:KUBE-PROXY-FIREWALL - [0:0]
:KUBE-EXTERNAL-SERVICES - [0:0]
-A INPUT -m conntrack --ctstate NEW -j KUBE-PROXY-FIREWALL
-A INPUT -m comment --comment "kubernetes health check" -j KUBE-NODEPORTS
-A INPUT -m conntrack --ctstate NEW -j KUBE-EXTERNAL-SERVICES
-A INPUT -j KUBE-FIREWALL
-A KUBE-FIREWALL -m comment --comment "drop marked" -m mark --mark 0x8000/0x8000 -j DROP
-A KUBE-FIREWALL ! -s 127.0.0.0/8 -d 127.0.0.0/8 -m conntrack ! --ctstate RELATED,ESTABLISHED,DNAT -j DROP
COMMIT
"""  # noqa: E501 - as iptables-save prints them

KUBE_PROXY_NFT = f"""
table ip kube-proxy {{
  set cluster-ips {{ type ipv4_addr; elements = {{ 10.96.0.1, 10.96.0.10 }}; }}
  set nodeport-ips {{ type ipv4_addr; elements = {{ 10.9.0.1 }}; }}
  map no-endpoint-services {{ type ipv4_addr . inet_proto . inet_service : verdict;
    elements = {{ 10.96.0.9 . tcp . 443 : drop }}; }}
  map no-endpoint-nodeports {{ type inet_proto . inet_service : verdict;
    elements = {{ tcp . 30443 : drop }}; }}
  map service-ips {{ type ipv4_addr . inet_proto . inet_service : verdict;
    elements = {{ 10.96.0.10 . udp . 53 : goto service-dns }}; }}
  map firewall-ips {{ type ipv4_addr . inet_proto . inet_service : verdict; }}
  chain mark-for-masquerade {{ meta mark set meta mark or 0x4000; }}
  chain service-dns {{
    ip saddr != 10.244.0.0/16 jump mark-for-masquerade
    numgen random mod 2 vmap {{ 0 : goto endpoint-a, 1 : goto endpoint-a }}
  }}
  chain endpoint-a {{ meta l4proto udp dnat to 10.244.0.2:53; }}
  chain filter-prerouting {{
    {PREROUTING} dstnat - 10; policy accept;
    ct state new jump firewall-check
  }}
  chain filter-input {{
    {INPUT} -110; policy accept;
    ct state new jump nodeport-endpoints-check
    ct state new jump service-endpoints-check
  }}
  chain firewall-check {{ ip daddr . meta l4proto . th dport vmap @firewall-ips; }}
  chain service-endpoints-check {{
    ip daddr . meta l4proto . th dport vmap @no-endpoint-services; }}
  chain nodeport-endpoints-check {{
    ip daddr @nodeport-ips meta l4proto . th dport vmap @no-endpoint-nodeports; }}
  chain services {{ ip daddr . meta l4proto . th dport vmap @service-ips; }}
  chain nat-prerouting {{ {NAT} jump services; }}
}}
"""

CALICO = """\
*mangle
:PREROUTING ACCEPT [0:0]
:cali-PREROUTING - [0:0]
:cali-from-host-endpoint - [0:0]
-A PREROUTING -m comment --comment "cali:6gwbT8" -j cali-PREROUTING
-A cali-PREROUTING -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A cali-PREROUTING -m mark --mark 0x10000/0x10000 -j ACCEPT
-A cali-PREROUTING -j cali-from-host-endpoint
-A cali-PREROUTING -m mark --mark 0x10000/0x10000 -j ACCEPT
COMMIT
*filter
:INPUT ACCEPT [0:0]
:cali-INPUT - [0:0]
:cali-wl-to-host - [0:0]
:cali-from-host-endpoint - [0:0]
-A INPUT -m comment --comment "cali:Cz_u1IQiXIMmKD4c" -j cali-INPUT
-A cali-INPUT -i cali+ -g cali-wl-to-host
-A cali-INPUT -m mark --mark 0x10000/0x10000 -j ACCEPT
-A cali-INPUT -j MARK --set-xmark 0x0/0xf0000
-A cali-INPUT -j cali-from-host-endpoint
-A cali-INPUT -m mark --mark 0x10000/0x10000 -j ACCEPT
-A cali-wl-to-host -p udp -m udp --dport 53 -j ACCEPT
COMMIT
"""

LIBVIRT = """\
*filter
:INPUT ACCEPT [0:0]
:LIBVIRT_INP - [0:0]
-A INPUT -j LIBVIRT_INP
-A LIBVIRT_INP -i virbr0 -p udp -m udp --dport 53 -j ACCEPT
-A LIBVIRT_INP -i virbr0 -p udp -m udp --dport 67 -j ACCEPT
COMMIT
"""

RHEL = """\
*filter
:INPUT ACCEPT [0:0]
-A INPUT -m state --state RELATED,ESTABLISHED -j ACCEPT
-A INPUT -p icmp -j ACCEPT
-A INPUT -i lo -j ACCEPT
-A INPUT -p tcp -m state --state NEW -m tcp --dport 22 -j ACCEPT
-A INPUT -j REJECT --reject-with icmp-host-prohibited
COMMIT
"""

WORKSTATION = f"""
table inet filter {{
  chain input {{
    {INPUT} 0; policy drop;
    ct state vmap {{ established : accept, related : accept, invalid : drop }}
    iif lo accept
    ip6 nexthdr icmpv6 accept
    meta l4proto ipv6-icmp icmpv6 type {{ nd-neighbor-solicit }} accept
    ip frag-off & 0x1fff != 0 counter drop
    udp dport {{ 53, 6660-6669 }} ip saddr {{ 10.9.0.2, 10.9.0.128-10.9.0.255 }} accept
    ip6 saddr fd09::/64 udp sport 6665 udp dport 6666 log prefix "in " accept
    counter comment "the rest"
  }}
  chain forward {{ type filter hook forward priority 0; policy drop; }}
  chain output {{ type filter hook output priority 0; policy accept; }}
}}
"""

RATES = f"""
table inet rates {{
  set flood {{ type ipv4_addr; size 128; flags dynamic,timeout; timeout 1m; }}
  set seen {{ type ipv4_addr; size 128; flags dynamic; }}
  chain input {{
    {INPUT} 0; policy accept;
    udp dport 6666 add @flood {{ ip saddr limit rate over 100/second }} drop
    add @seen {{ ip saddr }}
    meta l4proto udp limit rate over 5000/second drop
    ip saddr 10.9.0.3 counter name "none" drop
  }}
  counter none {{ }}
}}
"""

CONCATENATED = f"""
table inet pairs {{
  set allowed {{ type ipv4_addr . inet_service; elements = {{ 10.9.0.2 . 6665 }}; }}
  map by-port {{ type inet_service : verdict;
    elements = {{ 22 : accept, 6666 : jump ours }}; }}
  chain ours {{ ip saddr . udp sport @allowed accept; }}
  chain input {{
    {INPUT} 0; policy drop;
    meta l4proto ipv6-icmp accept
    th dport vmap @by-port
    ip6 saddr vmap {{ fd09::1 : drop, fd09::2-fd09::9 : accept }}
  }}
}}
"""

INGRESS = """
table netdev edge {
  chain in {
    type filter hook ingress device "m0" priority 0; policy accept;
    ether type ip ip saddr 10.9.0.3 drop
    meta protocol ip6 udp dport 6666 drop
  }
}
"""


def _nft(text: str) -> str:
    return f"printf %s {shlex.quote(text)} | nft -f -"


def _iptables(text: str, program: str = "iptables") -> str:
    return f"printf %s {shlex.quote(text)} | {program}-restore"


COMMON = {
    "ufw": _iptables(UFW),
    "ufw, both families": (
        f"{_iptables(UFW)}; ip6tables -P INPUT DROP;"
        " ip6tables -A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT;"
        " ip6tables -A INPUT -p ipv6-icmp -j ACCEPT"
    ),
    "firewalld": _nft(FIREWALLD),
    "fail2ban": _nft(FAIL2BAN),
    "CrowdSec": _nft(CROWDSEC),
    "Docker": _iptables(DOCKER),
    "Docker with nftables": _nft(DOCKER_NFT),
    "kube-proxy": _iptables(KUBE_PROXY),
    "kube-proxy with nftables": _nft(KUBE_PROXY_NFT),
    "Calico": _iptables(CALICO),
    "libvirt": _iptables(LIBVIRT),
    "a cloud image of RHEL": _iptables(RHEL),
    "the same in iptables-legacy": _iptables(RHEL, "iptables-legacy"),
    "a server of Debian": _nft(WORKSTATION),
    "rates": _nft(RATES),
    "concatenations": _nft(CONCATENATED),
    "ingress": _nft(INGRESS),
    "several at once": "; ".join(
        (_iptables(DOCKER), _nft(FAIL2BAN), _nft(CROWDSEC), _nft(KUBE_PROXY_NFT))
    ),
}
"""Shell commands that load them, by name."""
