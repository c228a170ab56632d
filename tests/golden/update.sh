#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Writes the golden files anew; look at the difference before you commit it. update.sh [BUILD], build/tests unless told.
here=$(dirname "$0")
exec "$here/check.sh" "${1:-$here/../../build/tests}" --update
