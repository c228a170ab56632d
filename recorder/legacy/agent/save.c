/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* The text of a table, as iptables-legacy-save prints it. */
#include "recorder/legacy/agent/save.h"

#include <arpa/inet.h>
#include <errno.h>
#include <glib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "recorder/legacy/agent/extension.h"
#include "recorder/legacy/agent/legacy.h"
#include "recorder/legacy/agent/own_rules.h"
#include "recorder/legacy/agent/table.h"
#include "recorder/legacy/agent/trace_rule_build.h"

/* Stands for the end of a line until the text is complete: no text that extensions print holds it. */
#define LINE_END '\0'

#define OPEN_ATTEMPTS 10

static const char *inverted(const struct legacy_rule *rule, unsigned int flag)
{
    return rule->inversions & flag ? " !" : "";
}

/* The number of leading ones, or -1 where ones follow a zero. */
static int prefix_length(const unsigned char *mask, size_t size)
{
    int length = 0;
    size_t bits = size * 8, i = 0;
    for (; i < bits && mask[i / 8] & (0x80 >> i % 8); i++)
        length++;
    for (; i < bits; i++)
        if (mask[i / 8] & (0x80 >> i % 8))
            return -1;
    return length;
}

static void print_address(const struct legacy *legacy, const struct legacy_rule *rule, const char *option,
                          const void *address, const void *mask, unsigned int flag)
{
    static const unsigned char zero[sizeof(struct in6_addr)];
    char text[INET6_ADDRSTRLEN], mask_text[INET6_ADDRSTRLEN];
    size_t size = legacy->family == FAMILY_IPV6 ? sizeof(struct in6_addr) : sizeof(struct in_addr);
    int length = prefix_length(mask, size);
    bool any = length == 0 && (legacy->family == FAMILY_IPV6 || !memcmp(address, zero, size));

    if (any && !(rule->inversions & flag))
        return;
    inet_ntop(ip_family_af(legacy->family), address, text, sizeof text);
    printf("%s %s %s/", inverted(rule, flag), option, text);
    if (length >= 0)
        printf("%d", length);
    else
        fputs(inet_ntop(ip_family_af(legacy->family), mask, mask_text, sizeof mask_text), stdout);
}

/* The mask, not the name, tells whether the name is a beginning only. */
static void print_interface(const struct legacy_rule *rule, const char *option, const char *name,
                            const unsigned char *mask, unsigned int flag)
{
    if (!mask[0])
        return;
    printf("%s %s ", inverted(rule, flag), option);
    for (size_t i = 0; i < IFNAMSIZ; i++) {
        if (!mask[i]) {
            if (name[i - 1])
                putchar('+');
            break;
        }
        if (name[i])
            putchar(name[i]);
    }
}

static void print_protocol(const struct legacy_rule *rule)
{
    const char *name = extension_protocol_name(rule->protocol);
    if (!rule->protocol)
        return;
    printf("%s -p ", inverted(rule, XT_INV_PROTO));
    if (name)
        fputs(name, stdout);
    else
        printf("%u", rule->protocol);
}

static void print_rule(const struct legacy *legacy, struct xtc_handle *handle, const char *chain,
                       const struct legacy_rule *rule)
{
    printf("-A %s", chain);
    print_address(legacy, rule, "-s", rule->source, rule->source_mask, IPT_INV_SRCIP);
    print_address(legacy, rule, "-d", rule->destination, rule->destination_mask, IPT_INV_DSTIP);
    print_interface(rule, "-i", rule->in, rule->in_mask, IPT_INV_VIA_IN);
    print_interface(rule, "-o", rule->out, rule->out_mask, IPT_INV_VIA_OUT);
    print_protocol(rule);
    if (rule->fragment)
        printf("%s -f", inverted(rule, IPT_INV_FRAG));
    for (const struct xt_entry_match *match = legacy_first_match(rule); match;
         match = legacy_next_match(rule, match))
        extension_print_match(rule->ip, match);

    /* A verdict or a chain is a standard target, which has no name of its own. */
    const struct xt_entry_target *target = legacy_target(rule);
    const char *name = legacy->target_name(rule->entry, handle);
    if (target->u.user.name[0])
        extension_print_target(rule->ip, target);
    else if (name && *name)
        printf(" -%c %s", rule->jumps_by_goto ? 'g' : 'j', name);
    putchar(LINE_END);
}

