# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the tests in Python share: starting hvsim, and a throw-away CA."""
import json
import os
import shutil
import subprocess
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
USER, PASSWORD = "HV\\balloon", "Pa55-w0rd-of-hvsim"
POWERLESS, POWERLESS_PASSWORD = "HV\\nobody", "n0-p0wer-here"


def openssl(*args, cwd):
    subprocess.run(["openssl", *args], cwd=cwd, check=True, capture_output=True)


def certificates(where, name="localhost"):
    """A CA and a certificate for name and 127.0.0.1; paths of (ca, key and certificate)."""
    openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "ca.key", "-out", "ca.pem",
            "-subj", "/CN=hvsim test CA", "-days", "2", cwd=where)
    openssl("req", "-newkey", "rsa:2048", "-nodes", "-keyout", "host.key", "-out", "host.csr",
            "-subj", f"/CN={name}", cwd=where)
    with open(os.path.join(where, "ext"), "w") as f:
        f.write(f"subjectAltName=DNS:{name},IP:127.0.0.1\n")
    openssl("x509", "-req", "-in", "host.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-days", "2",
            "-CAcreateserial", "-extfile", "ext", "-out", "host.pem", cwd=where)
    with open(os.path.join(where, "both.pem"), "w") as out:
        for part in ("host.key", "host.pem"):
            with open(os.path.join(where, part)) as f:
                out.write(f.read())
    return os.path.join(where, "ca.pem"), os.path.join(where, "both.pem")


class Sim:
    """A running hvsim. Ends with close()."""

    def __init__(self, hosts, tls=False, name="localhost", **config):
        self.dir = tempfile.mkdtemp(prefix="hvsim-test-")
        self.ca = None
        if tls:
            self.ca, config["certificate"] = certificates(self.dir, name)
        config = {"accounts": {USER: PASSWORD, POWERLESS: POWERLESS_PASSWORD},
                  "powerless": ["nobody"], "hosts": hosts} | config
        path = os.path.join(self.dir, "hvsim.json")
        with open(path, "w") as f:
            json.dump(config, f)
        self.process = subprocess.Popen([os.path.join(HERE, "hvsim", "hvsim"), path], text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.hosts = json.loads(self.process.stdout.readline())

    def ask(self, do, host=0, **more):
        self.process.stdin.write(json.dumps({"host": host, "do": do} | more) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def guest(self, name, host=0):
        return next(g for g in self.ask("state", host)["guests"] if g["name"] == name)

    def close(self):
        self.process.stdin.close()
        self.process.wait(20)
        self.process.stdout.close()
        shutil.rmtree(self.dir)
