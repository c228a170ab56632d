/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* --rules and --rules6: the text of a whole iptables-save. */
#ifndef IPTRACE_LEGACY_REPLAY_RULES_FILE_H
#define IPTRACE_LEGACY_REPLAY_RULES_FILE_H

#include "format/family.h"
#include "recorder/legacy/walk/pipeline.h"

/* Puts every table of the file in force; opens it with the user's own rights. */
int rules_file_read(struct pipeline *pipeline, const char *path, enum ip_family family, struct error *error);

#endif
