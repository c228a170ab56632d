/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* The text of matches and targets: the only file that includes libxtables. */
#include "recorder/legacy/agent/extension.h"

#include <dlfcn.h>
#include <getopt.h>
#include <glib.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <xtables.h>

static void exit_error(enum xtables_exittype status, const char *format, ...)
    __attribute__((noreturn, format(printf, 2, 3)));

static void exit_error(enum xtables_exittype status, const char *format, ...)
{
    va_list arguments;
    (void)status;
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fflush(stderr);
    _exit(EXTENSION_EXIT);
}

int extension_init(enum ip_family family)
{
    static struct option no_options[] = {{0}};
    static struct xtables_globals globals = {
        .program_name = "iptrace-record",
        .program_version = IPTRACE_VERSION,
        .orig_opts = no_options,
        .opts = no_options,
        .exit_err = exit_error,
        .compat_rev = xtables_compatible_revision,
    };
    return xtables_init_all(&globals, (uint8_t)ip_family_af(family));
}

/* An alias is another name for an extension with certain options: `NOTRACK` for `CT --notrack`. */
void extension_print_match(const void *ip, const struct xt_entry_match *match)
{
    char name[XT_EXTENSION_MAXNAMELEN];
    g_strlcpy(name, match->u.user.name, sizeof name);
    struct xtables_match *any = xtables_find_match(name, XTF_TRY_LOAD, NULL);
    struct xtables_match *exact =
        any ? xtables_find_match_revision(name, XTF_TRY_LOAD, any, match->u.user.revision) : NULL;
    struct xtables_match *known = exact ? exact : any;

    printf(" -m %s", known && known->alias ? known->alias(match) : name);
    if (!known)
        fputs(" [no extension]", stdout);
    else if (exact && exact->save)
        exact->save(ip, match);
    else if (known->save)
        fputs(" [unsupported revision]", stdout);
}

void extension_print_target(const void *ip, const struct xt_entry_target *target)
{
    char name[XT_EXTENSION_MAXNAMELEN];
    g_strlcpy(name, target->u.user.name, sizeof name);
    struct xtables_target *any = xtables_find_target(name, XTF_TRY_LOAD);
    struct xtables_target *exact =
        any ? xtables_find_target_revision(name, XTF_TRY_LOAD, any, target->u.user.revision) : NULL;
    struct xtables_target *known = exact ? exact : any;

    printf(" -j %s", known && known->alias ? known->alias(target) : name);
    if (!known)
        fputs(" [no extension]", stdout);
    else if (exact && exact->save)
        exact->save(ip, target);
    else if (known->save)
        fputs(" [unsupported revision]", stdout);
}

/* iptables-save stopped asking /etc/protocols in 1.8.11, whose libxtables is known by a function new in it. */
static bool asks_etc_protocols(void)
{
    return !dlsym(RTLD_DEFAULT, "xtables_strtoul_base");
}

const char *extension_protocol_name(unsigned int protocol)
{
    for (const struct xtables_pprot *known = xtables_chain_protos; known->name; known++)
        if (known->num == protocol)
            return known->name;
    const struct protoent *entry = asks_etc_protocols() ? getprotobynumber(protocol) : NULL;
    return entry ? entry->p_name : NULL;
}
