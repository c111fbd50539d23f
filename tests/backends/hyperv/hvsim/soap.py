# SPDX-License-Identifier: LGPL-2.1-or-later
"""WS-Management over a host's WMI: Identify, Enumerate, Pull, Release, Get and
Invoke; an envelope in, an envelope out. Knows no HTTP and no authentication."""
import itertools
import re
import uuid
import xml.etree.ElementTree as ET
from xml.sax.saxutils import escape, quoteattr

import wmi
import wql
from model import VERSIONS

S = "http://www.w3.org/2003/05/soap-envelope"
A = "http://schemas.xmlsoap.org/ws/2004/08/addressing"
W = "http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd"
N = "http://schemas.xmlsoap.org/ws/2004/09/enumeration"
X = "http://schemas.xmlsoap.org/ws/2004/09/transfer"
XSI = "http://www.w3.org/2001/XMLSchema-instance"
CIM = "http://schemas.dmtf.org/wbem/wscim/1/common"
WSMID = "http://schemas.dmtf.org/wbem/wsman/identity/1/wsmanidentity.xsd"
FAULT = "http://schemas.microsoft.com/wbem/wsman/1/wsmanfault"
WMI = "http://schemas.microsoft.com/wbem/wsman/1/wmi/"
ANONYMOUS = A + "/role/anonymous"


class Fault(Exception):
    """code: s:Code's subcode; number: Microsoft's; status: HTTP's."""

    def __init__(self, code, text, number, detail=None, status=500, shape="full"):
        super().__init__(text)
        self.code, self.text, self.number = code, text, number
        self.detail, self.status, self.shape = detail, status, shape


def denied():
    return Fault("w:AccessDenied", "Access is denied. ", 5)


def unknown_resource(uri):
    return Fault("a:DestinationUnreachable",
                 f"The resource URI {uri} was not found in the WMI namespace.", 2150858778,
                 "http://schemas.dmtf.org/wbem/wsman/1/wsman/faultDetail/InvalidResourceURI")


def resource(cls):
    return WMI + wmi.NAMESPACES[cls] + "/" + cls


# ------------------------------------------------------------------- writing

def value(name, v):
    """One property with its tag, by type; a list is the element repeated."""
    if v is None:
        return f'<{name} xsi:nil="true"/>'
    if isinstance(v, list):
        return "".join(value(name, x) for x in v)
    if hasattr(v, "strftime"):
        return f"<{name}><cim:Datetime>{v:%Y-%m-%dT%H:%M:%SZ}</cim:Datetime></{name}>"
    if isinstance(v, bool):
        v = str(v).lower()
    return f"<{name}>{escape(str(v))}</{name}>"


def instance(cls, o, tag="p"):
    body = "".join(value(f"{tag}:{k}", v) for k, v in sorted(o.items()))
    return (f'<{tag}:{cls} xmlns:{tag}="{resource(cls)}" xmlns:xsi="{XSI}" xmlns:cim="{CIM}" '
            f'xsi:type="{tag}:{cls}_Type">{body}</{tag}:{cls}>')


def fragment(names, o):
    """A projection: no namespace, the names as they were asked for."""
    body = "".join(value(n, wql.get(o, n)) for n in names).replace("cim:Datetime", "Datetime")
    return f'<w:XmlFragment xmlns:xsi="{XSI}">{body}</w:XmlFragment>'


def reference(cls, keys, tag=None):
    # The prefix is declared again, for wsl copies the selectors as they stand.
    selectors = "".join(f"<w:Selector Name={quoteattr(k)}>{escape(str(v))}</w:Selector>"
                        for k, v in keys.items())
    inner = (f"<a:Address>{ANONYMOUS}</a:Address><a:ReferenceParameters><w:ResourceURI>"
             f'{resource(cls)}</w:ResourceURI><w:SelectorSet xmlns:w="{W}">{selectors}'
             "</w:SelectorSet></a:ReferenceParameters>")
    tag = tag or "a:EndpointReference"
    return f"<{tag}>{inner}</{tag}>"


