/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Writes WS-Management envelopes. Must not talk, nor know what comes back. The
 * prefixes s, a, w, n, p are those Microsoft's own tools write.
 */
#include "soap.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define WMI "http://schemas.microsoft.com/wbem/wsman/1/wmi/"
#define SERVICE WMI BL_HYPERV_V2 "/Msvm_VirtualSystemManagementService"
#define ENUMERATION "http://schemas.xmlsoap.org/ws/2004/09/enumeration"
#define TRANSFER "http://schemas.xmlsoap.org/ws/2004/09/transfer"
#define ADDRESSING "http://schemas.xmlsoap.org/ws/2004/08/addressing"
#define WSMAN "http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd"
#define WQL "http://schemas.microsoft.com/wbem/wsman/1/WQL"

/* What WinRM serves at most unless told otherwise, from 2012 on (500 KB). */
#define ENVELOPE_MAX "512000"

/* A host that needs longer than this for an answer tells us so (TimedOut)
 * before our own patience ends; see talk.c. */
#define OPERATION_TIMEOUT "PT8S"

/* The codes of GetSummaryInformation: Name, ElementName, EnabledState,
 * MemoryUsage, UpTime, MemoryAvailable, AvailableMemoryBuffer, and SwapFilesInUse,
 * which the page has as 120 and Microsoft's own code as 121. */
static const int summary_codes[] = {0, 1, 100, 103, 105, 112, 113, 120, 121};

struct page {
	FILE *out;
	struct bl_hyperv_letter letter;
};

static int open_page(struct page *p)
{
	memset(p, 0, sizeof(*p));
	p->out = open_memstream(&p->letter.text, &p->letter.n);
	return p->out ? 0 : -ENOMEM;
}

static int close_page(struct page *p, struct bl_hyperv_letter *ret_letter)
{
	int bad = ferror(p->out);

	if (fclose(p->out) != 0 || bad) {
		free(p->letter.text);
		return -ENOMEM;
	}
	*ret_letter = p->letter;
	return 0;
}

static void escape(FILE *out, const char *text)
{
	for (; *text; text++) {
		switch (*text) {
		case '&':
			fputs("&amp;", out);
			break;
		case '<':
			fputs("&lt;", out);
			break;
		case '>':
			fputs("&gt;", out);
			break;
		case '"':
			fputs("&quot;", out);
			break;
		default:
			fputc(*text, out);
		}
	}
}

/* A version 4 UUID. Without random numbers a counter does: ids need only differ. */
static void make_id(char *ret, size_t size)
{
	static uint64_t fallback;
	uint64_t r[2] = {0, 0};

	if (getrandom(r, sizeof(r), GRND_NONBLOCK) != (ssize_t)sizeof(r))
		r[0] = __atomic_add_fetch(&fallback, 1, __ATOMIC_RELAXED);
	snprintf(ret, size, "uuid:%08X-%04X-4%03X-8%03X-%012" PRIX64, (unsigned)(r[0] >> 32),
	         (unsigned)(r[0] >> 16) & 0xffff, (unsigned)r[0] & 0xfff,
	         (unsigned)(r[1] >> 48) & 0xfff, r[1] & UINT64_C(0xffffffffffff));
}

/* Everything up to the body; selectors are the caller's, already XML. */
static void head(struct page *p, const char *url, const char *action, const char *resource,
                 const char *selector, const char *value)
{
	make_id(p->letter.id, sizeof(p->letter.id));
	fputs("<s:Envelope xmlns:s=\"http://www.w3.org/2003/05/soap-envelope\" xmlns:a=\"" ADDRESSING
	      "\" xmlns:w=\"" WSMAN "\" xmlns:n=\"" ENUMERATION "\"><s:Header><a:To>", p->out);
	escape(p->out, url);
	fprintf(p->out, "</a:To><a:ReplyTo><a:Address s:mustUnderstand=\"true\">" ADDRESSING
	        "/role/anonymous</a:Address></a:ReplyTo><a:Action s:mustUnderstand=\"true\">%s"
	        "</a:Action><a:MessageID>%s</a:MessageID><w:ResourceURI s:mustUnderstand=\"true\">"
	        "%s</w:ResourceURI><w:MaxEnvelopeSize s:mustUnderstand=\"true\">" ENVELOPE_MAX
	        "</w:MaxEnvelopeSize><w:OperationTimeout>" OPERATION_TIMEOUT "</w:OperationTimeout>",
	        action, p->letter.id, resource);
	if (selector) {
		fprintf(p->out, "<w:SelectorSet><w:Selector Name=\"%s\">", selector);
		escape(p->out, value);
		fputs("</w:Selector></w:SelectorSet>", p->out);
	}
	fputs("</s:Header><s:Body>", p->out);
}

static int finish(struct page *p, struct bl_hyperv_letter *ret_letter)
{
	fputs("</s:Body></s:Envelope>", p->out);
	return close_page(p, ret_letter);
}

int bl_hyperv_write_identify(struct bl_hyperv_letter *ret_letter)
{
	struct page p;
	int rc = open_page(&p);

	if (rc < 0)
		return rc;
	fputs("<s:Envelope xmlns:s=\"http://www.w3.org/2003/05/soap-envelope\" xmlns:wsmid=\""
	      "http://schemas.dmtf.org/wbem/wsman/identity/1/wsmanidentity.xsd\"><s:Header/><s:Body>"
	      "<wsmid:Identify/>", p.out);
	return finish(&p, ret_letter);
}

