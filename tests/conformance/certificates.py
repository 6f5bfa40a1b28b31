"""Certificates as software elsewhere makes them: an in-house authority by the openssl command."""
import os
import subprocess


def openssl(*arguments):
    run = subprocess.run(["openssl", *arguments], capture_output=True, text=True, check=False)
    assert run.returncode == 0, f"openssl {arguments}: {run.stderr}"


class Authority:
    """One authority and what it issued, as PEM files in a directory of its own."""

    def __init__(self, directory, name="in-house"):
        self.directory = directory
        os.makedirs(directory, mode=0o755)
        self.key = os.path.join(directory, "ca.key")
        self.roots = os.path.join(directory, "ca.pem")
        new_key(self.key)
        openssl("req", "-x509", "-new", "-key", self.key, "-subj", f"/CN={name}", "-days", "30",
                "-addext", "keyUsage=critical,keyCertSign,cRLSign", "-out", self.roots)

    def issue(self, name, addresses=(), days=2):
        """The paths of certificate and key for a host; made once. Negative days: expired."""
        base = os.path.join(self.directory, name)
        if not os.path.exists(base + ".pem"):
            new_key(base + ".key")
            names = ",".join([f"DNS:{name}", *addresses])
            with open(base + ".ext", "w", encoding="utf-8") as file:
                file.write(f"subjectAltName={names}\nkeyUsage=critical,digitalSignature\n"
                           "extendedKeyUsage=clientAuth,serverAuth\n"
                           "basicConstraints=critical,CA:FALSE\n")
            openssl("req", "-new", "-key", base + ".key", "-subj", f"/CN={name}", "-out",
                    base + ".csr")
            openssl("x509", "-req", "-in", base + ".csr", "-CA", self.roots, "-CAkey", self.key,
                    "-CAcreateserial", "-days", str(days), "-extfile", base + ".ext", "-out",
                    base + ".pem")
        return base + ".pem", base + ".key"

    def flags(self, name):
        """What `hansa run` wants for a host of that name."""
        certificate, key = self.issue(name)
        return ["--tls-cert", certificate, "--tls-key", key, "--tls-ca", self.roots]


def new_key(path):
    openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", path)
    os.chmod(path, 0o600)
