#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (C) 2026 The iptrace authors
# Prints about so many rules for iptables-legacy-restore, shaped as kube-proxy shapes them: for each service a
# line in KUBE-SERVICES, a chain of its own and one for each of its two endpoints.
# kube_rules.sh RULES [hit]: with `hit`, the last service is 10.96.255.1:80, reached by walking all the others.
exec awk -v rules="$1" -v hit="${2:-}" '
function name(prefix, n,    text, i) {
    text = ""
    n = n * 2654435761 % 4294967296
    for (i = 0; i < 16; i++) { text = text substr("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", n % 32 + 1, 1); n = int(n / 32) + i * 7919 + 13 }
    return prefix text
}
function comment(text) { return "-m comment --comment \"" text "\"" }
BEGIN {
    services = int((rules - 8) / 8); if (services < 1) services = 1
    print "*nat\n:PREROUTING ACCEPT [0:0]\n:INPUT ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n:POSTROUTING ACCEPT [0:0]"
    print ":KUBE-SERVICES - [0:0]\n:KUBE-MARK-MASQ - [0:0]\n:KUBE-POSTROUTING - [0:0]"
    for (s = 0; s < services; s++) {
        svc[s] = name("KUBE-SVC-", s + 1); a[s] = name("KUBE-SEP-", 3 * s + 100000001); b[s] = name("KUBE-SEP-", 3 * s + 100000002)
        print ":" svc[s] " - [0:0]\n:" a[s] " - [0:0]\n:" b[s] " - [0:0]"
    }
    print "-A PREROUTING " comment("kubernetes service portals") " -j KUBE-SERVICES"
    print "-A POSTROUTING " comment("kubernetes postrouting rules") " -j KUBE-POSTROUTING"
    print "-A KUBE-MARK-MASQ -j MARK --set-xmark 0x4000/0x4000"
    print "-A KUBE-POSTROUTING -m mark ! --mark 0x4000/0x4000 -j RETURN"
    print "-A KUBE-POSTROUTING -j MARK --set-xmark 0x4000/0x0"
    print "-A KUBE-POSTROUTING " comment("kubernetes service traffic requiring SNAT") " -j MASQUERADE --random-fully"
    for (s = 0; s < services; s++) {
        ip = s == services - 1 && hit ? "10.96.255.1" : "10.96." int(s / 250) % 250 "." s % 250 + 1
        what = "production-team-" s % 40 "/frontend-service-" s ":http"
        print "-A KUBE-SERVICES -d " ip "/32 -p udp " comment(what " cluster IP") " -m udp --dport 80 -j " svc[s]
        print "-A " svc[s] " ! -s 10.244.0.0/16 -d " ip "/32 -p udp " comment(what " cluster IP") " -m udp --dport 80 -j KUBE-MARK-MASQ"
        print "-A " svc[s] " " comment(what " -> 10.244." int(s / 250) % 250 "." s % 250 + 1 ":8080") " -m statistic --mode random --probability 0.50000000000 -j " a[s]
        print "-A " svc[s] " " comment(what " -> 10.245." int(s / 250) % 250 "." s % 250 + 1 ":8080") " -j " b[s]
        print "-A " a[s] " -s 10.244." int(s / 250) % 250 "." s % 250 + 1 "/32 " comment(what) " -j KUBE-MARK-MASQ"
        print "-A " a[s] " -p udp " comment(what) " -m udp -j DNAT --to-destination " (hit ? "10.9.2.2" : "10.244.1.1") ":8080"
        print "-A " b[s] " -s 10.245." int(s / 250) % 250 "." s % 250 + 1 "/32 " comment(what) " -j KUBE-MARK-MASQ"
        print "-A " b[s] " -p udp " comment(what) " -m udp -j DNAT --to-destination " (hit ? "10.9.2.2" : "10.244.1.2") ":8080"
    }
    print "COMMIT"
    print "*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n:KUBE-FORWARD - [0:0]"
    print "-A FORWARD " comment("kubernetes forwarding rules") " -j KUBE-FORWARD"
    print "-A KUBE-FORWARD -m conntrack --ctstate INVALID -j DROP"
    print "-A KUBE-FORWARD " comment("kubernetes forwarding rules") " -m mark --mark 0x4000/0x4000 -j ACCEPT"
    print "-A KUBE-FORWARD " comment("kubernetes forwarding conntrack rule") " -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT"
    print "COMMIT"
}'