int bl_hyperv_write_enumerate(const char *url, const char *space, const char *wql,
                              struct bl_hyperv_letter *ret_letter)
{
	char resource[128];
	struct page p;
	int rc = open_page(&p);

	if (rc < 0)
		return rc;
	snprintf(resource, sizeof(resource), WMI "%s/*", space);
	head(&p, url, ENUMERATION "/Enumerate", resource, NULL, NULL);
	/* As many as fit: the server cuts by the envelope's size. */
	fputs("<n:Enumerate><w:OptimizeEnumeration/><w:MaxElements>32000</w:MaxElements>"
	      "<w:Filter Dialect=\"" WQL "\">", p.out);
	escape(p.out, wql);
	fputs("</w:Filter></n:Enumerate>", p.out);
	return finish(&p, ret_letter);
}

int bl_hyperv_write_pull(const char *url, const char *space, const char *context,
                         struct bl_hyperv_letter *ret_letter)
{
	char resource[128];
	struct page p;
	int rc = open_page(&p);

	if (rc < 0)
		return rc;
	snprintf(resource, sizeof(resource), WMI "%s/*", space);
	head(&p, url, ENUMERATION "/Pull", resource, NULL, NULL);
	fputs("<n:Pull><n:EnumerationContext>", p.out);
	escape(p.out, context);
	fputs("</n:EnumerationContext><n:MaxElements>32000</n:MaxElements></n:Pull>", p.out);
	return finish(&p, ret_letter);
}

int bl_hyperv_write_get(const char *url, const char *class, const char *instance,
                        struct bl_hyperv_letter *ret_letter)
{
	char resource[192];
	struct page p;
	int rc = open_page(&p);

	if (rc < 0)
		return rc;
	snprintf(resource, sizeof(resource), WMI BL_HYPERV_V2 "/%s", class);
	head(&p, url, TRANSFER "/Get", resource, "InstanceID", instance);
	return finish(&p, ret_letter);
}

/* ------------------------------------------------------------- methods */

static void begin_method(struct page *p, const char *url, const char *method)
{
	char action[192];

	snprintf(action, sizeof(action), SERVICE "/%s", method);
	/* The service is a singleton: one key of its four is enough. */
	head(p, url, action, SERVICE, "CreationClassName", "Msvm_VirtualSystemManagementService");
	fprintf(p->out, "<p:%s_INPUT xmlns:p=\"" SERVICE "\">", method);
}

int bl_hyperv_write_summary(const char *url, struct bl_hyperv_letter *ret_letter)
{
	struct page p;
	int rc = open_page(&p);

	if (rc < 0)
		return rc;
	begin_method(&p, url, "GetSummaryInformation");
	for (size_t i = 0; i < sizeof(summary_codes) / sizeof(summary_codes[0]); i++)
		fprintf(p.out, "<p:RequestedInformation>%d</p:RequestedInformation>",
		        summary_codes[i]);
	fputs("</p:GetSummaryInformation_INPUT>", p.out);
	return finish(&p, ret_letter);
}

static void property(FILE *out, const char *name, const char *type, const char *value)
{
	fprintf(out, "<PROPERTY NAME=\"%s\" TYPE=\"%s\"><VALUE>", name, type);
	escape(out, value);
	fputs("</VALUE></PROPERTY>", out);
}

static void number(FILE *out, const char *name, const char *type, uint64_t value)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRIu64, value);
	property(out, name, type, text);
}

/* The CIM-XML instance. What is not to change is not in it: a full, stale one
 * would undo another administrator's work. */
static int write_instance(const char *device, const struct bl_hyperv_change *c, char **ret_text)
{
	size_t n;
	FILE *out = open_memstream(ret_text, &n);
	int bad;

	if (!out)
		return -ENOMEM;
	fputs("<INSTANCE CLASSNAME=\"Msvm_MemorySettingData\">", out);
	property(out, "InstanceID", "string", device);
	if (c->set & BL_HYPERV_QUANTITY)
		number(out, "VirtualQuantity", "uint64", c->quantity);
	if (c->set & BL_HYPERV_RESERVATION)
		number(out, "Reservation", "uint64", c->reservation);
	if (c->set & BL_HYPERV_LIMIT)
		number(out, "Limit", "uint64", c->limit);
	if (c->set & BL_HYPERV_WEIGHT)
		number(out, "Weight", "uint32", c->weight);
	if (c->set & BL_HYPERV_BUFFER)
		number(out, "TargetMemoryBuffer", "uint32", c->buffer);
	fputs("</INSTANCE>", out);
	bad = ferror(out);
	if (fclose(out) == 0 && !bad)
		return 0;
	free(*ret_text);
	return -ENOMEM;
}

int bl_hyperv_write_modify(const char *url, const char *device,
                           const struct bl_hyperv_change *change,
                           struct bl_hyperv_letter *ret_letter)
{
	char *instance;
	struct page p;
	int rc = write_instance(device, change, &instance);

	if (rc < 0)
		return rc;
	rc = open_page(&p);
	if (rc == 0) {
		begin_method(&p, url, "ModifyResourceSettings");
		fputs("<p:ResourceSettings>", p.out);
		escape(p.out, instance);
		fputs("</p:ResourceSettings></p:ModifyResourceSettings_INPUT>", p.out);
		rc = finish(&p, ret_letter);
	}
	free(instance);
	return rc;
}

void bl_hyperv_letter_free(struct bl_hyperv_letter *letter)
{
	free(letter->text);
	letter->text = NULL;
}
