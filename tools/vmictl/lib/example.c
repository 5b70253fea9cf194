// SPDX-License-Identifier: GPL-2.0-only
/*
 * Print the active provider, and the event that comes next.
 *
 *	cc -o example example.c $(pkg-config --cflags --libs libvmi)
 *	./example [SECONDS-TO-WAIT]
 */

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <vmi.h>

static int print_active(struct vmi *vmi)
{
	struct vmi_status *status;
	int err;

	err = vmi_get_status(vmi, &status);
	if (err)
		return err;
	printf("%s is active: %s\n", status->active, status->choice);
	vmi_free(status);
	return 0;
}

static int print_event(struct vmi *vmi)
{
	struct vmi_event *event;
	int err;

	err = vmi_next_event(vmi, &event);
	if (err)
		return err;
	if (event->status)
		printf("now %s is active\n", event->status->active);
	else if (event->op)
		printf("the policy of %s is %s\n", event->op->name,
		       event->op->policy);
	else if (!event->backend)
		printf("something happened that is not known here\n");
	else if (!vmi_has(&event->backend->object, VMI_A_BACKEND_STATE))
		printf("backend %s is gone\n", event->backend->name);
	else
		printf("backend %s is %s\n", event->backend->name,
		       vmi_state_name(event->backend->state));
	vmi_free(event);
	return 0;
}

static int run(struct vmi *vmi, int seconds)
{
	struct pollfd events = { .events = POLLIN };
	int err;

	err = vmi_subscribe(vmi);
	if (err)
		return err;
	err = print_active(vmi);
	if (err)
		return err;
	events.fd = vmi_event_fd(vmi);
	if (poll(&events, 1, seconds * 1000) > 0)
		return print_event(vmi);
	printf("nothing happened\n");
	return 0;
}

int main(int argc, char **argv)
{
	struct vmi *vmi;
	int err;

	err = vmi_open(&vmi);
	if (!err)
		err = run(vmi, argc > 1 ? atoi(argv[1]) : 10);
	if (err)
		fprintf(stderr, "%s: %s\n", argv[0], vmi_strerror(vmi));
	vmi_close(vmi);
	return err ? EXIT_FAILURE : EXIT_SUCCESS;
}
