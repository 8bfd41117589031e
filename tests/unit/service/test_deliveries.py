"""R19: deliveries of webhooks are hints. They mark tickets and have them gathered; nothing else comes of them."""

import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import jwt
import pytest
from msgspec.structs import replace

from tests.fakes.world import World
from ticket_status.core.model import Absence, Ticket, TicketKey
from ticket_status.core.webhooks import Signing, Tally, Webhook, WebhookMode, counted
from ticket_status.core.work import NewTicketsWork
from ticket_status.jira.delivery_signatures import JiraDeliverySignatures
from ticket_status.ports.webhooks import HookKeys
from ticket_status.service.tickets.deliveries import Delivery, Received

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
REF = "cloud-abc~k3f7xq"
SECRET = "It's a Secret to Everybody"
CLIENT_SECRET = "of-an-app-of-atlassian-" + "x" * 32


class Stage(World):
    """A world with one webhook and a ticket."""

    def __init__(self, signing: Signing = Signing.HMAC) -> None:
        super().__init__()
        self.clock.now = NOW
        self.webhooks.put(Webhook(REF, "cloud-abc", WebhookMode.MANUAL, signing, NOW))
        self.hook_keys.write(REF, HookKeys(SECRET if signing is Signing.HMAC else CLIENT_SECRET))
        self.ticket("10001")
        self.tickets.new.clear()

    def ticket(self, ticket_id: str, created_at: datetime = NOW) -> TicketKey:
        key = TicketKey(REF, ticket_id)
        self.tickets.add(Ticket(key, "ABC-1", created_at, "https://abc.example"), NOW)
        return key

    def deliver(  # noqa: PLR0913 - each is a part of a delivery
        self,
        issue_id: str = "10001",
        *,
        identifier: str = "a",
        secret: str = SECRET,
        headers: Mapping[str, str] | None = None,
        hook_id: str = REF,
        body: bytes | None = None,
    ) -> Received:
        raw = updated(issue_id) if body is None else body
        signed = signature(raw, secret) if headers is None else headers
        known = {"x-atlassian-webhook-identifier": identifier, **signed}
        return self.receiving.receive(Delivery(hook_id, known, raw))

    def counted(self, tally: Tally) -> int:
        return counted(self.webhooks.webhooks[REF], tally, self.clock())

    @property
    def waiting(self) -> set[str]:
        return {key.ticket_id for key in self.tickets.new}


def updated(issue_id: str, field: str = "status", key: str = "ABC-1") -> bytes:
    issue = {"id": issue_id, "key": key, "fields": {"status": {"name": "Done"}}}
    items = [{"field": field, "fieldId": field}]
    return json.dumps({"webhookEvent": "jira:issue_updated", "issue": issue, "changelog": {"items": items}}).encode()


def signature(body: bytes, secret: str, method: str = "sha256") -> dict[str, str]:
    return {"x-hub-signature": f"{method}={hmac.new(secret.encode(), body, method).hexdigest()}"}


def test_atlassians_own_test_vector_holds() -> None:
    told = "sha256=a4771c39fbe90f317c7824e83ddef3caae9cb3d976c214ace1f2937e133263c9"
    headers = {"x-hub-signature": told}
    assert JiraDeliverySignatures().holds(Signing.HMAC, headers, b"Hello World!", [SECRET], NOW)
    assert not JiraDeliverySignatures().holds(Signing.HMAC, headers, b"Hello World?", [SECRET], NOW)


def test_a_delivery_marks_its_ticket_and_has_it_gathered_in_two_seconds_with_two_writes() -> None:
    stage = Stage()
    assert stage.deliver() is Received.TAKEN
    assert stage.waiting == {"10001"}
    assert stage.queue.sent == [(NewTicketsWork("cloud-abc", REF, hinted=True), 2)]
    assert (stage.hints.writes, stage.webhooks.writes) == (1, 1)
    assert stage.tickets.stored[TicketKey(REF, "10001")].status is None, "no status is taken from a delivery"


def test_a_storm_is_one_message_and_one_write_for_each_ticket() -> None:
    stage = Stage()
    for number in range(1000):
        stage.ticket(str(20_000 + number))
        stage.deliver(str(20_000 + number), identifier=str(number))
        stage.clock.now += timedelta(milliseconds=1)
    assert len(stage.queue.sent) == 1
    assert stage.hints.writes == 1000
    assert stage.webhooks.writes <= 2
    stage.clock.now += timedelta(seconds=2)
    stage.deliver(identifier="last")
    assert stage.counted(Tally.ACCEPTED) == 1001


