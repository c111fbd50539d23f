/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "distinct.h"

/* Ranks are 1..52: 12 of 64 bits choose the register. */
enum { RANK_MAX = 52 };

/* 1 / (2 ln 2) */
#define ALPHA 0.72134752044448170

void bl_distinct_join(struct bl_distinct *d, const struct bl_distinct *other)
{
	for (unsigned i = 0; i < BL_REGISTERS; i++) {
		if (other->registers[i] > d->registers[i])
			d->registers[i] = other->registers[i];
	}
}

/* sigma(x) = x + Σ x^(2^k) 2^(k-1), for the share of registers never touched */
static double sigma(double x)
{
	double y = 1, z = x, before = -1;

	while (z > before) {
		x *= x;
		before = z;
		z += x * y;
		y += y;
	}
	return z;
}

/* alpha m² / (m sigma(C0/m) + Σ Ck 2^-k), with Ck registers of rank k */
double bl_distinct_count(const struct bl_distinct *d)
{
	unsigned count[RANK_MAX + 2] = {0};
	double z = 0;

	for (unsigned i = 0; i < BL_REGISTERS; i++)
		count[d->registers[i] < RANK_MAX ? d->registers[i] : RANK_MAX]++;
	if (count[0] == BL_REGISTERS)
		return 0; /* sigma(1) is infinite */
	for (unsigned k = RANK_MAX; k >= 1; k--)
		z = 0.5 * (z + count[k]);
	z += BL_REGISTERS * sigma((double)count[0] / BL_REGISTERS);
	return ALPHA * BL_REGISTERS * BL_REGISTERS / z;
}
