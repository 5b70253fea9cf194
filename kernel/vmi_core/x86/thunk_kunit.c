// SPDX-License-Identifier: GPL-2.0-only
/*
 * Thunks that are interrupted, and the buckets of histograms
 *
 * An NMI can come between any two instructions, and make calls itself. Rather than hope
 * for one to hit, a call is made in single steps: the debug exception is handled like an
 * NMI, and comes after each instruction. This is of the running kernel, since there are
 * no other thunks. What is counted here are real calls.
 */

#include <linux/bitops.h>
#include <linux/cpumask.h>
#include <linux/irqflags.h>
#include <linux/kallsyms.h>
#include <linux/kdebug.h>
#include <linux/mutex.h>
#include <linux/notifier.h>
#include <linux/objtool.h>
#include <linux/percpu.h>
#include <linux/sched/clock.h>
#include <linux/smp.h>
#include <linux/string_choices.h>

#include <asm/apic.h>
#include <asm/cpufeature.h>
#include <asm/debugreg.h>
#include <asm/irq_vectors.h>
#include <asm/processor-flags.h>

#include "../arch.h"
#include "../histogram.h"
#include "../stats.h"
#include "../tests/fixture.h"
#include "inline_site.h"

/* The one that is called in NMIs: by printk() and perf, for example. */
#define OP VMI_OP_clock_sched_clock

static struct stepper {
	int		cpu;
	const char	*thunk;
	unsigned int	steps;
	unsigned int	in_thunk;
	u64		last;
	bool		went_back;
} stepper = { .cpu = -1 };

static int step(struct notifier_block *nb, unsigned long action, void *data)
{
	struct die_args *args = data;
	unsigned long *dr6 = (unsigned long *)args->err;
	char symbol[KSYM_SYMBOL_LEN];
	u64 now;

	if (action != DIE_DEBUG || !(*dr6 & DR_STEP) ||
	    raw_smp_processor_id() != stepper.cpu)
		return NOTIFY_DONE;

	now = sched_clock();
	stepper.went_back |= now < stepper.last;
	stepper.last = now;
	stepper.steps++;
	sprint_symbol_no_offset(symbol, args->regs->ip);
	stepper.in_thunk += !strcmp(symbol, stepper.thunk);
	*dr6 &= ~DR_STEP;
	return NOTIFY_STOP;
}

static struct notifier_block stepping = { .notifier_call = step };

/* Read the histogram of this CPU, without what is in @since if that is not NULL. */
static void read_histogram(enum vmi_histogram_kind kind, enum vmi_op op,
			   const struct vmi_histogram *since,
			   struct vmi_histogram *histogram)
{
	const struct vmi_histogram __percpu *of_op = vmi_histograms[kind][op];
	unsigned int i;

	*histogram = of_op ? *this_cpu_ptr(of_op) : (struct vmi_histogram) {};
	if (!since)
		return;
	histogram->sum -= since->sum;
	for (i = 0; i < VMI_NR_BUCKETS; i++)
		histogram->buckets[i] -= since->buckets[i];
}

/* Each number is in the bucket for its length, so their sum is between these two. */
static u64 calls_in(struct kunit *test, const struct vmi_histogram *histogram)
{
	u64 calls = 0, least = 0, most = 0;
	unsigned int i;

	for (i = 0; i < VMI_NR_BUCKETS; i++) {
		calls += histogram->buckets[i];
		most += histogram->buckets[i] * vmi_bucket_end(i);
		if (i)
			least += histogram->buckets[i] *
				 (vmi_bucket_end(i - 1) + 1);
	}
	KUNIT_EXPECT_GE(test, histogram->sum, least);
	KUNIT_EXPECT_LE(test, histogram->sum, most);
	return calls;
}

/* What a stepped call, and those that come in between, add on this CPU. */
static void step_one_call(struct kunit *test, u64 *calls,
			  struct vmi_histogram *measured)
{
	static struct vmi_histogram before;
	unsigned long flags, stepped;
	u64 now;
	int cpu;