def test_a_note_that_another_function_made_is_not_believed_beyond_its_message() -> None:
    """This function sent no message itself, so each of its hints makes sure that one is on its way."""
    stage = Stage()
    stage.webhooks.count(REF, {}, NOW, delivered=True, gathering=True)
    stage.deliver(identifier="a")
    assert not stage.queue.sent
    stage.webhooks.gathered(REF)
    stage.deliver(identifier="b")
    assert len(stage.queue.sent) == 1


def test_a_note_whose_message_was_lost_is_made_again() -> None:
    stage = Stage()
    stage.deliver(identifier="a")
    stage.queue.take()
    stage.clock.now += timedelta(seconds=61)
    stage.deliver(identifier="b")
    assert len(stage.queue.sent) == 1


def test_a_repeated_delivery_is_counted_and_changes_nothing() -> None:
    stage = Stage()
    stage.deliver(identifier="a")
    stage.tickets.new.clear()
    stage.clock.now += timedelta(seconds=5)
    assert stage.deliver(identifier="a") is Received.TAKEN
    assert not stage.waiting
    assert stage.counted(Tally.DUPLICATES) == 1
    stage.clock.now += timedelta(days=1)
    stage.deliver(identifier="a")
    assert stage.waiting == {"10001"}, "an identifier is taken once a day"


@pytest.mark.parametrize("headers", [{}, {"x-hub-signature": "sha256=00"}, {"x-hub-signature": "sha1=00"}])
def test_a_forged_delivery_changes_nothing(headers: dict[str, str]) -> None:
    stage = Stage()
    assert stage.deliver(headers=headers) is Received.UNSIGNED
    assert not stage.waiting
    assert not stage.queue.sent
    assert stage.counted(Tally.REJECTED) == 1


def test_a_flood_of_forged_deliveries_costs_a_write_a_second_at_most() -> None:
    stage = Stage()
    for _ in range(500):
        stage.deliver(secret="wrong")
        stage.clock.now += timedelta(milliseconds=1)
    assert stage.webhooks.writes == 1
    assert stage.hook_keys.reads == 1


def test_an_unknown_address_is_told_nothing_else_than_a_wrong_signature() -> None:
    stage = Stage()
    assert stage.deliver(hook_id="cloud-abc~aaaaaa") is Received.UNSIGNED


def test_a_weak_method_is_not_taken_a_stronger_one_is() -> None:
    stage = Stage()
    body = updated("10001")
    weak = {"x-hub-signature": f"sha1={hmac.new(SECRET.encode(), body, hashlib.sha1).hexdigest()}"}
    assert stage.deliver(headers=weak) is Received.UNSIGNED
    assert stage.deliver(headers=signature(body, SECRET, "sha512")) is Received.TAKEN


def test_the_old_secret_signs_for_another_hour_after_a_rotation() -> None:
    stage = Stage()
    stage.deliver(identifier="a")
    stage.hook_keys.write(REF, HookKeys("new", SECRET, NOW + timedelta(hours=1)))
    stage.clock.now += timedelta(minutes=59)
    assert stage.deliver(secret="new", identifier="b") is Received.TAKEN
    assert stage.deliver(identifier="c") is Received.TAKEN
    stage.clock.now += timedelta(minutes=2)
    assert stage.deliver(identifier="d") is Received.UNSIGNED


def test_a_new_secret_is_taken_at_once_by_a_warm_function() -> None:
    stage = Stage()
    stage.deliver(identifier="a")
    stage.hook_keys.write(REF, HookKeys("new", SECRET, NOW + timedelta(hours=1)))
    stage.clock.now += timedelta(seconds=6)
    assert stage.deliver(secret="new", identifier="b") is Received.TAKEN


def test_a_delivery_for_a_stranger_is_counted_and_marks_nothing() -> None:
    stage = Stage()
    assert stage.deliver("99999", body=updated("99999", key="XYZ-9")) is Received.TAKEN
    assert not stage.queue.sent
    assert stage.counted(Tally.UNKNOWN_ISSUE) == 1


def test_a_ticket_known_by_its_key_only_is_found_by_it() -> None:
    stage = Stage()
    stage.ticket("key#KEY-7")
    stage.tickets.new.clear()
    stage.deliver("10777", body=updated("10777", key="KEY-7"))
    assert stage.waiting == {"key#KEY-7"}


