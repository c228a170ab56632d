/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* Strings by number: each is stored once per record or block, and those of a fixed table not at all.
 *
 *      0            the empty string
 *      1 to 31      the table of docs/format.md, "Strings", which every reader knows
 *      32 and more  the record's or block's own, in the order in which they occur
 */
#ifndef IPTRACE_FORMAT_STRINGS_H
#define IPTRACE_FORMAT_STRINGS_H

#include "format/wire.h"

#define STRINGS_OWN_FIRST  32
#define FORMAT_STRINGS_MAX 1024 /* own strings of a path record; a message block may have more */

/* Sorted by length, so that a search looks at only a handful. The numbers never change. */
#define KNOWN_STRING_TABLE(X)                                                                                \
    X(1, "lo")                                                                                               \
    X(2, "CT")                                                                                               \
    X(3, "raw")                                                                                              \
    X(4, "nat")                                                                                              \
    X(5, "LOG")                                                                                              \
    X(6, "SET")                                                                                              \
    X(7, "DROP")                                                                                             \
    X(8, "DNAT")                                                                                             \
    X(9, "SNAT")                                                                                             \
    X(10, "MARK")                                                                                            \
    X(11, "eth0")                                                                                            \
    X(12, "INPUT")                                                                                           \
    X(13, "QUEUE")                                                                                           \
    X(14, "NFLOG")                                                                                           \
    X(15, "mangle")                                                                                          \
    X(16, "filter")                                                                                          \
    X(17, "OUTPUT")                                                                                          \
    X(18, "ACCEPT")                                                                                          \
    X(19, "RETURN")                                                                                          \
    X(20, "REJECT")                                                                                          \
    X(21, "TCPMSS")                                                                                          \
    X(22, "FORWARD")                                                                                         \
    X(23, "NFQUEUE")                                                                                         \
    X(24, "NOTRACK")                                                                                         \
    X(25, "security")                                                                                        \
    X(26, "REDIRECT")                                                                                        \
    X(27, "CONNMARK")                                                                                        \
    X(28, "PREROUTING")                                                                                      \
    X(29, "MASQUERADE")                                                                                      \
    X(30, "POSTROUTING")

/* The number of a string of the table; 0 if it is not in the table. */
uint32_t known_string_number(struct bytes string);

/* A record's own strings in their order. Points into the record. */
struct string_list {
    struct bytes *at;
    uint32_t count, capacity;
};

/* The string with that number. A number that is neither in the table nor in the list is damage: sets
 * `reader->bad`. */
struct bytes string_list_get(const struct string_list *list, uint64_t number, struct wire_reader *reader);

/* Gives each string its number, and writes it as field `field` of `writer` when it is first seen. Keeps the
 * pointers: the strings must outlive the collector. */
struct string_collector {
    struct wire_writer *writer;
    uint32_t field;
    uint32_t count; /* own strings */
    struct bytes at[FORMAT_STRINGS_MAX];
};

/* 0 for an empty string, and if there is no room for another: the caller checks `count` first. */
uint32_t string_collector_number(struct string_collector *collector, struct bytes string);

#endif