def envelope(action, relates, body):
    return (f'<s:Envelope xml:lang="en-US" xmlns:s="{S}" xmlns:a="{A}" xmlns:w="{W}" '
            f'xmlns:n="{N}"><s:Header><a:Action>{action}</a:Action><a:MessageID>uuid:'
            f"{str(uuid.uuid4()).upper()}</a:MessageID><a:To>{ANONYMOUS}</a:To><a:RelatesTo>"
            f"{escape(relates)}</a:RelatesTo></s:Header><s:Body>{body}</s:Body></s:Envelope>")


def fault(f, relates):
    full = f.shape == "full"
    provider = (f'<f:ProviderFault provider="WMI Provider"><p:MSFT_WmiError xmlns:p="http://'
                'schemas.dmtf.org/wbem/wscim/1/cim-schema/2/MSFT_WmiError"><p:CIMStatusCode>1'
                f"</p:CIMStatusCode><p:Message>{escape(f.text)}</p:Message><p:error_Code>"
                f"{f.number}</p:error_Code></p:MSFT_WmiError></f:ProviderFault>")
    message = provider if f.shape == "wmi" else escape(f.text)
    inner = (f'<f:WSManFault xmlns:f="{FAULT}" Code="{f.number}" Machine="hvsim"><f:Message>'
             f"{message}</f:Message></f:WSManFault>")
    detail = f"<w:FaultDetail>{f.detail}</w:FaultDetail>" if f.detail else ""
    sub = f"<s:Subcode><s:Value>{f.code}</s:Value></s:Subcode>"
    rest = (f'<s:Reason><s:Text xml:lang="en-US">{escape(f.text)}</s:Text></s:Reason>'
            f"<s:Detail>{detail}{inner}</s:Detail>")
    bare = f.shape == "bare"
    body = (f"<s:Fault><s:Code><s:Value>s:Sender</s:Value>{'' if bare else sub}</s:Code>"
            f"{'' if bare else rest}</s:Fault>")
    action = W.replace("wsman.xsd", "wsman/fault") if full else A + "/fault"
    return envelope(action, relates, body)


# ------------------------------------------------------------------- reading

class Request:
    def __init__(self, text):
        try:
            root = ET.fromstring(text)
        except ET.ParseError as e:
            raise Fault("w:SchemaValidationError", f"Not XML: {e}", 2150858817) from e
        self.body = root.find(f"{{{S}}}Body")
        header = root.find(f"{{{S}}}Header")
        if root.tag != f"{{{S}}}Envelope" or self.body is None:
            raise Fault("w:SchemaValidationError", "Not a SOAP 1.2 envelope.", 2150858817)
        self.header = header if header is not None else ET.Element("none")
        self.action = self.text(A, "Action")
        self.uri = self.text(W, "ResourceURI")
        self.message_id = self.text(A, "MessageID")
        self.max_bytes = int(self.text(W, "MaxEnvelopeSize") or 153600)
        self.selectors = {s.get("Name", "").lower(): s.text or ""
                          for s in self.header.iter(f"{{{W}}}Selector")}

    def text(self, ns, name):
        e = self.header.find(f"{{{ns}}}{name}")
        return (e.text or "").strip() if e is not None else ""

    def child(self, ns, name):
        return self.body.find(f"{{{ns}}}{name}")


def embedded(text):
    """A CIM-XML instance, with or without declaration and namespace."""
    try:
        root = ET.fromstring(text.strip())
    except ET.ParseError as e:
        raise Fault("w:SchemaValidationError", f"ResourceSettings: {e}", 2150858817) from e
    out = {}
    for p in root.iter("PROPERTY"):
        v, kind = p.findtext("VALUE"), p.get("TYPE", "string")
        if v is not None:
            out[p.get("NAME")] = (v.lower() == "true" if kind == "boolean" else
                                  int(v) if "int" in kind else v)
    return root.get("CLASSNAME"), out