def test_deleted_and_old_tickets_are_not_marked() -> None:
    stage = Stage()
    old = stage.ticket("10002", NOW - timedelta(days=400))
    deleted = stage.ticket("10003")
    stage.tickets.stored[deleted] = replace(stage.tickets.stored[deleted], absence=Absence.DELETED)
    stage.tickets.new.clear()
    stage.deliver(old.ticket_id)
    stage.deliver(deleted.ticket_id)
    assert not stage.waiting
    assert not stage.queue.sent


def test_nothing_comes_of_deliveries_while_retrieval_is_off() -> None:
    stage = Stage()
    stage.webhooks.switch(REF, on=False)
    assert stage.deliver() is Received.TAKEN
    assert not stage.waiting


@pytest.mark.parametrize(
    "body",
    [
        b"\xff\x00",
        b"[]",
        b'{"webhookEvent": "jira:issue_updated"}',
        b'{"webhookEvent": "jira:issue_updated", "issue": {"id": "1/../2"}}',
        b'{"webhookEvent": "comment_created", "issue": {"id": "10001"}}',
        updated("10001", "summary"),
    ],
)
def test_a_signed_delivery_that_names_no_change_of_a_status_is_taken_and_does_nothing(body: bytes) -> None:
    stage = Stage()
    assert stage.deliver(body=body) is Received.TAKEN
    assert not stage.waiting


def test_a_delivery_above_a_mebibyte_is_refused_before_anything_is_read() -> None:
    stage = Stage()
    assert stage.deliver(body=b"x" * (1024 * 1024 + 1)) is Received.TOO_LARGE
    assert not stage.hook_keys.reads


def token(secret: str = CLIENT_SECRET, algorithm: str = "HS256", **claims: object) -> dict[str, str]:
    return {"authorization": f"Bearer {jwt.encode(claims, secret, algorithm)}"}


def test_a_delivery_to_an_app_bears_a_token_and_nothing_else_is_taken_there() -> None:
    stage = Stage(Signing.JWT)
    moment = NOW.timestamp()
    assert stage.deliver(headers=token(exp=moment + 60, nbf=moment)) is Received.TAKEN
    assert stage.deliver() is Received.UNSIGNED, "an HMAC does not belong here"
    assert stage.deliver(headers=token(secret="x" * 64)) is Received.UNSIGNED
    assert stage.deliver(headers=token(algorithm="HS384")) is Received.UNSIGNED
    assert stage.deliver(headers=token(exp=moment - 61)) is Received.UNSIGNED
    assert stage.deliver(headers=token(nbf=moment + 61)) is Received.UNSIGNED
    assert stage.deliver(headers=token(exp=moment - 59, nbf=moment + 59), identifier="b") is Received.TAKEN
    unsigned = jwt.encode({}, "", algorithm="none")
    assert stage.deliver(headers={"authorization": f"Bearer {unsigned}"}) is Received.UNSIGNED
    hmac_stage = Stage()
    assert hmac_stage.deliver(headers=token()) is Received.UNSIGNED, "a token does not belong there"


@pytest.mark.parametrize("hook_id", ["", "x" * 129, "x" * 3_000])
def test_an_address_that_cannot_be_is_nobodys(hook_id: str) -> None:
    stage = Stage()
    stage.webhooks.get = None  # type: ignore[method-assign, assignment]  # it is not even looked for
    assert stage.deliver(hook_id=hook_id) is Received.UNSIGNED


@pytest.mark.parametrize(
    "body", [b"[" * 200_000, updated("1" * 1_100), updated("10001x")], ids=["nested", "long id", "no id"]
)
def test_what_is_signed_and_says_nothing_that_a_ticket_shows_is_taken(body: bytes) -> None:
    stage = Stage()
    assert stage.deliver(body=body) is Received.TAKEN
    assert not stage.waiting


def test_a_key_that_cannot_be_is_not_looked_for() -> None:
    stage = Stage()
    assert stage.deliver(body=updated("99999", key="K" * 2_000 + "-1")) is Received.TAKEN
    assert stage.hints.writes == 0
    assert stage.counted(Tally.UNKNOWN_ISSUE) == 1


def test_claims_beside_the_times_are_not_judged() -> None:
    """Atlassian documents none of them."""
    stage = Stage(Signing.JWT)
    token = jwt.encode({"sub": 7, "jti": 8, "qsh": "x"}, CLIENT_SECRET, "HS256")
    assert stage.deliver(headers={"authorization": f"Bearer {token}"}) is Received.TAKEN
