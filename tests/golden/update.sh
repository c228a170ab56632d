#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (C) 2026 The iptrace authors
# Rewrites the golden files; look at the difference before you commit it. update.sh [BUILD], build/tests by default.
here=$(dirname "$0")
exec "$here/check.sh" "${1:-$here/../../build/tests}" --update
