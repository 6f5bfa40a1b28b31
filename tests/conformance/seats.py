"""A seat with an authority of its own, and hosts that join it, each with its own prefix."""
import json

from rig import equal, free_port


def graph(t, name):
    return t.graph(f"{name}.yaml", f"""
graph: {name}
resources:
  file:
  - {{name: own, path: T/{name}-own, content: own}}
""")


class Seat:
    """An authority under its own prefix, and the agent beside it."""

    def __init__(self, t, *flags, name="seat"):
        self.t, self.name, self.flags = t, name, flags
        self.prefix = t.at(f"state-{name}")
        self.env = {**t.env, "HANSA_PREFIX": self.prefix}
        made = t.command("ca", "init", "--name", "c1", env=self.env)
        equal(made.returncode, 0, made.stderr)
        self.address = f"127.0.0.1:{free_port()}"
        # Hosts know the store by its address, and the default one is anybody's while it restarts.
        self.store = f"127.0.0.1:{free_port()}"
        self.start()

    def start(self):
        self.agent = self.t.run(graph(self.t, self.name), "--hostname", self.name,
                                "--join-listen", self.address, "--client-urls", self.store, *self.flags,
                                env=self.env)
        self.agent.wait_for("store_changed", state="connected")

    def token(self, *flags):
        made = self.t.command("token", "create", *flags, env=self.env)
        equal(made.returncode, 0, made.stderr)
        return made.stdout.strip()

    def tokens(self):
        listed = self.t.command("token", "list", "--json", env=self.env)
        equal(listed.returncode, 0, listed.stderr)
        return json.loads(listed.stdout)["tokens"]


def join(t, name, token, *flags, prefix=None, file=None):
    """A host with a prefix of its own; the token comes by the environment, as it should."""
    env = {**t.env, "HANSA_PREFIX": t.at(prefix or f"state-{name}"), "HANSA_JOIN": token}
    return t.run(file or graph(t, name), "--hostname", name, *flags, env=env)
