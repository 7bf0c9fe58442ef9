from __future__ import annotations

import ssl
from pathlib import Path

import pytest
import trustme

from exporter.api.errors import CredentialsError
from exporter.api.tls import Tls


def write(authority: trustme.CA, file: Path) -> None:
    """Replaces the file, as a projected volume does."""
    file.unlink(missing_ok=True)
    authority.cert_pem.write_to_path(file)


def trusted(context: ssl.SSLContext) -> list[object]:
    """The serial numbers of the authorities in a context."""
    return [found["serialNumber"] for found in context.get_ca_certs()]


def test_a_context_is_kept_until_a_file_is_replaced(tmp_path: Path) -> None:
    """Making one takes milliseconds; an authority that was replaced is taken up at once."""
    file = tmp_path / "ca.pem"
    write(trustme.CA(), file)
    tls = Tls(ca_file=str(file))
    first = tls.context()
    assert tls.context() is first
    write(trustme.CA(), file)
    second = tls.context()
    assert second is not first
    assert trusted(second) != trusted(first)


@pytest.mark.parametrize("content", [None, b"", b"half a certific"])
def test_a_file_that_is_being_replaced_does_not_spoil_the_last_good_context(
    tmp_path: Path, content: bytes | None
) -> None:
    """And is taken up when it is whole again."""
    file = tmp_path / "ca.pem"
    write(trustme.CA(), file)
    tls = Tls(ca_file=str(file))
    good = tls.context()
    file.unlink()
    if content is not None:
        file.write_bytes(content)
    assert tls.context() is good
    write(trustme.CA(), file)
    assert tls.context() is not good


def test_what_go_accepts_is_accepted() -> None:
    """Authorities of older clusters lack extensions that newer Pythons insist on by default."""
    assert not Tls().context().verify_flags & ssl.VERIFY_X509_STRICT
    assert Tls().context().verify_mode is ssl.CERT_REQUIRED


def test_a_certificate_without_its_key_is_told(tmp_path: Path) -> None:
    """One line that names the file."""
    mine = trustme.CA().issue_cert("me@example.com")
    file = tmp_path / "me.pem"
    file.write_bytes(mine.cert_chain_pems[0].bytes())
    with pytest.raises(CredentialsError, match=r"the client certificate .*me.pem can't be used: "):
        Tls(cert_file=str(file), key_file=str(file)).context()
