/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reads WS-Management replies, by namespace and never by prefix; properties by
 * name alone, since a projection has them in no namespace. Walks the tree by
 * hand: nothing in it is worth a query language. Must not talk, nor load
 * anything the text refers to, nor believe a number.
 */
#include "read.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libxml/parser.h>

#define SOAP "http://www.w3.org/2003/05/soap-envelope"
#define ADDRESSING "http://schemas.xmlsoap.org/ws/2004/08/addressing"
#define ENUMERATION "http://schemas.xmlsoap.org/ws/2004/09/enumeration"
#define WSMAN "http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd"
#define IDENTITY "http://schemas.dmtf.org/wbem/wsman/identity/1/wsmanidentity.xsd"
#define FAULT "http://schemas.microsoft.com/wbem/wsman/1/wsmanfault"
#define XSI "http://www.w3.org/2001/XMLSchema-instance"
#define SUMMARY "GetSummaryInformation_OUTPUT"

static bool is(const xmlNode *node, const char *space, const char *name)
{
	return node->type == XML_ELEMENT_NODE && strcmp((const char *)node->name, name) == 0 &&
	       (!space || (node->ns && strcmp((const char *)node->ns->href, space) == 0));
}

static const xmlNode *next(const xmlNode *node, const char *space, const char *name)
{
	while (node && !is(node, space, name))
		node = node->next;
	return node;
}

static const xmlNode *child(const xmlNode *node, const char *space, const char *name)
{
	return node ? next(node->children, space, name) : NULL;
}

static const xmlNode *element(const xmlNode *node)
{
	while (node && node->type != XML_ELEMENT_NODE)
		node = node->next;
	return node;
}

/* The text in it, which is one node, for entities are not resolved and a
 * document with a DTD was refused; "" if it has none. */
static const char *text_of(const xmlNode *node)
{
	const xmlNode *c = node ? node->children : NULL;

	while (c && c->type != XML_TEXT_NODE && c->type != XML_CDATA_SECTION_NODE)
		c = c->next;
	return c && c->content ? (const char *)c->content : "";
}

static const char *skip_blanks(const char *text)
{
	return text + strspn(text, " \t\r\n");
}

/* Copies without the blanks around it, and cuts at a whole character. */
static void copy(const char *text, char *ret, size_t size)
{
	size_t n;

	text = skip_blanks(text);
	n = strlen(text);
	while (n && strchr(" \t\r\n", text[n - 1]))
		n--;
	if (n >= size)
		for (n = size - 1; n && ((unsigned char)text[n] & 0xc0) == 0x80;)
			n--;
	memcpy(ret, text, n);
	ret[n] = '\0';
}

/* ------------------------------------------------------------ properties */

static bool is_null(const xmlNode *node)
{
	for (const xmlAttr *a = node->properties; a; a = a->next)
		if (strcmp((const char *)a->name, "nil") == 0 && a->ns &&
		    strcmp((const char *)a->ns->href, XSI) == 0)
			return strcmp(text_of((const xmlNode *)a), "true") == 0;
	return false;
}

const char *bl_hyperv_text(const xmlNode *object, const char *name)
{
	const xmlNode *p = child(object, NULL, name), *date;

	if (!p || is_null(p))
		return NULL;
	date = child(p, NULL, "Datetime");
	return skip_blanks(text_of(date ? date : p));
}

int64_t bl_hyperv_signed(const xmlNode *object, const char *name)
{
	const char *text = bl_hyperv_text(object, name);
	char *end;
	long long value;

	if (!text || !(text[0] == '-' || (text[0] >= '0' && text[0] <= '9')))
		return INT64_MAX;
	errno = 0;
	value = strtoll(text, &end, 10);
	return errno || end == text || *skip_blanks(end) ? INT64_MAX : value;
}

uint64_t bl_hyperv_number(const xmlNode *object, const char *name)
{
	const char *text = bl_hyperv_text(object, name);
	char *end;
	unsigned long long value;

	if (!text || text[0] < '0' || text[0] > '9')
		return UINT64_MAX;
	errno = 0;
	value = strtoull(text, &end, 10);
	return errno || *skip_blanks(end) ? UINT64_MAX : value;
}

