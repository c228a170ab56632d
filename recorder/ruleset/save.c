/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The text of a table, as iptables-legacy-save prints it. */
#include "recorder/ruleset/save.h"

#include <arpa/inet.h>
#include <errno.h>
#include <glib.h>
#include <string.h>

#include "recorder/ruleset/extension.h"
#include "recorder/ruleset/legacy.h"
#include "recorder/ruleset/own_rules.h"
#include "recorder/ruleset/trace_rule_build.h"

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
    size_t size = legacy->family == AF_INET6 ? sizeof(struct in6_addr) : sizeof(struct in_addr);
    int length = prefix_length(mask, size);
    bool any = length == 0 && (legacy->family == AF_INET6 || !memcmp(address, zero, size));

    if (any && !(rule->inversions & flag))
        return;
    inet_ntop(legacy->family, address, text, sizeof text);
    printf("%s %s %s/", inverted(rule, flag), option, text);
    if (length >= 0)
        printf("%d", length);
    else
        fputs(inet_ntop(legacy->family, mask, mask_text, sizeof mask_text), stdout);
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
    putchar('\n');
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
        printf("*%s\n", table);
        for (const char *chain = legacy->first_chain(handle); chain; chain = legacy->next_chain(handle)) {
            const char *policy = legacy->policy(chain, handle);
            printf(":%s %s [0:0]\n", chain, policy ? policy : "-");
        }
    }
    for (const char *chain = legacy->first_chain(handle); chain; chain = legacy->next_chain(handle))
        print_rules(legacy, handle, chain, selection);
    if (selection == SAVE_USER)
        puts("COMMIT");
}

int save_print(int family, const char *table, enum save_selection selection,
               int (*before)(const struct own_rule *own, size_t count, void *context), void *context,
               struct error *error)
{
    const struct legacy *legacy = legacy_of(family);
    struct xtc_handle *handle;
    int result = table_exists(family, table, error);
    if (!result)
        return error_set(error, ENOENT, "there is no legacy %s table %s", legacy->name, table);
    if (result > 0)
        result = legacy_open(legacy, table, false, &handle, error);
    if (result < 0)
        return result;
    if (extension_init(family) < 0)
        result = error_set(error, EPROTONOSUPPORT, "libxtables does not start for %s", legacy->name);

    g_autoptr(GArray) own = own_rules_find(legacy, handle);
    if (!result && before)
        result = before((const struct own_rule *)(void *)own->data, own->len, context);
    if (!result) {
        print_table(legacy, handle, table, selection);
        if (fflush(stdout) || ferror(stdout))
            result = error_set(error, errno ? errno : EIO, "the text of %s table %s cannot be written: %s",
                               legacy->name, table, g_strerror(errno));
    }
    legacy->free(handle);
    return result;
}
