"""Client certificates: which of them is whose, by common name or by a name that it holds beside."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from typing import NamedTuple

from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from wharfinger_server.engine.interface.requests import Caller

_REMEMBERED = 1024


class Named(NamedTuple):
    """A certificate of the settings: the common name, or the alternative name (DNS, URI, e-mail), and whose it is."""

    subject: str
    san: str
    caller: Caller


class Shown(NamedTuple):
    """What a certificate says of who has it: its common names and its alternative ones."""

    subjects: tuple[str, ...]
    names: frozenset[str]


class Certificates:
    """Finds the caller of a certificate. Without `named` ones its common name says who calls, and all is open."""

    def __init__(self, named: Iterable[Named], otherwise: Caller | None) -> None:
        self._named = tuple(named)
        self._otherwise = otherwise
        # A connection shows the same one with every call.
        self._read: OrderedDict[bytes, Caller | str] = OrderedDict()

    def of(self, pem: bytes) -> Caller | str:
        """Return who shows it, or why it is nobody's."""
        found = self._read.get(pem)
        if found is None:
            found = self._read[pem] = self._of(pem)
            if len(self._read) > _REMEMBERED:
                self._read.popitem(last=False)
        return found

    def _of(self, pem: bytes) -> Caller | str:
        try:
            shown = read(pem)
        except ValueError as error:
            return str(error)
        for one in self._named:
            if (one.subject and shown.subjects == (one.subject,)) or (one.san and one.san in shown.names):
                return one.caller
        if self._otherwise is None:
            return "the client certificate is not one that [[certificates]] names"
        # Events, lists and logs tell who called: a name that hides or steers text is nobody's.
        if len(shown.subjects) != 1 or not shown.subjects[0].strip() or not shown.subjects[0].isprintable():
            return "show a client certificate with one common name that can be read"
        usual = self._otherwise
        return Caller(shown.subjects[0], usual.projects, usual.is_worker, usual.role, None, usual.how)


def read(pem: bytes) -> Shown:
    """Read a client's certificate, which TLS has checked. Raises ValueError for one that is for something else."""
    try:
        certificate = x509.load_pem_x509_certificate(pem)
        subjects = tuple(str(one.value) for one in certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME))
        extensions = certificate.extensions
    except ValueError:
        raise ValueError("the client certificate can't be read") from None
    try:
        usage = extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except x509.ExtensionNotFound:
        usage = None
    wanted = {ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE}
    if usage is not None and not wanted & set(usage):
        raise ValueError("the certificate is not for clients: its extended key usage lacks clientAuth")
    try:
        beside = extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return Shown(subjects, frozenset())
    kinds = (x509.DNSName, x509.UniformResourceIdentifier, x509.RFC822Name)
    return Shown(subjects, frozenset(name for kind in kinds for name in beside.get_values_for_type(kind)))
