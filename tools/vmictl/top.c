// SPDX-License-Identifier: GPL-2.0-only
/* vmictl top: the counters on a full screen, as they change. */

#include <ctype.h>
#include <errno.h>
#include <limits.h>

#include "kernel.h"
#include "options.h"
#include "out.h"
#include "screen.h"
#include "top.h"
#include "vmictl.h"
#include "wait.h"
#include "watch.h"

#define NOTE_NS 10000000000

static void note(struct top *top, const char *text)
{
	top->note = text;
	top->note_until_ns = monotonic_ns() + NOTE_NS;
}

/*
 * Return the active backend if there was a switch since the last reading, else
 * NULL. A backend that was replaced and then activated again in between changes
 * only the number of switches.
 */
static const char *came_back(const struct vmi_status *old,
			     const struct vmi_status *status)
{
	bool is_backend = vmi_has(&status->object, VMI_A_STATUS_STATE);

	if (!old || old->switches == status->switches || !is_backend)
		return NULL;
	return status->active;
}

/* Read the bindings, and mark the ops whose binding changed. */
static int read_bindings(struct vmi *vmi, struct top *top)
{
	struct vmi_status *status;
	struct vmi_op *bound;
	int err;

	err = vmi_get_status(vmi, &status);
	if (err)
		return err;
	err = vmi_list_ops(vmi, &bound);
	if (err) {
		vmi_free(status);
		return err;
	}
	marks_compare(&top->marks, top->bound, bound,
		      came_back(top->status, status));
	vmi_free(top->status);
	top->status = status;
	vmi_free(top->bound);
	top->bound = bound;
	return 0;
}

static int read_counters(struct vmi *vmi, struct top *top)
{
	int err;

	err = read_bindings(vmi, top);
	if (!err)
		err = reading_next(vmi, &top->last, &top->before);
	if (!err)
		top->readings++;
	return err;
}

/*
 * Discard all pending events: an event says when to read, and then the current
 * state is read anyway.
 */
static int receive(struct vmi *vmi, struct top *top)
{
	struct vmi_event *event;
	int err;

	for (;;) {
		err = vmi_next_event(vmi, &event);
		switch (err) {
		case 0:
			vmi_free(event);
			break;
		case -EAGAIN:
			return 0;
		case -ENOBUFS:
			note(top, "Events were lost; all was read again.");
			break;
		case -EBADMSG:
			note(top, "A malformed event was ignored.");
			break;
		default:
			return err;
		}
	}
}

/* Handle a key. Return: whether to continue. */
static bool press(struct top *top, int key)
{
	switch (key < 0 ? key : tolower(key)) {
	case 'q':
		return false;
	case 'g':
		top->grouped = !top->grouped;
		break;
	case '1':
		top->per_cpu = !top->per_cpu;
		break;
	case 'r':
		top->sort = SORT_RATE;
		break;
	case 'c':
		top->sort = SORT_CALLS;
		break;
	case 'y':
		top->sort = SORT_CYCLES;
		break;
	case 'n':
		top->sort = SORT_NAME;
		break;
	case 'p':
		top->sort = SORT_PROVIDER;
		break;
	case 'L' & 0x1f:
		screen_repair();
		break;
	case SCREEN_UP:
		top->scroll--;
		break;
	case SCREEN_DOWN:
		top->scroll++;
		break;
	case SCREEN_LEFT:
		top->first_cpu--;
		break;
	case SCREEN_RIGHT:
		top->first_cpu++;
		break;
	case SCREEN_PAGE_UP:
		top->scroll -= top_page(top);
		break;
	case SCREEN_PAGE_DOWN:
		top->scroll += top_page(top);
		break;
	case SCREEN_HOME:
		top->scroll = 0;
		break;
	case SCREEN_END:
		top->scroll = INT_MAX;
		break;
	}
	return true;
}

static bool press_all(struct top *top)
{
	bool go_on = true;
	int key;

	while (go_on && (key = screen_key()) != SCREEN_NO_KEY) {
		go_on = press(top, key);
		top_limit_scroll(top);
	}
	return go_on;
}

static int look(struct vmi *vmi, struct top *top, unsigned int happened)
{
	int err = 0;

	if (happened & WAIT_EVENT)
		err = receive(vmi, top);
	if (err)
		return err;
	if (happened & WAIT_TIMER)
		err = read_counters(vmi, top);
	else if (happened & WAIT_EVENT)
		/* Do not read the counters: a rate is for one interval. */
		err = read_bindings(vmi, top);
	if (reading_may_pass(err)) {
		note(top, "A reading failed; the next one may not.");
		err = 0;
	}
	return err;
}

static int go_on(struct vmi *vmi, struct top *top, const struct waiter *waiter,
		 unsigned long count)
{
	unsigned int happened;
	int ret;

	for (;;) {
		top_draw(top);
		if (count && top->readings >= count)
			return 0;
		ret = wait_next(waiter, &happened);
		if (ret || happened & WAIT_END)
			return ret;
		if (happened & WAIT_KEY && !press_all(top))
			return 0;
		if (happened & WAIT_RESIZE)
			screen_resize();
		ret = look(vmi, top, happened);
		if (ret) {
			/* Close the screen, which would hide the message. */
			screen_close();
			return kernel_result(ret);
		}
	}
}

/* Do what can fail before the screen is opened, which hides messages. */
static int prepare(struct vmi **vmi, struct top *top, struct waiter *waiter)
{
	int ret;

	ret = kernel_open(vmi);
	if (!ret)
		ret = kernel_result(vmi_subscribe(*vmi));
	if (!ret)
		ret = kernel_result(read_counters(*vmi, top));
	if (!ret)
		ret = check_target(top->bound, top->target);
	if (!ret)
		ret = wait_begin(waiter);
	if (ret)
		return ret;
	waiter->events = vmi_event_fd(*vmi);
	ret = wait_every(waiter, top->interval_ns);
	if (!ret)
		ret = wait_screen(waiter);
	if (ret)
		wait_end(waiter);
	return ret;
}

static void forget(struct top *top)
{
	vmi_free(top->status);
	reading_free(&top->last);
	reading_free(&top->before);
	vmi_free(top->bound);
	marks_free(&top->marks);
}

static int show(struct top *top, unsigned long count)
{
	struct waiter waiter;
	struct vmi *vmi;
	int ret;

	ret = prepare(&vmi, top, &waiter);
	if (!ret) {
		if (screen_open())
			ret = go_on(vmi, top, &waiter, count);
		else
			ret = out_error(VMI_EXIT_REFUSED,
					"cannot take over the terminal");
		screen_close();
		wait_end(&waiter);
	}
	forget(top);
	return ret;
}

int cmd_top(int argc, char **argv)
{
	const struct options *options = options_get();
	struct top top = {
		.target = argv[1],
		.interval_ns = options->interval_ns ?: WATCH_INTERVAL_NS,
		.grouped = true,
		.per_cpu = options->given & OPTION_PER_CPU,
	};
	int ret = 0;

	if (argc > 2)
		return usage_error(argv[0], "unexpected word '%s'", argv[2]);
	if (top.target)
		ret = check_name(argv[0], top.target);
	if (ret)
		return ret;
	if (out_is_json() || !screen_is_possible())
		return watch_counters(top.target, options);
	return show(&top, options->count);
}