	/* With interrupts off, nothing else on this CPU can advance the counters. */
	local_irq_save(flags);
	cpu = raw_smp_processor_id();
	*calls = vmi_stats_calls_on(OP, cpu);
	read_histogram(VMI_HISTOGRAM_LATENCY, OP, NULL, &before);
	stepper.last = sched_clock();
	stepper.cpu = cpu;

	stepped = native_save_fl();
	asm volatile("push %0; popf" : : "rm" (stepped | X86_EFLAGS_TF)
		     : "memory", "cc");
	now = sched_clock();
	asm volatile("push %0; popf" : : "rm" (stepped) : "memory", "cc");

	stepper.cpu = -1;
	*calls = vmi_stats_calls_on(OP, cpu) - *calls;
	read_histogram(VMI_HISTOGRAM_LATENCY, OP, &before, measured);
	local_irq_restore(flags);

	/* The call that took as long as all of these did not lose its result. */
	KUNIT_EXPECT_NE(test, now, 0);
	KUNIT_EXPECT_LE(test, now, stepper.last);
	KUNIT_EXPECT_FALSE(test, stepper.went_back);
}

static enum vmi_counting start_counting(struct kunit *test, enum vmi_op op,
					enum vmi_counting how)
{
	enum vmi_counting was;
	int err;

	mutex_lock(&vmi_live.lock);
	was = vmi_arch_counting(op);
	err = vmi_histogram_alloc(op);
	if (!err)
		vmi_arch_count(BIT_ULL(op), how);
	KUNIT_EXPECT_EQ(test, err, 0);
	return was;
}

static void stop_counting(enum vmi_op op, enum vmi_counting was)
{
	vmi_arch_count(BIT_ULL(op), was);
	mutex_unlock(&vmi_live.lock);
}

static void step_through(struct kunit *test, enum vmi_counting how,
			 const char *thunk, unsigned int instructions)
{
	static struct vmi_histogram measured;
	enum vmi_counting was = start_counting(test, OP, how);
	u64 calls;

	stepper = (struct stepper) { .cpu = -1, .thunk = thunk };
	register_die_notifier(&stepping);
	step_one_call(test, &calls, &measured);
	unregister_die_notifier(&stepping);
	stop_counting(OP, was);

	kunit_info(test, "%u steps, %u of them in the thunk\n", stepper.steps,
		   stepper.in_thunk);
	KUNIT_EXPECT_GE(test, stepper.in_thunk, instructions);
	/* The first one was before it began. */
	KUNIT_EXPECT_EQ(test, calls, stepper.steps + 2);
	KUNIT_EXPECT_EQ(test, calls_in(test, &measured),
			how == VMI_COUNTING_LATENCY ? calls : 0);
}

static void counting_is_interrupted(struct kunit *test)
{
	step_through(test, VMI_COUNTING_CALLS, "vmi_count_clock_sched_clock", 1);
}

static void measuring_is_interrupted(struct kunit *test)
{
	step_through(test, VMI_COUNTING_LATENCY, "vmi_measure_clock_sched_clock",
		     20);
}

/* Send to no CPU, to one, and so on. Each of these interrupts is one too many. */
static void targets_are_in_their_buckets(struct kunit *test)
{
	static struct vmi_histogram before, added;
	const enum vmi_op op = VMI_OP_ipi_send_mask;
	static struct cpumask mask;
	unsigned int targets = 0, others;
	enum vmi_counting was;
	unsigned long flags;
	bool has_self;
	int cpu;

	if (vmi_live.native_invalid || !boot_cpu_has(X86_FEATURE_APIC))
		kunit_skip(test, "no interrupts are sent through the APIC");

	was = start_counting(test, op, VMI_COUNTING_LATENCY);
	cpumask_clear(&mask);
	for (cpu = -1; cpu < (int)nr_cpu_ids;
	     cpu = cpumask_next(cpu, cpu_online_mask)) {
		if (cpu >= 0) {
			cpumask_set_cpu(cpu, &mask);
			targets++;
		}
		/* With interrupts off, nothing else on this CPU sends one. */
		local_irq_save(flags);
		read_histogram(VMI_HISTOGRAM_TARGETS, op, NULL, &before);
		__apic_send_IPI_mask(&mask, RESCHEDULE_VECTOR);
		read_histogram(VMI_HISTOGRAM_TARGETS, op, &before, &added);
		others = vmi_count_targets(&mask, VMI_MASK_OTHERS);
		has_self = cpumask_test_cpu(smp_processor_id(), &mask);
		local_irq_restore(flags);
		KUNIT_EXPECT_EQ(test, calls_in(test, &added), 1);
		KUNIT_EXPECT_EQ(test, added.sum, targets);
		KUNIT_EXPECT_EQ(test, others, targets - has_self);
		KUNIT_EXPECT_EQ(test, added.buckets[fls(targets)], 1);
	}
	stop_counting(op, was);
}

