# SPDX-License-Identifier: LGPL-2.1-or-later
"""HTTP for a host's endpoint: connections, authentication, sealed messages, and
every kind of mischief a broken or hostile server could do."""
import re
import socket
import socketserver
import ssl
import threading
import time

import auth
import soap

PLAIN = "application/soap+xml;charset=UTF-8"
REASONS = {200: "OK", 302: "Found", 400: "Bad Request", 401: "Unauthorized", 404: "Not Found",
           500: "Internal Server Error"}


class Endpoint:
    """A host, who may come in, and how it behaves."""

    def __init__(self, host, accounts, powerless, schemes=("Negotiate", "Basic"),
                 unencrypted=True):
        self.host, self.service = host, soap.Service(host)
        self.accounts, self.powerless = accounts, powerless
        self.schemes, self.unencrypted = schemes, unencrypted
        self.mischief = None
        self.hush = threading.Event()
        self.requests = self.posts = self.refused = 0
        self.log = None           # a list: every plain request is kept there
        self.lock = threading.Lock()

    def count(self, what):
        with self.lock:
            setattr(self, what, getattr(self, what) + 1)

    def envelope(self, text, user):
        self.count("requests")
        if self.log is not None:
            self.log.append(text.decode("utf-8", "replace"))
        try:
            r = soap.Request(text)
            identify, relates = r.child(soap.WSMID, "Identify") is not None, r.message_id
        except soap.Fault:
            identify, relates = False, ""
        if user in self.powerless and not identify:
            return 500, soap.fault(soap.denied(), relates)
        f = FAULTS.get(self.mischief)
        if f and not identify:
            return f.status, soap.fault(f, relates)
        self.service.endless = self.mischief == "endless"
        self.service.forgetful = self.mischief == "lost-context"
        status, out = self.service.answer(text)
        return status, SPOIL.get(self.mischief, lambda x: x)(out)


FAULTS = {
    "timed-out": soap.Fault("w:TimedOut", "The operation timed out.", 2150858793),
    "fault-bare": soap.Fault("", "", 0, shape="bare"),
    "fault-wmi": soap.Fault("w:InternalError", "Provider failure", 2147749890, shape="wmi"),
    "fault-400": soap.Fault("w:SchemaValidationError", "No.", 2150858817, status=400),
    "no-role": soap.unknown_resource("…/root/virtualization/v2"),
}


def other_prefixes(text):
    """The same document under other prefixes."""
    def tag(m):
        t = re.sub(r"(</?|xmlns:|\s)([sawnpq])(?=[:=])", r"\g<1>odd-\2", m.group(0))
        return re.sub(r'(xsi:type=")([pq])(?=:)', r"\1odd-\2", t)
    return re.sub(r"<[^>]*>", tag, text)


BOMB = ('<!DOCTYPE s:Envelope [<!ENTITY a "' + "lol" * 100 + '"><!ENTITY b "' + "&a;" * 100 +
        '"><!ENTITY c "' + "&b;" * 100 + '"><!ENTITY x SYSTEM "file:///etc/passwd">]>')
