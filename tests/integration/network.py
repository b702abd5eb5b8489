"""Hosts of their own in network namespaces, on one switch, whose cables can be pulled.

Every address is known inside these namespaces only. Where they cannot be made (not root, no iproute2, not permitted)
the tests skip and say so.
"""

import contextlib
import ctypes
import os
import shutil
import subprocess

import pytest

CLONE_NEWNET = 0x40000000
SUBNET = "10.91.0."


def ip(*arguments):
    return subprocess.run(["ip", *map(str, arguments)], check=True, capture_output=True, text=True).stdout


class Host:
    """A network namespace with one cable to the switch."""

    def __init__(self, network, name, number):
        self.network, self.port, self.address = network, name, f"{SUBNET}{number}"
        self.namespace = f"{network.prefix}-{name}"
        ip("netns", "add", self.namespace)
        network.namespaces.append(self.namespace)
        ip("-n", network.switch, "link", "add", self.port, "type", "veth", "peer", "name", "eth0", "netns", self.namespace)
        ip("-n", network.switch, "link", "set", self.port, "master", "switch", "up")
        ip("-n", self.namespace, "address", "add", f"{self.address}/24", "dev", "eth0")
        ip("-n", self.namespace, "link", "set", "lo", "up")
        ip("-n", self.namespace, "link", "set", "eth0", "up")

    @property
    def within(self):
        """The words before a command that shall run on this host."""
        return ["ip", "netns", "exec", self.namespace]

    def cut(self):
        """From now on whatever it sends, and is sent, vanishes; the link still looks up."""
        ip("-n", self.network.switch, "link", "set", self.port, "nomaster")

    def heal(self):
        ip("-n", self.network.switch, "link", "set", self.port, "master", "switch")

    def lose(self, other):
        """These two hosts alone no longer reach each other."""
        for host, lost in ((self, other), (other, self)):
            ip("-n", host.namespace, "route", "add", "blackhole", lost.address)

    def find(self, other):
        for host, lost in ((self, other), (other, self)):
            ip("-n", host.namespace, "route", "delete", "blackhole", lost.address)

    def enter(self):
        """Moves the calling thread to this host."""
        with open(f"/run/netns/{self.namespace}", "rb") as namespace:
            if ctypes.CDLL(None, use_errno=True).setns(namespace.fileno(), CLONE_NEWNET) != 0:
                raise OSError(ctypes.get_errno(), f"setns {self.namespace}")


class Network:
    def __init__(self):
        self.prefix = f"millrace-{os.urandom(3).hex()}"
        self.switch = f"{self.prefix}-switch"
        self.namespaces = []
        self.hosts = 0

    def begin(self):
        ip("netns", "add", self.switch)
        self.namespaces.append(self.switch)
        ip("-n", self.switch, "link", "add", "switch", "type", "bridge")
        ip("-n", self.switch, "link", "set", "switch", "up")

    def host(self, name):
        self.hosts += 1
        return Host(self, name, self.hosts)

    def end(self):
        for namespace in self.namespaces:
            ip("netns", "delete", namespace)


@contextlib.contextmanager
def running_network():
    if os.geteuid() != 0 or shutil.which("ip") is None:
        pytest.skip("network namespaces need root and ip (package iproute2)")
    network = Network()
    try:
        try:
            network.begin()
        except subprocess.CalledProcessError as failure:
            pytest.skip(f"network namespaces cannot be made here: {failure.stderr.strip()}")
        yield network
    finally:
        network.end()
