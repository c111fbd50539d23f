/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reads a domain's XML. Walks the tree by hand: a dozen elements are of
 * interest and none of them is worth a query language. Must not talk to
 * libvirt, nor load anything the text refers to.
 */
#include "traits.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <libxml/parser.h>
#include <libxml/tree.h>

#include <balloon/balloon.h>

/* libvirt's own limit for a string over its protocol is 4 MiB
 * (REMOTE_STRING_MAX), so a longer text did not come from there. */
#define XML_BYTES_MAX (4u << 20)

/* A day: whoever polls more seldom than that does not poll; also keeps it an int. */
#define PERIOD_MAX_S 86400

static const xmlNode *child(const xmlNode *node, const char *name)
{
	const xmlNode *c = node ? node->children : NULL;

	while (c && (c->type != XML_ELEMENT_NODE || strcmp((const char *)c->name, name) != 0))
		c = c->next;
	return c;
}

/* The attribute's text within the tree, or "". Entities are not resolved, so
 * a value is one text node or not of interest. */
static const char *attribute(const xmlNode *node, const char *name)
{
	for (const xmlAttr *a = node ? node->properties : NULL; a; a = a->next)
		if (strcmp((const char *)a->name, name) == 0)
			return a->children && a->children->content ?
			       (const char *)a->children->content : "";
	return "";
}

static bool says(const xmlNode *node, const char *name, const char *value)
{
	return strcmp(attribute(node, name), value) == 0;
}

/*
 * Does this device have the guest's memory pinned for it? VFIO does (PCI and
 * mediated devices, NVMe disks, interfaces of type hostdev) and so does vDPA.
 * USB and SCSI devices are handed on request by request and pin nothing.
 */
static bool pins(const xmlNode *device)
{
	const char *name = (const char *)device->name;

	if (strcmp(name, "hostdev") == 0)
		return says(device, "type", "pci") || says(device, "type", "mdev");
	if (strcmp(name, "interface") == 0)
		return says(device, "type", "hostdev") || says(device, "type", "vdpa");
	return strcmp(name, "disk") == 0 && says(device, "type", "nvme");
}

static bool any_pins(const xmlNode *devices)
{
	for (const xmlNode *d = devices ? devices->children : NULL; d; d = d->next)
		if (d->type == XML_ELEMENT_NODE && pins(d))
			return true;
	return false;
}

/* libvirt writes a model for every QEMU guest; another driver may leave the
 * element out and still be able to set memory. */
static bool has_device(const xmlNode *domain, const xmlNode *balloon)
{
	if (balloon)
		return !says(balloon, "model", "none");
	return !says(domain, "type", "qemu") && !says(domain, "type", "kvm");
}

/* Encrypted guests (SEV, TDX) have their memory pinned by the kernel. */
static uint32_t fixed_by(const xmlNode *domain, bool device)
{
	const xmlNode *backing = child(domain, "memoryBacking");

	if (!device)
		return BALLOON_FIXED_NO_DEVICE;
	if (any_pins(child(domain, "devices")))
		return BALLOON_FIXED_PASSTHROUGH;
	if (child(backing, "locked") || child(domain, "launchSecurity"))
		return BALLOON_FIXED_LOCKED;
	if (child(backing, "hugepages"))
		return BALLOON_FIXED_HUGEPAGES;
	return BALLOON_FIXED_NOT;
}

static uint32_t period_of(const xmlNode *balloon)
{
	const char *text = attribute(child(balloon, "stats"), "period");
	char *end;
	unsigned long value;

	if (text[0] < '0' || text[0] > '9')
		return 0;
	errno = 0;
	value = strtoul(text, &end, 10);
	if (errno || *end)
		return 0;
	return value > PERIOD_MAX_S ? PERIOD_MAX_S : (uint32_t)value;
}

static int read_tree(const xmlDoc *doc, struct bl_kvm_traits *ret_traits)
{
	const xmlNode *domain, *balloon;

	/* A domain's XML has no DTD; one is there only to do harm with entities. */
	if (doc->intSubset || doc->extSubset)
		return -EBADMSG;
	domain = xmlDocGetRootElement(doc);
	if (!domain || strcmp((const char *)domain->name, "domain") != 0)
		return -EBADMSG;
	balloon = child(child(domain, "devices"), "memballoon");
	ret_traits->device = has_device(domain, balloon);
	ret_traits->fixed = fixed_by(domain, ret_traits->device);
	ret_traits->period_s = period_of(balloon);
	return 0;
}

int bl_kvm_traits_read(const char *xml, size_t n, struct bl_kvm_traits *ret_traits)
{
	/* No network, no printing; entities and DTDs are not loaded by default. */
	const int options = XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING;
	xmlDoc *doc;
	int rc;

	if (n > XML_BYTES_MAX)
		return -E2BIG;
	doc = xmlReadMemory(xml, (int)n, NULL, NULL, options);
	if (!doc)
		return -EBADMSG;
	rc = read_tree(doc, ret_traits);
	xmlFreeDoc(doc);
	return rc;
}