bool bl_hyperv_flag(const xmlNode *object, const char *name)
{
	const char *text = bl_hyperv_text(object, name);

	return text && (strncmp(text, "true", 4) == 0 || strncmp(text, "TRUE", 4) == 0);
}

bool bl_hyperv_copy(const xmlNode *object, const char *name, char *ret, size_t size)
{
	const char *text = bl_hyperv_text(object, name);

	copy(text ? text : "", ret, size);
	return ret[0] != '\0';
}

/* ---------------------------------------------------------------- faults */

/* Depth-first, the first element of this name; a fault's detail nests as deep
 * as a provider likes, and no deeper than the parser allows (256). */
static const xmlNode *find(const xmlNode *node, const char *space, const char *name)
{
	for (const xmlNode *c = node ? node->children : NULL; c; c = c->next) {
		const xmlNode *found = is(c, space, name) ? c : find(c, space, name);

		if (found)
			return found;
	}
	return NULL;
}

static uint32_t read_code(const char *text)
{
	unsigned long long value = strtoull(text, NULL, 10);

	return value > UINT32_MAX ? 0 : (uint32_t)value;
}

static uint32_t code_of(const xmlNode *fault)
{
	const xmlNode *ms = find(fault, FAULT, "WSManFault");
	const xmlNode *wmi = find(fault, NULL, "error_Code");
	uint32_t code = 0;

	for (const xmlAttr *a = ms ? ms->properties : NULL; a; a = a->next)
		if (strcmp((const char *)a->name, "Code") == 0)
			code = read_code(text_of((const xmlNode *)a));
	return code || !wmi ? code : read_code(text_of(wmi));
}

/* Subcode, reason and detail may all be missing. */
static void read_fault(const xmlNode *fault, struct bl_hyperv_fault *ret_fault)
{
	const xmlNode *code = child(fault, SOAP, "Code"), *sub = child(code, SOAP, "Subcode");
	const char *name = text_of(child(sub ? sub : code, SOAP, "Value"));
	const char *colon = strrchr(name, ':');

	copy(colon ? colon + 1 : name, ret_fault->name, sizeof(ret_fault->name));
	copy(text_of(child(child(fault, SOAP, "Reason"), SOAP, "Text")), ret_fault->text,
	     sizeof(ret_fault->text));
	if (!ret_fault->text[0])
		copy(text_of(find(fault, NULL, "Message")), ret_fault->text,
		     sizeof(ret_fault->text));
	ret_fault->code = code_of(fault);
}

/* -------------------------------------------------------------- envelope */

static int read_envelope(struct bl_hyperv_reply *r)
{
	const xmlNode *root = xmlDocGetRootElement(r->doc);

	/* No server has a reason for a DTD; its entities could only do harm. */
	if (r->doc->intSubset || r->doc->extSubset || !root || !is(root, SOAP, "Envelope"))
		return -EBADMSG;
	r->body = child(root, SOAP, "Body");
	if (!r->body)
		return -EBADMSG;
	copy(text_of(child(child(root, SOAP, "Header"), ADDRESSING, "RelatesTo")), r->relates_to,
	     sizeof(r->relates_to));
	r->body = element(r->body->children);
	r->is_fault = r->body && is(r->body, SOAP, "Fault");
	if (r->is_fault)
		read_fault(r->body, &r->fault);
	return r->body ? 0 : -EBADMSG;
}

int bl_hyperv_reply_read(const char *bytes, size_t n, struct bl_hyperv_reply *ret_reply)
{
	/* Without XML_PARSE_HUGE libxml2 stops at 256 levels and 10 MB of text. */
	const int options = XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING;
	struct bl_hyperv_reply r = {0};
	int rc;

	if (n > BL_HYPERV_REPLY_MAX)
		return -E2BIG;
	r.doc = xmlReadMemory(bytes, (int)n, NULL, NULL, options);
	if (!r.doc)
		return -EBADMSG;
	rc = read_envelope(&r);
	if (rc < 0)
		xmlFreeDoc(r.doc);
	else
		*ret_reply = r;
	return rc;
}

