/*
 * interrupt - a command that is told to stop says first what it did.
 *
 * Between begin and end the signals that end a program wait; the command
 * asks now and then whether one came, stops where its work is whole,
 * says what was done and calls end: then the signal does what it does.
 * SIGKILL waits for nobody; what it cuts off is the table's to survive.
 */
#ifndef GREYLIST_INTERRUPT_H
#define GREYLIST_INTERRUPT_H

#include <signal.h>
#include <stdbool.h>

/* One that has not begun is { .fd = -1 }. */
struct gl_interrupt {
	int fd; /* becomes readable when a signal came; -1: none is to be had */
	sigset_t before;
};

void gl_interrupt_begin(struct gl_interrupt *interrupt);

/* Whether one came. Does not wait. */
bool gl_interrupt_came(const struct gl_interrupt *interrupt);

/* Lets the signals through: does not return where one came that ends the program. */
void gl_interrupt_end(struct gl_interrupt *interrupt);

#endif
