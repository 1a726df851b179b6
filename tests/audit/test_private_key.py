"""The private key lies in a file of one line, and what it signs is a note."""

import pytest

from lifecycle import signing
from lifecycle.audit.note import NoteInvalid, open_checkpoint
from lifecycle.audit.private_key import PrivateKey

# The example of the documentation of golang.org/x/mod/sumdb/note.
NEUMANN = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz\n"


def test_a_key_file_that_another_program_wrote_is_read() -> None:
    key = PrivateKey.parse(NEUMANN, signing.public_key)

    assert key.text == NEUMANN
    assert key.key.text == "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
    assert "AYEK" not in repr(key)


def test_what_a_new_key_signs_is_opened_with_its_public_half() -> None:
    key = PrivateKey.of("log", signing.new_private_key(), signing.public_key)
    text = f"log\n1\n{'A' * 43}=\n"
    note = key.note(text, signing.sign)
    signature = signing.sign(key.private, text.encode())

    assert open_checkpoint(note, [key.key]).size == 1
    assert signing.verify(key.key.public, text.encode(), signature)
    assert not signing.verify(key.key.public, b"other", signature)
    assert not signing.verify(b"short", b"other", signature)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "PRIVATE+KEY+x",
        NEUMANN.replace("PRIVATE", "PUBLIC"),
        NEUMANN.replace("c74f20a3", "c74f20a4"),
        NEUMANN.replace("+AYEK", "+AoEK"),
        "PRIVATE+KEY+name+00000000+AQAA",
    ],
)
def test_what_is_no_key_file_is_refused(text: str) -> None:
    with pytest.raises(NoteInvalid):
        PrivateKey.parse(text, signing.public_key)
