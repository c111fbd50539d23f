/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reading WS-Management replies. Takes bytes, which may be anything. Pure.
 */
#ifndef BL_HYPERV_READ_H
#define BL_HYPERV_READ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <libxml/tree.h>

/* Longest reply that is read. 1024 guests, the most a Hyper-V host runs, come
 * to 4 MiB in one; a longer reply is not from such a host. */
#define BL_HYPERV_REPLY_MAX (8u << 20)

/* Enumeration contexts are "uuid:" and a UUID, and short with every server seen. */
#define BL_HYPERV_CONTEXT_MAX 256

/* Of Microsoft's numbers for faults those that mean something to us. */
#define BL_HYPERV_FAULT_DENIED 5u
#define BL_HYPERV_FAULT_DENIED_HRESULT 0x80070005u
#define BL_HYPERV_FAULT_DENIED_WMI 0x80041003u
#define BL_HYPERV_FAULT_NO_CLASS 0x8033801Au
#define BL_HYPERV_FAULT_TIMED_OUT 0x80338029u
#define BL_HYPERV_FAULT_TOO_LONG 0x803381A6u

struct bl_hyperv_fault {
	uint32_t code;   /* of WSManFault or error_Code; 0 = none given */
	char name[64];   /* subcode without prefix ("TimedOut"); "" = none */
	char text[320];  /* for people */
};

struct bl_hyperv_reply {
	xmlDoc *doc;
	const xmlNode *body;     /* the first element in it */
	char relates_to[64];
	bool is_fault;
	struct bl_hyperv_fault fault;
};

/* -EBADMSG: no SOAP envelope, or one with a DTD, too deep, or broken. -E2BIG. A
 * fault is no error: see is_fault. To be freed with bl_hyperv_reply_free(). */
int bl_hyperv_reply_read(const char *bytes, size_t n, struct bl_hyperv_reply *ret_reply);
void bl_hyperv_reply_free(struct bl_hyperv_reply *reply);

/*
 * Walks the objects in the reply of an Enumerate or Pull (Items), of a Get (the
 * object) or of GetSummaryInformation, calling take for each, as long as that
 * returns 0. ret_context (of BL_HYPERV_CONTEXT_MAX bytes, or NULL) says how to go on; ""
 * is the end. -EBADMSG: no such reply.
 */
typedef int (*bl_hyperv_take)(void *arg, const xmlNode *object);
int bl_hyperv_items(const struct bl_hyperv_reply *reply, bl_hyperv_take take, void *arg,
                    char *ret_context);
int bl_hyperv_object(const struct bl_hyperv_reply *reply, const xmlNode **ret_object);
int bl_hyperv_summaries(const struct bl_hyperv_reply *reply, bl_hyperv_take take, void *arg);

/* A method's ReturnValue, and the job it started, if it did: ret_job (size
 * bytes) is its InstanceID or "". */
int bl_hyperv_output(const struct bl_hyperv_reply *reply, uint32_t *ret_value, char *ret_job,
                     size_t size);

/* Does the host say it is one that speaks WS-Management? Its "OS: 10.0.20348 …". */
int bl_hyperv_identity(const struct bl_hyperv_reply *reply, char *ret_version, size_t size);

/* ------------------------------------------------------------ properties */

/* The text of an object's property within the tree; NULL if absent or null. */
const char *bl_hyperv_text(const xmlNode *object, const char *name);

/* UINT64_MAX if absent, null, no number or one that does not fit. */
uint64_t bl_hyperv_number(const xmlNode *object, const char *name);

/* INT64_MAX likewise. */
int64_t bl_hyperv_signed(const xmlNode *object, const char *name);

/* true if it says so. */
bool bl_hyperv_flag(const xmlNode *object, const char *name);

/* Copies a text property, cut to fit at a whole character. false: absent or "". */
bool bl_hyperv_copy(const xmlNode *object, const char *name, char *ret, size_t size);

#endif
