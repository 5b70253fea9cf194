// SPDX-License-Identifier: GPL-2.0-only
/* Timestamps of events and readings. */

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "out.h"
#include "timestamp.h"

#define NSEC_PER_USEC 1000
#define SEC_PER_MIN 60
#define MIN_PER_HOUR 60

static json_t *date(const struct tm *tm, const struct timespec *now,
		    const char *zone)
{
	char second[sizeof("2000-01-01T00:00:00") + 16], *text;
	json_t *string;

	strftime(second, sizeof(second), "%FT%T", tm);
	if (asprintf(&text, "%s.%06ld%s", second, now->tv_nsec / NSEC_PER_USEC,
		     zone) < 0)
		check_alloc(NULL);
	string = check_alloc(json_string(text));
	free(text);
	return string;
}

static json_t *timestamp_utc(void)
{
	struct timespec now;
	struct tm tm;

	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &tm);
	return date(&tm, &now, "Z");
}

static json_t *timestamp_local(void)
{
	struct timespec now;
	json_t *string;
	long minutes;
	struct tm tm;
	char *zone;

	clock_gettime(CLOCK_REALTIME, &now);
	localtime_r(&now.tv_sec, &tm);
	minutes = labs(tm.tm_gmtoff) / SEC_PER_MIN;
	if (asprintf(&zone, "%c%02ld:%02ld", tm.tm_gmtoff < 0 ? '-' : '+',
		     minutes / MIN_PER_HOUR, minutes % MIN_PER_HOUR) < 0)
		check_alloc(NULL);
	string = date(&tm, &now, zone);
	free(zone);
	return string;
}

json_t *timestamp(void)
{
	return out_is_json() ? timestamp_utc() : timestamp_local();
}
