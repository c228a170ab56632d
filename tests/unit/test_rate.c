/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
#include "recorder/core/rate.h"

#include "tests/unit/unit.h"

#include <errno.h>
#include <glib.h>

/* What iptables 1.8.9 puts into the kernel's rule for the same words. */
static void takes_what_iptables_takes(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint32_t average;
    } rates[] = {
        {"1/second",     10000   },
        {"10/second",    1000    },
        {"10000/second", 1       },
        {"3/s",          3333    },
        {"7",            1428    },
        {"10/SEC",       1000    },
        {"10/minute",    60000   },
        {"5/m",          120000  },
        {"1/hour",       36000000},
        {"20/day",       43200000},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rates); i++) {
        struct error error;
        uint32_t average = 0;
        if (rate_parse(rates[i].text, &average, &error) != 0)
            fail_msg("%s", error.text);
        assert_int_equal(average, rates[i].average);
    }
}

static void says_what_is_wrong(void **state)
{
    (void)state;
    static const struct {
        const char *text, *words;
    } wrong[] = {
        {"",                            "is not a rate"},
        {"fast",                        "is not a rate"},
        {"0/second",                    "is not a rate"},
        {"-1/second",                   "is not a rate"},
        {"1/",                          "is not a rate"},
        {"1/fortnight",                 "is not a rate"},
        {"1/seconds",                   "is not a rate"},
        {"1 /second",                   "is not a rate"},
        {"1.5/second",                  "is not a rate"},
        {"10001/second",                "is too fast"  },
        {"600001/minute",               "is too fast"  },
        {"99999999999999999999/second", "is too fast"  },
        {"4/day",                       "is too slow"  },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++) {
        struct error error = {""};
        uint32_t average = 0;
        assert_int_equal(rate_parse(wrong[i].text, &average, &error), -EINVAL);
        if (!strstr(error.text, wrong[i].words) || !strstr(error.text, wrong[i].text))
            fail_msg("\"%s\": %s", wrong[i].text, error.text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_what_iptables_takes),
        cmocka_unit_test(says_what_is_wrong),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
