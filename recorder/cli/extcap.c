/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* Wireshark's command line, translated to the recorder's. */
#include "recorder/cli/extcap.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "recorder/core/ownership.h"
#include "recorder/system/named_file.h"

/* What an option does that is Wireshark's, or one of our dialog that the recorder itself does not have. */
enum effect {
    EFFECT_REQUEST,
    EFFECT_INTERFACE,
    EFFECT_FIFO,
    EFFECT_FILTER, /* Wireshark's own field, and ours: a packet must match both */
    EFFECT_FAMILY,
    EFFECT_NONE,
};

static const struct extcap_option {
    const char *name;
    bool has_value;
    enum effect effect;
    enum extcap_request request;
} extcap_options[] = {
    {"--extcap-interfaces",       false, EFFECT_REQUEST,   EXTCAP_INTERFACES},
    {"--extcap-dlts",             false, EFFECT_REQUEST,   EXTCAP_DLTS      },
    {"--extcap-config",           false, EFFECT_REQUEST,   EXTCAP_CONFIG    },
    {"--capture",                 false, EFFECT_REQUEST,   EXTCAP_CAPTURE   },
    {"--extcap-cleanup-postkill", false, EFFECT_REQUEST,   EXTCAP_CLEANUP   },
    {"--extcap-version",          true,  EFFECT_NONE,      0                },
    {"--extcap-interface",        true,  EFFECT_INTERFACE, 0                },
    {"--extcap-capture-filter",   true,  EFFECT_FILTER,    0                },
    {"--extcap-control-in",       true,  EFFECT_NONE,      0                },
    {"--extcap-control-out",      true,  EFFECT_NONE,      0                },
    {"--extcap-reload-option",    true,  EFFECT_NONE,      0                },
    {"--fifo",                    true,  EFFECT_FIFO,      0                },
    {"--filter",                  true,  EFFECT_FILTER,    0                },
    {"--family",                  true,  EFFECT_FAMILY,    0                },
};

bool extcap_is_called(int argc, char **argv)
{
    g_autofree char *name = argc > 0 ? g_path_get_basename(argv[0]) : NULL;
    if (g_strcmp0(name, EXTCAP_NAME) == 0)
        return true;
    return argc > 1 && (g_str_has_prefix(argv[1], "--extcap-") || strcmp(argv[1], "--capture") == 0);
}

bool extcap_interface_netns(const char *interface, const char **ret_netns)
{
    if (!g_str_has_prefix(interface, EXTCAP_NAME))
        return false;
    const char *rest = interface + strlen(EXTCAP_NAME);
    *ret_netns = *rest == '-' ? rest + 1 : NULL;
    return *rest == '\0' || (*rest == '-' && rest[1] != '\0');
}

/* ---- One argument ---- */

static void add(struct extcap *extcap, const char *argument)
{
    g_ptr_array_add(extcap->arguments, g_strdup(argument));
}

static void add_filter(struct extcap *extcap, const char *filter)
{
    char *before = extcap->filter;
    extcap->filter = before ? g_strdup_printf("(%s) and (%s)", before, filter) : g_strdup(filter);
    g_free(before);
}

static int set_family(struct extcap *extcap, const char *family, struct error *error)
{
    if (strcmp(family, "4") == 0)
        add(extcap, "-4");
    else if (strcmp(family, "6") == 0)
        add(extcap, "-6");
    else if (strcmp(family, "both") != 0)
        return error_set(error, EINVAL, "--family takes both, 4 or 6, not \"%s\"", family);
    return 0;
}

static int take_value(struct extcap *extcap, const struct extcap_option *option, const char *value,
                      struct error *error)
{
    switch (option->effect) {
    case EFFECT_INTERFACE:
        g_free(extcap->interface);
        extcap->interface = g_strdup(value);
        break;
    case EFFECT_FIFO:
        g_free(extcap->fifo);
        extcap->fifo = g_strdup(value);
        break;
    case EFFECT_FILTER:
        if (*value)
            add_filter(extcap, value);
        break;
    case EFFECT_FAMILY:
        return set_family(extcap, value, error);
    case EFFECT_REQUEST:
    case EFFECT_NONE:
        break;
    }
    return 0;
}

