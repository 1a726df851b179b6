"""Proofs travel as texts, and prove nothing else after they were tampered with."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifecycle.audit import merkle
from lifecycle.audit.merkle import ProofInvalid
from lifecycle.audit.note import Checkpoint
from lifecycle.audit.proof import Growth, Inclusion, parse_proof
from tests.audit import second_tree
from tests.audit.signing import Signer

LOG = Signer("school-lifecycle/one")
OTHER = Signer("school-lifecycle/two", 2)
ENTRIES = [bytes([number]) for number in range(11)]
NODE = second_tree.nodes(ENTRIES)
LEAF = merkle.leaf_hash(ENTRIES[6])
OLD = Checkpoint(LOG.key.name, 7, second_tree.mth(ENTRIES[:7]))
NEW = Checkpoint(LOG.key.name, 11, second_tree.mth(ENTRIES))
NOTE = LOG.note(NEW.text)
INCLUSION = Inclusion(6, tuple(merkle.inclusion_proof(6, 11, NODE)), NOTE)
GROWTH = Growth(7, tuple(merkle.consistency_proof(7, 11, NODE)), NOTE)


def test_a_record_is_proved_by_a_text() -> None:
    proof = parse_proof(INCLUSION.text)

    assert isinstance(proof, Inclusion)
    assert proof == INCLUSION
    assert proof.check(LEAF, [LOG.key]) == NEW
    assert INCLUSION.text.splitlines()[:2] == ["c2sp.org/tlog-proof@v1", "index 6"]


def test_growth_is_proved_by_a_text() -> None:
    proof = parse_proof(GROWTH.text)

    assert isinstance(proof, Growth)
    assert proof == GROWTH
    assert proof.check(OLD, [LOG.key]) == NEW


def test_a_proof_can_bear_the_record_it_is_about() -> None:
    whole = Inclusion(6, INCLUSION.hashes, NOTE, ENTRIES[6])
    proof = Inclusion.parse(whole.text)

    assert proof == whole
    assert proof.check(merkle.leaf_hash(proof.body), [LOG.key]) == NEW
    assert whole.text.splitlines()[1] == "extra Bg=="


def test_another_record_is_not_proved() -> None:
    with pytest.raises(ProofInvalid, match="another root"):
        INCLUSION.check(merkle.leaf_hash(b"forged"), [LOG.key])


def test_a_proof_under_a_checkpoint_of_strangers_proves_nothing() -> None:
    with pytest.raises(ProofInvalid, match=r"^none of the keys that you trust signed it$"):
        INCLUSION.check(LEAF, [OTHER.key])
    with pytest.raises(ProofInvalid, match="none of the keys"):
        GROWTH.check(OLD, [OTHER.key])


def test_growth_is_proved_for_the_checkpoint_it_begins_with_only() -> None:
    with pytest.raises(ProofInvalid, match="of school-lifecycle/two and of"):
        GROWTH.check(Checkpoint(OTHER.key.name, OLD.size, OLD.root), [LOG.key])
    with pytest.raises(ProofInvalid, match="begins at 7"):
        GROWTH.check(Checkpoint(OLD.origin, 6, OLD.root), [LOG.key])
    with pytest.raises(ProofInvalid, match="other roots"):
        GROWTH.check(Checkpoint(OLD.origin, 7, bytes(32)), [LOG.key])


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "begins with"),
        ("c2sp.org/tlog-proof@v2\nindex 1\n\nnote", "begins with"),
        ("c2sp.org/tlog-proof@v1\n\nnote", "'index'"),
        ("c2sp.org/tlog-proof@v1\nextra AA==\n\nnote", "'index'"),
        ("c2sp.org/tlog-proof@v1\nextra A\nindex 1\n\nnote", "^the record is not base64$"),
        ("c2sp.org/tlog-proof@v1\nindex 01\n\nnote", "no number"),
        ("c2sp.org/tlog-proof@v1\nindex 1\nAAAA\n\nnote", "32 bytes"),
        ("old 1\n????\n\nnote", "not base64"),
        ("old 1\n" + "AAAA\n" * 129 + "\nnote", "at most 128"),
        ("old 1\n" + "A" * 140_000, "at most 131072"),
    ],
)
def test_what_is_no_proof_is_refused_in_words(text: str, told: str) -> None:
    with pytest.raises(ProofInvalid, match=told):
        parse_proof(text)


@pytest.mark.parametrize("text", [INCLUSION.text, GROWTH.text])
@given(data=st.data())
def test_no_changed_character_of_a_proof_is_taken(text: str, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(text) - 1))
    letter = data.draw(st.characters(codec="utf-8").filter(lambda sign: sign != text[place]))

    with pytest.raises(ProofInvalid):
        taken(text[:place] + letter + text[place + 1 :])


@pytest.mark.parametrize("text", [INCLUSION.text, GROWTH.text])
@given(data=st.data())
def test_no_shortened_proof_is_taken(text: str, data: st.DataObject) -> None:
    with pytest.raises(ProofInvalid):
        taken(text[: data.draw(st.integers(0, len(text) - 1))])


def taken(text: str) -> Checkpoint:
    proof = parse_proof(text)
    if isinstance(proof, Growth):
        return proof.check(OLD, [LOG.key])
    return proof.check(LEAF, [LOG.key])


def test_a_proof_has_as_many_hashes_as_it_may() -> None:
    longest = Inclusion(6, (LEAF,) * 128, NOTE)

    assert Inclusion.parse(longest.text) == longest
    with pytest.raises(ProofInvalid, match="at most 128"):
        Inclusion.parse(Inclusion(6, (LEAF,) * 129, NOTE).text)


def test_a_proof_of_the_greatest_length_is_read() -> None:
    head = "old 1\n\n"
    text = head + "n" * (131_072 - len(head))

    assert Growth.parse(text).note == "n" * (131_072 - len(head))
    with pytest.raises(ProofInvalid, match="at most 131072"):
        Growth.parse(text + "n")