/* The thunks choose the bucket by the number of bits. */
static void bucket_ends_with_its_largest_number(struct kunit *test)
{
	unsigned int i;
	u64 end;

	for (i = 0; i < VMI_NR_BUCKETS; i++) {
		end = vmi_bucket_end(i);
		KUNIT_EXPECT_EQ(test, fls64(end), i);
		KUNIT_EXPECT_EQ(test, fls64(end + 1), i + 1);
	}
}

/* The compiler expects each of these to survive an inline site, and RBP and RSP. */
#define KEPT_REGISTERS(REG)						\
	REG(rax, 0) REG(rbx, 1) REG(rcx, 2) REG(rdx, 3) REG(rsi, 4)	\
	REG(rdi, 5) REG(r8, 6) REG(r9, 7) REG(r10, 8) REG(r11, 9)	\
	REG(r12, 10) REG(r13, 11) REG(r14, 12) REG(r15, 13)

/* The first argument. */
#define RDI	5

#define REGISTER_NAME(reg, i)	#reg,
static const char *const register_names[] = { KEPT_REGISTERS(REGISTER_NAME) };

/* Accessed by asm, which has no register left for a pointer. */
static unsigned long registers_before[ARRAY_SIZE(register_names)] __used;
static unsigned long registers_after[ARRAY_SIZE(register_names)] __used;
static unsigned long flags_after __used;
static unsigned long preempted_after __used;

#define LOAD_REGISTER(reg, i)	"movq registers_before + 8 * " #i "(%%rip), %%" #reg "\n\t"
#define STORE_REGISTER(reg, i)	"movq %%" #reg ", registers_after + 8 * " #i "(%%rip)\n\t"

/* Enter a thunk as an inline site or its stub does, and keep the flags that are there behind it. */
#define ENTER_THUNK(before, op, after)					\
	asm volatile(KEPT_REGISTERS(LOAD_REGISTER)			\
		     before "call vmi_enter_" #op "\n\t"		\
		     after "popq flags_after(%%rip)\n\t"		\
		     KEPT_REGISTERS(STORE_REGISTER)			\
		     : ASM_CALL_CONSTRAINT				\
		     : : KEPT_REGISTERS(REGISTER_NAME) "memory", "cc")

static noinline void enter_thunk(enum vmi_op op)
{
	switch (op) {
	case VMI_OP_irq_save_fl:
		/* The thunk leaves the flags on the stack, as PUSHF does. */
		ENTER_THUNK("", irq_save_fl, "");
		break;
	case VMI_OP_irq_disable:
		ENTER_THUNK("", irq_disable, "pushfq\n\t");
		break;
	case VMI_OP_irq_enable:
		ENTER_THUNK("", irq_enable, "pushfq\n\t");
		break;
	case VMI_OP_lock_unlock:
		ENTER_THUNK("pushq %%rax\n\t", lock_unlock, "popq %%rax\n\tpushfq\n\t");
		break;
	default:
		ENTER_THUNK("pushq $0\n\t", lock_vcpu_is_preempted,
			    "popq preempted_after(%%rip)\n\tpushfq\n\t");
		break;
	}
}

