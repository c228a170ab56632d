/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* What each of our processes may do, and what it gives up. */
#include "recorder/system/privileges.h"

#include <errno.h>
#include <glib.h>
#include <grp.h>
#include <linux/capability.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "recorder/system/seccomp.h"

#define NOBODY          65534 /* user and group: the kernel's overflow ids, which own nothing */
#define BIT(capability) (UINT64_C(1) << (capability))

/* ---- Capabilities ---- */

static int read_permitted(uint64_t *ret_set)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[2];
    if (syscall(SYS_capget, &header, data) < 0)
        return -errno;
    *ret_set = data[0].permitted | (uint64_t)data[1].permitted << 32;
    return 0;
}

/* Permitted and effective; nothing is inherited. */
static int write_capabilities(uint64_t set)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    const struct __user_cap_data_struct data[2] = {
        {.effective = (uint32_t)set,         .permitted = (uint32_t)set        },
        {.effective = (uint32_t)(set >> 32), .permitted = (uint32_t)(set >> 32)},
    };
    return syscall(SYS_capset, &header, data) < 0 ? -errno : 0;
}

/* What it execs can have no more than these. */
static void bound(uint64_t wanted)
{
    for (unsigned capability = 0; prctl(PR_CAPBSET_READ, capability) >= 0; capability++)
        if (!(wanted & BIT(capability)))
            prctl(PR_CAPBSET_DROP, capability);
    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
}

/* Keeps those of `wanted` that it has. */
static int keep(uint64_t wanted)
{
    uint64_t permitted = 0;
    int result = read_permitted(&permitted);
    return result < 0 ? result : write_capabilities(permitted & wanted);
}

void privileges_keep_for_rules(void)
{
    uint64_t wanted = BIT(CAP_NET_ADMIN) | BIT(CAP_NET_RAW) | BIT(CAP_SYS_MODULE);
    if (geteuid() != 0)
        wanted |= BIT(CAP_DAC_OVERRIDE);
    bound(wanted);
    keep(wanted);
}

bool privileges_suffice_for_rules(void)
{
    uint64_t permitted = 0;
    return read_permitted(&permitted) == 0 && permitted & BIT(CAP_NET_ADMIN);
}

/* ---- The process that reads packets ---- */

static void add_lack(struct error *lacks, const char *format, int err)
{
    g_autofree char *clause = g_strdup_printf(format, g_strerror(err));
    size_t length = strlen(lacks->text);
    g_snprintf(lacks->text + length, sizeof lacks->text - length, "%s%s", length > 0 ? "; " : "", clause);
}

/* In a user namespace nobody may not be mapped (EINVAL), or groups not be allowed to change (EPERM). */
static void become_nobody(struct error *lacks)
{
    if (geteuid() != 0)
        return;
    if (setgroups(0, NULL) < 0 && errno != EPERM)
        add_lack(lacks, "the process keeps its groups: %s", errno);
    if (setresgid(NOBODY, NOBODY, NOBODY) < 0)
        add_lack(lacks, "the process keeps its group: %s", errno);
    if (setresuid(NOBODY, NOBODY, NOBODY) < 0)
        add_lack(lacks, "the process is still user root: %s", errno);
}

int privileges_drop(const struct privileges_plan *plan, struct error *ret_lacks, struct error *error)
{
    ret_lacks->text[0] = '\0';
    uint64_t wanted = 0;
    if (plan->opens_files && getuid() == 0)
        wanted = BIT(CAP_DAC_OVERRIDE) | (g_getenv("SUDO_UID") ? BIT(CAP_CHOWN) : 0);
    bound(wanted);
    int result = keep(wanted | BIT(CAP_SETUID) | BIT(CAP_SETGID));
    if (result == 0 && !plan->opens_files)
        become_nobody(ret_lacks);
    if (result == 0)
        result = keep(wanted);
    if (result < 0)
        return error_set(error, -result, "capabilities cannot be given up: %s", g_strerror(-result));
#ifdef __SANITIZE_ADDRESS__
    prctl(PR_SET_DUMPABLE, 1); /* the leak sanitizer looks at its own process */
#endif
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        return error_set(error, errno, "no_new_privs cannot be set: %s", g_strerror(errno));
    result = seccomp_install(plan->opens_files);
    if (result == -ENOSYS || result == -EINVAL)
        add_lack(ret_lacks, "the process can make any system call: %s", -result);
    else if (result < 0)
        return error_set(error, -result, "the system call filter cannot be installed: %s",
                         g_strerror(-result));
    return 0;
}
