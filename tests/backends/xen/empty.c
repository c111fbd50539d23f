/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A library with nothing of its own: what is looked for in it is found in the
 * pretend host that it needs. */
typedef int nothing;