/* Objtool cannot know that a call leaves a word on the stack. */
STACK_FRAME_NON_STANDARD(enter_thunk);

/* Enter the thunk with interrupts on, or off. */
static void expect_registers_kept(struct kunit *test, enum vmi_op op, bool on)
{
	const bool enabled = op == VMI_OP_irq_enable || (op != VMI_OP_irq_disable && on);
	struct qspinlock lock = { .val = ATOMIC_INIT(_Q_LOCKED_VAL) };
	unsigned long i;

	for (i = 0; i < ARRAY_SIZE(register_names); i++)
		registers_before[i] = 0x1122334455660000 + i;
	if (op == VMI_OP_lock_unlock)
		registers_before[RDI] = (unsigned long)&lock;
	preempted_after = 1;
	preempt_disable();
	if (!on)
		native_irq_disable();
	enter_thunk(op);
	native_irq_enable();
	preempt_enable();

	for (i = 0; i < ARRAY_SIZE(register_names); i++)
		KUNIT_EXPECT_EQ_MSG(test, registers_after[i], registers_before[i], "%s of %s",
				    register_names[i], vmi_op_infos[op].name);
	KUNIT_EXPECT_EQ(test, queued_spin_is_locked(&lock), op != VMI_OP_lock_unlock);
	KUNIT_EXPECT_EQ(test, preempted_after, op != VMI_OP_lock_vcpu_is_preempted);
	KUNIT_EXPECT_EQ_MSG(test, !!(flags_after & X86_EFLAGS_IF), enabled, "%s, interrupts %s",
			    vmi_op_infos[op].name, str_on_off(on));
}

static void thunks_of_inline_sites_keep_registers(struct kunit *test)
{
	enum vmi_counting was, how;
	enum vmi_op op;

	if (boot_cpu_has(X86_FEATURE_XENPV))
		kunit_skip(test, "a guest of Xen PV may not execute CLI");
	for_each_vmi_op_in(op, VMI_INLINE_OPS) {
		for (how = VMI_COUNTING_OFF; how <= VMI_COUNTING_LATENCY; how++) {
			was = start_counting(test, op, how);
			expect_registers_kept(test, op, false);
			expect_registers_kept(test, op, true);
			stop_counting(op, was);
		}
	}
}

/* In a guest, some ops are hooked already: those that the kernel's own guest code has. */
static void each_inline_site_is_hooked_and_as_before(struct kunit *test)
{
	const vmi_opmask_t ops = VMI_INLINE_OPS & ~vmi_live.fixed;
	vmi_opmask_t before, hooked;
	enum vmi_counting was;
	unsigned int nr;
	enum vmi_op op;

	KUNIT_EXPECT_EQ(test, vmi_wrong_sites(&before, &nr), 0);
	for_each_vmi_op_in(op, ops) {
		was = start_counting(test, op, VMI_COUNTING_CALLS);
		KUNIT_EXPECT_EQ(test, vmi_wrong_sites(&hooked, &nr), 0);
		KUNIT_EXPECT_EQ(test, hooked, before | BIT_ULL(op));
		stop_counting(op, was);
		KUNIT_EXPECT_EQ(test, vmi_wrong_sites(&hooked, &nr), 0);
		KUNIT_EXPECT_EQ(test, hooked, before);
	}
	kunit_info(test, "%u sites\n", nr);
	KUNIT_EXPECT_GT(test, nr, ops & VMI_IRQ_OPS ? 500 : 20);
}

static struct kunit_case thunk_cases[] = {
	KUNIT_CASE(thunks_of_inline_sites_keep_registers),
	KUNIT_CASE(each_inline_site_is_hooked_and_as_before),
	KUNIT_CASE(counting_is_interrupted),
	KUNIT_CASE(measuring_is_interrupted),
	KUNIT_CASE(targets_are_in_their_buckets),
	KUNIT_CASE(bucket_ends_with_its_largest_number),
	{}
};

static struct kunit_suite thunk_suite = {
	.name		= "vmi_thunk",
	.test_cases	= thunk_cases,
};

kunit_test_suite(thunk_suite);