class Service:
    """One host's endpoint. endless: its enumerations never end."""

    def __init__(self, host):
        self.host = host
        self.contexts = {}
        self.serial = itertools.count(1)
        self.endless = self.forgetful = False
        self.max_envelope = 512000

    def answer(self, text):
        """(HTTP status, envelope)."""
        relates = ""
        try:
            r = Request(text)
            relates = r.message_id
            if r.child(WSMID, "Identify") is not None:
                return 200, self.identify()
            action, body = self.dispatch(r)
            return 200, envelope(action, relates, body)
        except Fault as f:
            return f.status, fault(f, relates)

    def identify(self):
        return (f'<s:Envelope xml:lang="en-US" xmlns:s="{S}"><s:Header/><s:Body>'
                f'<wsmid:IdentifyResponse xmlns:wsmid="{WSMID}"><wsmid:ProtocolVersion>{W}'
                "</wsmid:ProtocolVersion><wsmid:ProductVendor>Microsoft Corporation"
                "</wsmid:ProductVendor><wsmid:ProductVersion>OS: "
                f"{VERSIONS[self.host.os]} SP: 0.0 Stack: 3.0</wsmid:ProductVersion>"
                "</wsmid:IdentifyResponse></s:Body></s:Envelope>")

    def dispatch(self, r):
        short = r.action.rsplit("/", 1)[-1]
        plain = {N + "/Enumerate": self.enumerate, N + "/Pull": self.pull,
                 N + "/Release": self.release, X + "/Get": self.get}
        if r.action in plain:
            return r.action + "Response", plain[r.action](r)
        if r.uri and r.action.startswith(r.uri + "/") and hasattr(self, "do_" + short):
            return r.action + "Response", getattr(self, "do_" + short)(r)
        raise Fault("a:ActionNotSupported", f"The action {r.action!r} is not supported.",
                    2150858759)

    # --------------------------------------------------------- enumeration

    def place(self, r):
        """(namespace, class or None for *) of the resource URI."""
        m = re.fullmatch(re.escape(WMI) + r"(root/[\w/]+)/(\w+|\*)", r.uri, re.I)
        if not m or m.group(1).lower() not in (wmi.V2, wmi.CIMV2):
            raise unknown_resource(r.uri)
        cls = None if m.group(2) == "*" else wmi.class_named(m.group(2))
        if m.group(2) != "*" and (not cls or wmi.NAMESPACES[cls] != m.group(1).lower()):
            raise unknown_resource(r.uri)
        return m.group(1).lower(), cls

    def chosen(self, r, e):
        """What an Enumerate asks for: [(class, instance)], and names of a projection."""
        space, cls = self.place(r)
        f = e.find(f"{{{W}}}Filter")
        if f is None or not (f.text or "").strip():
            if not cls:
                raise Fault("w:CannotProcessFilter", "A filter is needed for *.", 2150858752)
            return [(cls, o) for o in wmi.instances(self.host, cls)], None
        try:
            q = wql.parse(f.text, self.host.name)
            if q[0] == "associators":
                return [(c, o) for o, c in wmi.associated(self.host, q[1], q[2], q[4])], None
            found = wmi.class_named(q[2])
            if not found or wmi.NAMESPACES[found] != space:
                raise unknown_resource(r.uri)
            return [(found, o) for o in wmi.instances(self.host, found) if q[3](o)], q[1]
        except (wql.Error, ValueError) as err:
            raise Fault("w:CannotProcessFilter", f"The query is not valid: {err}",
                        2150858752) from err

    def items(self, r, e):
        mode = (e.findtext(f"{{{W}}}EnumerationMode") or "").strip()
        found, names = self.chosen(r, e)
        for cls, o in found:
            epr = reference(cls, {k: o[k] for k in wmi.KEYS[cls]})
            obj = fragment(names, o) if names else instance(cls, o)
            yield {"EnumerateEPR": epr, "EnumerateObjectAndEPR": f"<w:Item>{obj}{epr}</w:Item>"
                   }.get(mode, obj)

    def keep(self, items):
        context = f"uuid:{str(uuid.uuid4()).upper()}"
        self.contexts[context] = items
        return context

    def enumerate(self, r):
        e = r.child(N, "Enumerate")
        if e is None:
            raise Fault("w:SchemaValidationError", "Enumerate is missing.", 2150858817)
        items = list(self.items(r, e))
        if e.find(f"{{{W}}}OptimizeEnumeration") is None:
            return ("<n:EnumerateResponse><n:EnumerationContext>" + self.keep(items) +
                    "</n:EnumerationContext></n:EnumerateResponse>")
        # Server 2012: one item in the answer if there is more than one.
        now, later = (items, []) if len(items) <= 1 else (items[:1], items[1:])
        context, end = (self.keep(later), "") if later else ("", "<w:EndOfSequence/>")
        return (f"<n:EnumerateResponse><n:EnumerationContext>{context}</n:EnumerationContext>"
                f"<w:Items>{''.join(now)}</w:Items>{end}</n:EnumerateResponse>")

    def pull(self, r):
        e = r.child(N, "Pull")
        context = (e.findtext(f"{{{N}}}EnumerationContext") or "").strip() if e is not None else ""
        items = self.contexts.pop(context, None)
        if items is None or self.forgetful:
            raise Fault("n:InvalidEnumerationContext", "The enumeration context is not valid.",
                        2150858788)
        most = int(e.findtext(f"{{{N}}}MaxElements") or 1)
        room = min(r.max_bytes, self.max_envelope) - 2048
        n = 0
        while n < min(most, len(items)) and (n == 0 or room >= len(items[n])):
            room -= len(items[n])
            n += 1
        now, later = items[:n], items[n:]
        if self.endless:
            later = items
        more = (f"<n:EnumerationContext>{self.keep(later)}</n:EnumerationContext>" if later else "")
        end = "" if later else "<n:EndOfSequence/>"
        return f"<n:PullResponse>{more}<n:Items>{''.join(now)}</n:Items>{end}</n:PullResponse>"

    def release(self, r):
        context = r.body.find(f".//{{{N}}}EnumerationContext")
        self.contexts.pop((context.text or "").strip() if context is not None else "", None)
        return ""

    def get(self, r):
        _, cls = self.place(r)
        if not cls:
            raise unknown_resource(r.uri)
        keys = {k.lower() for k in wmi.KEYS[cls]}
        if set(r.selectors) - {"__cimnamespace"} != keys and len(keys) == 1:
            raise Fault("w:InvalidSelectors", "Selector set does not match the class.", 2150858843,
                        "http://schemas.dmtf.org/wbem/wsman/1/wsman/faultDetail/"
                        "UnexpectedSelectors")
        for o in wmi.instances(self.host, cls):
            if all(str(wql.get(o, k)).upper() == v.upper() for k, v in r.selectors.items()
                   if k in keys):
                return instance(cls, o)
        raise Fault("w:InvalidSelectors", "There is no such object.", 2150858752, shape="wmi")

    # -------------------------------------------------------------- methods

    def output(self, method, inner):
        return (f'<p:{method}_OUTPUT xmlns:p="{resource(wmi.SERVICE)}" xmlns:xsi="{XSI}">{inner}'
                f"</p:{method}_OUTPUT>")

    def do_ModifyResourceSettings(self, r):
        tag = f"{{{resource(wmi.SERVICE)}}}ResourceSettings"
        rc, made = 0, None
        for e in r.body.iter(tag):
            cls, new = embedded(e.text or "")
            if (cls or "").lower() != "msvm_memorysettingdata" or "InstanceID" not in new:
                rc = 32773
                break
            rc, job = self.host.modify(new.pop("InstanceID"), new)
            made = job or made
            if rc not in (0, 4096):
                break
        ref = reference("Msvm_ConcreteJob", {"InstanceID": made.id}, "p:Job") if made else ""
        return self.output("ModifyResourceSettings",
                           f"{ref}<p:ReturnValue>{4096 if made and not rc else rc}</p:ReturnValue>")

    def do_GetSummaryInformation(self, r):
        ns = resource(wmi.SERVICE)
        codes = [int(e.text or 0) for e in r.body.iter(f"{{{ns}}}RequestedInformation")]
        ids = [s.text or "" for s in r.body.iter(f"{{{W}}}Selector")
               if s.get("Name", "").lower() == "instanceid"]
        guids = {i.split(":")[-1].upper() for i in ids} if ids else None
        rows = []
        for o in wmi.summaries(self.host, codes, guids):
            inner = "".join(value(f"q:{k}", v) for k, v in o.items())
            rows.append('<p:SummaryInformation xmlns:q="' + WMI + wmi.V2 +
                        '/Msvm_SummaryInformation" xsi:type="q:Msvm_SummaryInformation_Type">' +
                        inner + "</p:SummaryInformation>")
        body = self.output("GetSummaryInformation",
                           "".join(rows) + "<p:ReturnValue>0</p:ReturnValue>")
        if len(body) > min(r.max_bytes, self.max_envelope):
            raise Fault("w:EncodingLimit", "The response that the WS-Management service computed "
                        "exceeds the maximum envelope size in the request.", 2150859174)
        return body
