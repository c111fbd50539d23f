# SPDX-License-Identifier: LGPL-2.1-or-later
"""Who is at the other end of a connection: Basic, or Negotiate (NTLM, SPNEGO,
Kerberos) by GSSAPI, whose keys also seal messages on plain http."""
import base64
import re
import struct

SEALED = "application/HTTP-SPNEGO-session-encrypted"
KERBEROS = "application/HTTP-Kerberos-session-encrypted"


def gss():
    import gssapi  # not needed, and perhaps not there, where only Basic is spoken
    return gssapi


class Connection:
    """The state of one connection's authentication."""

    def __init__(self, accounts):
        self.accounts = accounts  # {user: password}, users in lower case without domain
        self.context = None
        self.user = None

    def basic(self, text):
        try:
            user, password = base64.b64decode(text).decode().split(":", 1)
        except ValueError:
            return False
        user = user.replace("/", "\\").split("\\")[-1].lower()
        return self.accounts.get(user) == password and bool(user) and user

    def negotiate(self, text):
        """One leg. Returns (done, token to answer with, or None); raises on a refusal."""
        if self.context is None or self.context.complete:
            self.context, self.user = gss().SecurityContext(usage="accept"), None
        try:
            out = self.context.step(base64.b64decode(text))
        except Exception:
            self.context = None
            raise
        if self.context.complete:
            name = str(self.context.initiator_name).rstrip("\0")  # gss-ntlmssp counts it in
            self.user = re.split(r"[\\]", name)[-1].split("@")[0].lower()
        return self.context.complete, out

    # ---------------------------------------------------------------- sealing

    def unseal(self, body):
        """The plain message in a multipart/encrypted body; ValueError if it is none."""
        m = re.match(rb"--Encrypted Boundary\r\n\s*Content-Type: ([^\r]+)\r\n\s*OriginalContent: "
                     rb"type=([^\r]+);Length=(\d+)\r\n--Encrypted Boundary\r\n\s*Content-Type: "
                     rb"application/octet-stream\r\n", body)
        if not m or not body.endswith(b"--Encrypted Boundary--\r\n"):
            raise ValueError("not a sealed message")
        data = body[m.end():-len(b"--Encrypted Boundary--\r\n")]
        (n,) = struct.unpack("<I", data[:4])
        if m.group(1).decode() == KERBEROS:
            plain = gss().raw.IOV((gss().raw.IOVBufferType.header, False, data[4:4 + n]),
                                  (gss().raw.IOVBufferType.data, False, data[4 + n:]),
                                  std_layout=False)
            gss().raw.unwrap_iov(self.context, plain)
            text = plain[1].value
        else:
            text = self.context.unwrap(data[4:]).message
        if len(text) != int(m.group(3)):
            raise ValueError("its length is not what it says")
        return text

    def seal(self, plain, protocol):
        if protocol == KERBEROS:
            t = gss().raw.IOVBufferType
            iov = gss().raw.IOV((t.header, True), (t.data, False, plain), (t.padding, True),
                                std_layout=False)
            gss().raw.wrap_iov(self.context, iov, confidential=True)
            head, token = iov[0].value, iov[1].value + (iov[2].value or b"")
        else:
            token = self.context.wrap(plain, True).message
            head, token = token[:16], token[16:]
        return (b"--Encrypted Boundary\r\n\tContent-Type: " + protocol.encode() +
                b"\r\n\tOriginalContent: type=application/soap+xml;charset=UTF-8;Length=" +
                str(len(plain)).encode() + b"\r\n--Encrypted Boundary\r\n"
                b"\tContent-Type: application/octet-stream\r\n" +
                struct.pack("<I", len(head)) + head + token + b"--Encrypted Boundary--\r\n")