static void print_rules(const struct legacy *legacy, struct xtc_handle *handle, const char *chain,
                        enum save_selection selection)
{
    for (const void *entry = legacy->first_rule(chain, handle); entry;
         entry = legacy->next_rule(entry, handle)) {
        struct legacy_rule rule = legacy->view(entry);
        if (trace_rule_is_own(&rule, NULL) == (selection == SAVE_OWN))
            print_rule(legacy, handle, chain, &rule);
    }
}

static void print_table(const struct legacy *legacy, struct xtc_handle *handle, const char *table,
                        enum save_selection selection)
{
    if (selection == SAVE_USER) {
        printf("*%s%c", table, LINE_END);
        for (const char *chain = legacy->first_chain(handle); chain; chain = legacy->next_chain(handle)) {
            const char *policy = legacy->policy(chain, handle);
            printf(":%s %s [0:0]%c", chain, policy ? policy : "-", LINE_END);
        }
    }
    for (const char *chain = legacy->first_chain(handle); chain; chain = legacy->next_chain(handle))
        print_rules(legacy, handle, chain, selection);
    if (selection == SAVE_USER)
        printf("COMMIT%c", LINE_END);
}

/* What was printed so far, in bytes; negative errno. */
static off_t printed(void)
{
    if (fflush(stdout) || ferror(stdout))
        return errno ? -errno : -EIO;
    off_t length = lseek(STDOUT_FILENO, 0, SEEK_CUR);
    return length < 0 ? -errno : length;
}

/* Gives the lines their ends. A line end within a rule, as a comment may hold it, would let the comment pass
 * for rules, and every rule behind it have another's number. */
static int end_lines(off_t begin, off_t end)
{
    if (begin < 0 || end < 0)
        return (int)(begin < 0 ? begin : end);
    if (begin == end)
        return 0;
    char *text = mmap(NULL, (size_t)end, PROT_READ | PROT_WRITE, MAP_SHARED, STDOUT_FILENO, 0);
    if (text == MAP_FAILED)
        return -errno;
    for (char *at = text + begin; at < text + end; at++) {
        if (*at == '\n')
            *at = '?';
        else if (*at == LINE_END)
            *at = '\n';
    }
    munmap(text, (size_t)end);
    return 0;
}

/* libiptc takes its copy between two looks that found the same. */
static int open_still(const struct legacy *legacy, const char *table, struct xtc_handle **ret_handle,
                      uint64_t *ret_hash, struct error *error)
{
    struct table_state before, after;
    for (int attempt = 0; attempt < OPEN_ATTEMPTS; attempt++) {
        int result = table_state_read(legacy->family, table, &before, error);
        if (result < 0)
            return result;
        result = legacy_open(legacy, table, false, ret_handle, error);
        if (result < 0)
            return result;
        result = table_state_read(legacy->family, table, &after, error);
        if (result == 0 && before.hash == after.hash && before.own_rules == after.own_rules) {
            *ret_hash = after.hash;
            return 0;
        }
        legacy->free(*ret_handle);
        if (result < 0)
            return result;
    }
    return error_set(error, EAGAIN, "%s table %s changes too often to be read",
                     ip_family_name(legacy->family), table);
}

int save_print(enum ip_family family, const char *table, enum save_selection selection,
               int (*before)(uint64_t hash, const struct own_rule *own, size_t count, void *context),
               void *context, struct error *error)
{
    const struct legacy *legacy = legacy_of(family);
    struct xtc_handle *handle;
    uint64_t hash = 0;
    int result = table_exists(family, table, error);
    if (!result)
        return error_set(error, ENOENT, "there is no legacy %s table %s", ip_family_name(legacy->family),
                         table);
    if (result > 0)
        result = open_still(legacy, table, &handle, &hash, error);
    if (result < 0)
        return result;
    if (extension_init(family) < 0)
        result = error_set(error, EPROTONOSUPPORT, "libxtables cannot be initialized for %s",
                           ip_family_name(legacy->family));

    g_autoptr(GArray) own = own_rules_find(legacy, handle);
    if (!result && before)
        result = before(hash, (const struct own_rule *)(void *)own->data, own->len, context);
    if (!result) {
        off_t begin = printed();
        print_table(legacy, handle, table, selection);
        result = end_lines(begin, printed());
        if (result < 0)
            result = error_set(error, -result, "the text of %s table %s cannot be written: %s",
                               ip_family_name(legacy->family), table, g_strerror(-result));
    }
    legacy->free(handle);
    return result;
}