/* `--name=value` too; `*ret_value` is null where the value is the next argument. */
static const struct extcap_option *find_option(const char *argument, const char **ret_value)
{
    for (size_t i = 0; i < G_N_ELEMENTS(extcap_options); i++) {
        const struct extcap_option *option = &extcap_options[i];
        size_t length = strlen(option->name);
        if (strncmp(argument, option->name, length) != 0)
            continue;
        *ret_value = argument[length] == '=' ? argument + length + 1 : NULL;
        if (argument[length] == '\0' || (argument[length] == '=' && option->has_value))
            return option;
    }
    return NULL;
}

/* ---- The whole ---- */

/* A field of the dialog that was left empty is as good as not given. */
static bool is_empty_field(int argc, char **argv, int i)
{
    return g_str_has_prefix(argv[i], "--") && i + 1 < argc && argv[i + 1][0] == '\0';
}

static int read_arguments(struct extcap *extcap, int argc, char **argv, struct error *error)
{
    for (int i = 1; i < argc; i++) {
        const char *value = NULL;
        const struct extcap_option *option = find_option(argv[i], &value);
        if (!option && is_empty_field(argc, argv, i)) {
            i++;
            continue;
        }
        if (!option) {
            add(extcap, argv[i]);
            continue;
        }
        if (option->has_value && !value && i + 1 == argc)
            return error_set(error, EINVAL, "%s needs a value", option->name);
        if (option->has_value && !value)
            value = argv[++i];
        if (option->effect == EFFECT_REQUEST)
            extcap->request = option->request;
        int result = value ? take_value(extcap, option, value, error) : 0;
        if (result < 0)
            return result;
    }
    return 0;
}

static int finish(struct extcap *extcap, struct error *error)
{
    const char *netns = NULL;
    if (extcap->request == EXTCAP_VALIDATE && !extcap->filter)
        return error_set(
            error, EINVAL,
            "this program is started by Wireshark to capture and not meant to be run by hand: see "
            "iptrace-record(8)");
    if (extcap->request == EXTCAP_INTERFACES || extcap->request == EXTCAP_CLEANUP)
        return 0;
    if (!extcap->interface)
        return error_set(error, EINVAL, "--extcap-interface is missing: expected " EXTCAP_NAME);
    if (!extcap_interface_netns(extcap->interface, &netns))
        return error_set(error, EINVAL,
                         "there is no interface \"%s\": expected " EXTCAP_NAME " or " EXTCAP_NAME
                         "-NAMESPACE",
                         extcap->interface);
    if (extcap->request != EXTCAP_CAPTURE)
        return 0;
    if (!extcap->fifo)
        return error_set(error, EINVAL, "--fifo is missing: expected the pipe to write the packets to");
    if (netns) {
        add(extcap, "--netns");
        add(extcap, netns);
    }
    if (extcap->filter) {
        add(extcap, "--filter");
        add(extcap, extcap->filter);
    }
    return 0;
}

int extcap_parse(struct extcap *extcap, int argc, char **argv, struct error *error)
{
    *extcap = (struct extcap){0};
    extcap->arguments = g_ptr_array_new_with_free_func(g_free);
    add(extcap, "iptrace-record");
    add(extcap, "--quiet");
    add(extcap, "--write");
    add(extcap, "-");
    int result = read_arguments(extcap, argc, argv, error);
    if (result == 0)
        result = finish(extcap, error);
    g_ptr_array_add(extcap->arguments, NULL);
    return result;
}

void extcap_done(struct extcap *extcap)
{
    g_free(extcap->interface);
    g_free(extcap->fifo);
    g_free(extcap->filter);
    g_ptr_array_unref(extcap->arguments);
    *extcap = (struct extcap){0};
}

int extcap_open_fifo(const struct extcap *extcap, struct error *error)
{
    struct own_rights rights;
    own_rights_begin(&rights);
    CLEANUP_CLOSE int fd = open(extcap->fifo, O_WRONLY | O_CLOEXEC);
    own_rights_end(&rights);
    if (fd < 0 || dup2(fd, STDOUT_FILENO) < 0)
        return error_set(error, errno, "'%s' cannot be written: %s", extcap->fifo, g_strerror(errno));
    return 0;
}
