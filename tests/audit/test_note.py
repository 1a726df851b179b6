"""Checkpoints are C2SP's signed notes, and are believed only when a trusted key signed them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifecycle.audit.note import (
    Checkpoint,
    Note,
    NoteInvalid,
    Signature,
    VerifierKey,
    hash_from,
    number_from,
    open_checkpoint,
    origin_line,
    parse_note,
    signers,
)
from tests.audit.signing import Signer

# The example of the documentation of golang.org/x/mod/sumdb/note, where the format comes from.
NEUMANN = VerifierKey.parse("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW")
NOTE = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
    "\n"
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngot"
    "pRZb6KE6RyyBwJnAM=\n"
)
# The example of C2SP's tlog-checkpoint.
SOFA = (
    "example.com/behind-the-sofa\n"
    "20852163\n"
    "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
    "\n"
    "— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv"
    "2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n"
)
LOG = Signer("school-lifecycle/one")
ROOT = bytes(range(32))
SOUND = LOG.checkpoint(5, ROOT)


def test_a_note_that_another_program_signed_is_verified() -> None:
    note = parse_note(NOTE)

    assert signers(note, [NEUMANN]) == [NEUMANN]
    assert note.whole == NOTE
    assert NEUMANN.text.startswith("PeterNeumann+c74f20a3+")


def test_a_checkpoint_that_another_program_wrote_is_read() -> None:
    checkpoint = Checkpoint.parse(parse_note(SOFA).text)

    assert (checkpoint.origin, checkpoint.size) == ("example.com/behind-the-sofa", 20852163)
    assert SOFA.startswith(checkpoint.text)


def test_the_log_s_own_checkpoint_is_opened() -> None:
    assert open_checkpoint(SOUND, [NEUMANN, LOG.key]) == Checkpoint(LOG.key.name, 5, ROOT)
    assert origin_line("one") == LOG.key.name


def test_signatures_of_strangers_are_passed_over() -> None:
    witness, text = Signer("witness", 2), Checkpoint(LOG.key.name, 5, ROOT).text
    note = Note(text, (witness.signature(text), LOG.signature(text))).whole

    assert open_checkpoint(note, [LOG.key]).size == 5
    assert signers(parse_note(note), [LOG.key, witness.key]) == [witness.key, LOG.key]


def test_a_note_that_one_key_signed_twice_is_refused() -> None:
    body, line = SOUND.split("\n\n")
    twice = f"{body}\n\n{line}{line}"

    with pytest.raises(NoteInvalid, match="the key of school-lifecycle/one signed it twice"):
        open_checkpoint(twice, [LOG.key])
    # What strangers signed says nothing, however often they did.
    stranger = Signer("stranger")
    by_stranger = stranger.signature(f"{body}\n").line
    doubled = f"{body}\n\n{by_stranger}\n{by_stranger}\n{line}"
    assert open_checkpoint(doubled, [LOG.key]).size == 5


def test_a_checkpoint_that_only_a_witness_signed_is_not_the_log_s() -> None:
    witness, text = Signer("witness", 2), Checkpoint(LOG.key.name, 5, ROOT).text

    with pytest.raises(NoteInvalid, match="the key of school-lifecycle/one did not sign it"):
        open_checkpoint(witness.note(text), [witness.key, LOG.key])


@pytest.mark.parametrize(
    "forged",
    [
        SOUND.replace("\n5\n", "\n6\n"),
        SOUND.replace("/one\n", "/two\n", 1),
        Note(
            parse_note(SOUND).text,
            (Signature(LOG.key.name, LOG.key.key_id, bytes(64)),),
        ).whole,
        Signer(LOG.key.name, 2).checkpoint(5, ROOT),
    ],
)
def test_a_forged_checkpoint_is_refused(forged: str) -> None:
    with pytest.raises(NoteInvalid):
        open_checkpoint(forged, [LOG.key])


@pytest.mark.no_cover  # thousands of the same, which takes twice as long if measured
@given(st.data())
def test_no_changed_character_of_a_checkpoint_is_taken(data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(SOUND) - 1))
    letter = data.draw(st.characters(codec="utf-8").filter(lambda sign: sign != SOUND[place]))

    with pytest.raises(NoteInvalid):
        open_checkpoint(SOUND[:place] + letter + SOUND[place + 1 :], [LOG.key])


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "a note is"),
        ("one line\n", "a note is"),
        ("text\n\n— name AAAAAAA=", "a note is"),
        ("text\n\nname AAAAAAA=\n", "no line of a signature"),
        ("text\n\n- name AAAAAAA=\n", "no line of a signature"),
        ("text\n\n— na+me AAAAAAA=\n", "no line of a signature"),
        ("text\n\n— name AAAA\n", "too short"),
        ("text\n\n— name AAAAAA==\n", "too short"),
        ("text\n\n— name AAAAAAB=\n", "one spelling"),
        ("text\n\n— name AAAAAAA\n", "not base64"),
        ("text\n\n— name AAA?AAAA=\n", "not base64$"),
        ("text\n\n— name ÄAAAAAA=\n", "not base64"),
        ("te\rxt\n\n— name AAAAAAA=\n", "control character"),
        ("te\ud800xt\n\n— name AAAAAAA=\n", "UTF-8"),
        ("x" * 70_000, "at most 65536"),
        ("text\n\n" + "— name AAAAAAA=\n" * 65, "at most 64"),
    ],
)
def test_what_is_no_note_is_refused_in_words(text: str, told: str) -> None:
    with pytest.raises(NoteInvalid, match=told):
        parse_note(text)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("log\n5\n", "three lines"),
        ("\n5\nAAAA\n", "three lines"),
        (f"log\n5\n{'A' * 43}=\nmore\n", "three lines"),
        ("log\n05\nAAAA\n", "the size"),
        ("log\n-5\nAAAA\n", "the size"),
        ("log\n9999999999999999999\nAAAA\n", "the size"),
        ("log\n٥\nAAAA\n", "the size"),
        ("log\n5\nAAAA\n", "32"),
    ],
)
def test_what_is_no_checkpoint_is_refused_in_words(text: str, told: str) -> None:
    with pytest.raises(NoteInvalid, match=told):
        Checkpoint.parse(text)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "base64|Ed25519"),
        ("name", "Ed25519"),
        (LOG.key.text.replace("+" + LOG.key.key_id.hex(), "+00000000"), "mistyped"),
        (LOG.key.text.replace("school", "schools"), "mistyped"),
        (LOG.key.text.replace("/", "/ ", 1), "no name of a key"),
        ("name+00000000+AgAA", "Ed25519"),
        ("name+00000000+AQAA", "32 bytes"),
        ("name+00000000+A", "not base64"),
    ],
)
def test_what_is_no_key_is_refused_in_words(text: str, told: str) -> None:
    with pytest.raises(NoteInvalid, match=told):
        VerifierKey.parse(text)


def test_a_key_line_is_read_as_it_was_written() -> None:
    assert VerifierKey.parse(f"{LOG.key.text}\n") == LOG.key


def test_a_note_of_the_greatest_length_is_read() -> None:
    tail = "\n\n— name AAAAAAA=\n"
    text = "x" * (65_536 - len(tail)) + tail

    assert parse_note(text).text == "x" * (65_536 - len(tail)) + "\n"
    with pytest.raises(NoteInvalid, match="at most 65536"):
        parse_note("x" + text)


def test_a_note_has_as_many_signatures_as_it_may() -> None:
    assert len(parse_note("text\n\n" + "— name AAAAAAA=\n" * 64).signatures) == 64


def test_a_control_character_is_none_even_if_it_is_the_last_below_the_space() -> None:
    with pytest.raises(NoteInvalid, match="control character"):
        parse_note("te\x1fxt\n\n— name AAAAAAA=\n")
    assert parse_note("te xt\n\n— name AAAAAAA=\n").text == "te xt\n"


def test_a_size_reaches_to_the_last_leaf_that_a_database_counts() -> None:
    assert number_from("9223372036854775807") == 2**63 - 1
    with pytest.raises(NoteInvalid, match="the number is '9223372036854775808'"):
        number_from("9223372036854775808")


def test_a_hash_is_read_in_its_one_length() -> None:
    assert hash_from("A" * 43 + "=") == bytes(32)
    with pytest.raises(NoteInvalid, match="a hash has 32 bytes, not 31"):
        hash_from("A" * 42 + "==")


def test_what_is_wrong_is_shown_in_part_where_it_is_long() -> None:
    with pytest.raises(NoteInvalid) as line:
        parse_note("text\n\n" + "x" * 100 + "\n")
    with pytest.raises(NoteInvalid) as number:
        number_from("x" * 100)

    assert line.value.message.parameters == {"line": "x" * 80}
    assert number.value.message.parameters["found"] == "x" * 40