SPOIL = {
    "truncated": lambda x: x[:len(x) * 2 // 3],
    "garbage": lambda x: "\x00\xff<<<" + x[::-1],
    "wrong-namespace": lambda x: x.replace(soap.S, soap.S + "#").replace("/v2/", "/v9/"),
    "deep": lambda x: "<a>" * 100000 + "</a>" * 100000,
    "entities": lambda x: BOMB + x.replace("</s:Body>", "&c;&x;</s:Body>"),
    "wrong-relates": lambda x: re.sub("(<a:RelatesTo>)", r"\1other", x),
    "prefixes": other_prefixes,
    "not-numbers": lambda x: re.sub(r">-?\d+<", ">99999999999999999999999<", x),
    "negative": lambda x: re.sub(r">(\d+)<", r">-\1<", x),
    "empty": lambda x: "",
    "html": lambda x: "<html><body>Proxy error</body></html>",
}


class Handler(socketserver.StreamRequestHandler):
    """One connection. Written out, since http.server knows better than to do
    most of what is wanted here."""
    disable_nagle_algorithm = True

    @property
    def ep(self):
        return self.server.endpoint

    def setup(self):
        if self.server.tls:
            self.request.settimeout(20)
            self.request = self.server.tls.wrap_socket(self.request, server_side=True)
        super().setup()
        self.auth = auth.Connection(self.ep.accounts)
        with self.server.lock:
            self.server.connections.add(self.connection)

    def finish(self):
        with self.server.lock:
            self.server.connections.discard(self.connection)
        try:
            super().finish()
        except OSError:
            pass

    def handle(self):
        try:
            while self.one():
                pass
        except (OSError, ValueError):
            pass

    def read_head(self):
        line = self.rfile.readline(65536)
        headers = {}
        while line:
            h = self.rfile.readline(65536).decode("latin-1")
            if not h.strip():
                break
            name, _, value = h.partition(":")
            headers[name.strip().lower()] = value.strip()
        return line.decode("latin-1").split(), headers

    def one(self):
        words, headers = self.read_head()
        if len(words) < 3:
            return False
        if headers.get("expect", "").lower() == "100-continue":
            self.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        body = self.rfile.read(int(headers.get("content-length", 0)))
        self.ep.count("posts")
        if self.ep.mischief == "hang":
            self.ep.hush.wait()
            return False
        if words[0] != "POST" or not words[1].split("?")[0].rstrip("/").endswith("/wsman"):
            self.send(404, b"", "text/plain")
            return True
        if self.ep.mischief == "redirect":
            self.send(302, b"", PLAIN, [f"Location: http://127.0.0.1:{self.server.server_address[1]}/wsman"])
            return True
        return self.authorize(headers, body)

    # -------------------------------------------------------- authentication

    def challenge(self, token=None, scheme="Negotiate"):
        self.ep.count("refused")
        if token is not None:
            lines = [f"WWW-Authenticate: {scheme} {token}"]
        else:
            lines = ["WWW-Authenticate: " + ('Basic realm="WSMAN"' if s == "Basic" else s)
                     for s in self.ep.schemes]
        self.send(401, b"", PLAIN, lines)
        return True

    def authorize(self, headers, body):
        scheme, _, token = headers.get("authorization", "").partition(" ")
        if self.ep.mischief == "auth-loop":
            return self.challenge(token or "TlRMTVNTUAACAAAA")
        if scheme.lower() == "basic" and "Basic" in self.ep.schemes:
            user = self.auth.basic(token)
            if not user or not (self.server.tls or self.ep.unencrypted):
                return self.challenge()
            return self.reply(headers, body, user, None)
        if scheme in ("Negotiate", "NTLM", "Kerberos") and scheme in self.ep.schemes:
            return self.leg(scheme, token, headers, body)
        if self.auth.user and not scheme:
            return self.reply(headers, body, self.auth.user, None)
        return self.challenge()

    def leg(self, scheme, token, headers, body):
        import base64
        try:
            done, out = self.auth.negotiate(token)
        except Exception:  # whatever GSSAPI did not like: not let in
            return self.challenge()
        text = base64.b64encode(out).decode() if out else ""
        if not done:
            return self.challenge(text, scheme)
        if self.ep.mischief == "cut":
            return False
        line = f"WWW-Authenticate: {scheme} {text}" if text else None
        if not body:
            self.send(200, b"", PLAIN, [line] if line else [])
            return True
        return self.reply(headers, body, self.auth.user, line)

    # --------------------------------------------------------------- answers

    def reply(self, headers, body, user, line):
        kind = headers.get("content-type", "")
        sealed = re.search(r'protocol="([^"]+)"', kind) if "multipart/encrypted" in kind else None
        if sealed:
            body = self.auth.unseal(body)
        elif not self.server.tls and not self.ep.unencrypted:
            return self.challenge()
        if self.ep.mischief == "slow":
            self.ep.hush.wait(3)
        status, text = self.ep.envelope(body, user)
        out, kind = text.encode("utf-8", "surrogateescape"), PLAIN
        if sealed:
            out = self.auth.seal(out, sealed.group(1))
            kind = (f'multipart/encrypted;protocol="{sealed.group(1)}";'
                    'boundary="Encrypted Boundary"')
        return self.deliver(status, out, kind, [line] if line else [])

    def deliver(self, status, out, kind, lines):
        if self.ep.mischief == "huge":
            self.head(status, 1 << 40, kind, lines)
            while True:
                self.wfile.write(b"<a>" * 20000)
        if self.ep.mischief == "drip":
            self.head(status, len(out), kind, lines)
            for i in range(len(out)):
                self.wfile.write(out[i:i + 1])
                if self.ep.hush.wait(0.05):
                    return False
        if self.ep.mischief == "half":
            self.head(status, len(out), kind, lines)
            self.wfile.write(out[:len(out) // 2])
            return False
        if self.ep.mischief == "bad-seal":
            out = out.replace(b"Length=", b"Length=9", 1)[:-40] + out[-40:][::-1]
        self.send(status, out, kind, lines)
        return True

    def head(self, status, length, kind, lines):
        text = [f"HTTP/1.1 {status} {REASONS[status]}", "Server: Microsoft-HTTPAPI/2.0",
                f"Content-Type: {kind}", f"Content-Length: {length}", *lines]
        self.wfile.write("\r\n".join(text + ["", ""]).encode("latin-1"))

    def send(self, status, out, kind, lines=()):
        self.head(status, len(out), kind, lines)
        self.wfile.write(out)
        self.wfile.flush()


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, port, endpoint, certificate=None):
        self.endpoint, self.tls = endpoint, None
        self.connections, self.lock = set(), threading.Lock()
        if certificate:
            self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.tls.load_cert_chain(certificate)
        super().__init__(("127.0.0.1", port), Handler)

    def handle_error(self, request, client_address):
        pass  # clients that go away are none of ours

    def start(self):
        threading.Thread(target=self.serve_forever, daemon=True).start()
        return self.server_address[1]

    def drop(self):
        """Ends every connection, as a host that reboots."""
        with self.lock:
            for c in self.connections:
                try:
                    c.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass


def tick(hosts, speed):
    """Real time, speed times as fast."""
    while True:
        time.sleep(1 / speed)
        for h in hosts:
            h.step(1.0)
