/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The tag in the comment of our own rules: it names the process that answers for them, so that whoever finds
 * a rule can tell whether anybody still does. */
#ifndef IPTRACE_RESTORE_STATE_TAG_H
#define IPTRACE_RESTORE_STATE_TAG_H

#include <stdbool.h>

enum life {
    LIFE_UNKNOWN, /* the tag is of another process namespace, or not one of ours */
    LIFE_ALIVE,
    LIFE_DEAD,
};

/* `4711.86400123.1f0c2d3e.4026531836`: process id and start time (field 22 of proc(5)'s stat; a number is
 * given again, with its start time it is not), the beginning of the boot id, the process namespace. To be
 * freed. */
char *state_tag_new(void);

/* Whether the process of a tag still runs. */
enum life state_tag_life(const char *tag);

/* Whether the machine has not been started anew since. */
bool state_tag_is_of_this_boot(const char *tag);

/* The process id of a tag, 0 where it has none. */
long state_tag_pid(const char *tag);

#endif