void bl_hyperv_reply_free(struct bl_hyperv_reply *reply)
{
	xmlFreeDoc(reply->doc);
	reply->doc = NULL;
}

/* --------------------------------------------------------------- objects */

static int walk(const xmlNode *from, bl_hyperv_take take, void *arg)
{
	int rc = 0;

	for (const xmlNode *o = element(from); o && rc == 0; o = element(o->next))
		rc = take(arg, o);
	return rc;
}

/* An Enumerate has w:Items and w:EndOfSequence, a Pull n:Items and n:EndOfSequence. */
int bl_hyperv_items(const struct bl_hyperv_reply *reply, bl_hyperv_take take, void *arg,
                    char *ret_context)
{
	const xmlNode *b = reply->body, *items;
	bool pulled = is(b, ENUMERATION, "PullResponse");
	const char *space = pulled ? ENUMERATION : WSMAN;

	if (!pulled && !is(b, ENUMERATION, "EnumerateResponse"))
		return -EBADMSG;
	if (ret_context) {
		copy(text_of(child(b, ENUMERATION, "EnumerationContext")), ret_context,
		     BL_HYPERV_CONTEXT_MAX);
		if (child(b, space, "EndOfSequence"))
			ret_context[0] = '\0';
	}
	items = child(b, space, "Items");
	return items ? walk(items->children, take, arg) : 0;
}

int bl_hyperv_object(const struct bl_hyperv_reply *reply, const xmlNode **ret_object)
{
	if (!reply->body->ns || strstr((const char *)reply->body->ns->href, "/wmi/") == NULL)
		return -EBADMSG;
	*ret_object = reply->body;
	return 0;
}

int bl_hyperv_summaries(const struct bl_hyperv_reply *reply, bl_hyperv_take take, void *arg)
{
	const xmlNode *o;
	int rc = 0;

	if (!is(reply->body, NULL, SUMMARY) || bl_hyperv_number(reply->body, "ReturnValue") != 0)
		return -EBADMSG;
	for (o = child(reply->body, NULL, "SummaryInformation"); o && rc == 0;
	     o = next(o->next, NULL, "SummaryInformation"))
		rc = is_null(o) ? 0 : take(arg, o);
	return rc;
}

static const char *job_of(const xmlNode *output)
{
	const xmlNode *parameters = child(child(output, NULL, "Job"), ADDRESSING,
	                                  "ReferenceParameters");
	const xmlNode *s = child(child(parameters, WSMAN, "SelectorSet"), WSMAN, "Selector");

	for (; s; s = next(s->next, WSMAN, "Selector"))
		for (const xmlAttr *a = s->properties; a; a = a->next)
			if (strcmp((const char *)a->name, "Name") == 0 &&
			    strcmp(text_of((const xmlNode *)a), "InstanceID") == 0)
				return text_of(s);
	return "";
}

int bl_hyperv_output(const struct bl_hyperv_reply *reply, uint32_t *ret_value, char *ret_job,
                     size_t size)
{
	const char *name = (const char *)reply->body->name;
	uint64_t value = bl_hyperv_number(reply->body, "ReturnValue");
	size_t n = strlen(name);

	if (n < 7 || strcmp(name + n - 7, "_OUTPUT") != 0 || value > UINT32_MAX)
		return -EBADMSG;
	copy(job_of(reply->body), ret_job, size);
	*ret_value = (uint32_t)value;
	return 0;
}

int bl_hyperv_identity(const struct bl_hyperv_reply *reply, char *ret_version, size_t size)
{
	if (!is(reply->body, IDENTITY, "IdentifyResponse"))
		return -EBADMSG;
	bl_hyperv_copy(reply->body, "ProductVersion", ret_version, size);
	return 0;
}
