/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* A filter for system calls. Source: Documentation/userspace-api/seccomp_filter.rst. */
#include "recorder/system/seccomp.h"

#include <errno.h>
#include <glib.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#if defined(__x86_64__)
#define OUR_ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define OUR_ARCHITECTURE AUDIT_ARCH_AARCH64
#elif defined(__riscv) && __riscv_xlen == 64
#define OUR_ARCHITECTURE AUDIT_ARCH_RISCV64
#elif defined(__powerpc64__) && defined(__LITTLE_ENDIAN__)
#define OUR_ARCHITECTURE AUDIT_ARCH_PPC64LE
#elif defined(__s390x__)
#define OUR_ARCHITECTURE AUDIT_ARCH_S390X
#endif

#if defined(OUR_ARCHITECTURE) && !defined(__SANITIZE_ADDRESS__)

/* Neither opens a file, nor makes a process, nor a socket, nor runs a program. */
static const int allowed[] = {
    /* the loop: wait, receive, ask the agents, tell the time */
    SYS_ppoll,
    SYS_read,
    SYS_readv,
    SYS_recvfrom,
    SYS_recvmsg,
    SYS_recvmmsg,
    SYS_sendto,
    SYS_sendmsg,
    SYS_getsockopt,
    SYS_getsockname,
    SYS_shutdown,
    SYS_nanosleep,
    SYS_clock_nanosleep,
    SYS_clock_gettime,
    SYS_gettimeofday,
    /* a text of rules comes as a file in memory; the output */
    SYS_pread64,
    SYS_write,
    SYS_writev,
    SYS_pwrite64,
    SYS_lseek,
    SYS_ftruncate,
    SYS_fsync,
    SYS_fdatasync,
    SYS_fstat,
    SYS_fcntl,
    SYS_close,
    SYS_ioctl,
    SYS_dup,
    SYS_dup3,
    /* whether a namespace is still there: a look by path, nothing is opened */
    SYS_newfstatat,
    SYS_statx,
    SYS_readlinkat,
    SYS_faccessat,
    /* memory */
    SYS_brk,
    SYS_mmap,
    SYS_munmap,
    SYS_mremap,
    SYS_mprotect,
    SYS_madvise,
    SYS_membarrier,
    SYS_futex,
    SYS_getrandom,
    SYS_rseq,
    SYS_set_robust_list,
    SYS_rt_sigprocmask,
    SYS_rt_sigaction,
    SYS_rt_sigreturn,
    SYS_restart_syscall,
    SYS_sigaltstack,
    SYS_sched_yield,
    SYS_sched_getaffinity,
    /* the end */
    SYS_getpid,
    SYS_gettid,
    SYS_getuid,
    SYS_geteuid,
    SYS_getgid,
    SYS_getegid,
    SYS_wait4,
    SYS_waitid,
    SYS_exit,
    SYS_exit_group,
    SYS_tgkill,
    SYS_uname,
#ifdef SYS_poll
    SYS_poll,
#endif
#ifdef SYS_stat
    SYS_stat,
    SYS_lstat,
    SYS_access,
    SYS_readlink,
#endif
};

static const int allowed_files[] = {
    SYS_openat, SYS_unlinkat, SYS_fchown,
#ifdef SYS_open
    SYS_open,   SYS_unlink,
#endif
};

static void append(GArray *program, uint16_t code, uint8_t yes, uint8_t no, uint32_t value)
{
    struct sock_filter instruction = {.code = code, .jt = yes, .jf = no, .k = value};
    g_array_append_val(program, instruction);
}

static void append_allowed(GArray *program, const int *numbers, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        append(program, BPF_JMP | BPF_JEQ | BPF_K, 0, 1, (uint32_t)numbers[i]);
        append(program, BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW);
    }
}

int seccomp_install(bool opens_files)
{
    g_autoptr(GArray) program = g_array_new(FALSE, FALSE, sizeof(struct sock_filter));
    append(program, BPF_LD | BPF_W | BPF_ABS, 0, 0, offsetof(struct seccomp_data, arch));
    append(program, BPF_JMP | BPF_JEQ | BPF_K, 1, 0, OUR_ARCHITECTURE);
    append(program, BPF_RET | BPF_K, 0, 0, SECCOMP_RET_KILL_PROCESS);
    append(program, BPF_LD | BPF_W | BPF_ABS, 0, 0, offsetof(struct seccomp_data, nr));
    append_allowed(program, allowed, G_N_ELEMENTS(allowed));
    if (opens_files) {
        append_allowed(program, allowed_files, G_N_ELEMENTS(allowed_files));
    } else {
    }
    /* What glibc opens when it likes (a time zone, a message catalogue) it does well without. */
    append(program, BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ERRNO | EPERM);
    const struct sock_fprog filter = {.len = (unsigned short)program->len, .filter = (void *)program->data};
    return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) < 0 ? -errno : 0;
}

#elif defined(__SANITIZE_ADDRESS__)

int seccomp_install(bool opens_files)
{
    (void)opens_files;
    return 0;
}

#else

int seccomp_install(bool opens_files)
{
    (void)opens_files;
    return -ENOSYS;
}

#endif
