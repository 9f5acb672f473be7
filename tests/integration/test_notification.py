"""notification as a process: what is asked for arrives once, by mail and webhook, and somebody has seen it."""

import asyncio
import base64
import datetime
import email
import email.policy
import hashlib
import hmac
import http.server
import ipaddress
import json
import re
import socket
import ssl
import threading
import urllib.error
import urllib.request

import psycopg2
import pytest
import zmq
from aiosmtpd.controller import Controller
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from wjzlib import wire
from wjzlib.installation import free_port
from wjzlib.producer import Producer
from wjzlib.wait import PATIENCE, wait_until

REGION = 510184
SECRET = "whsec_" + base64.b64encode(b"0123456789abcdef0123456789abcdef").decode()
ZHANG, LI, CHIEF, OPERATOR = (f"P-{REGION}-{number:03}" for number in (1, 2, 3, 9))
QUICK = {
    "send_sweep": "50ms",
    "backoff_first": "100ms",
    "backoff_most": "400ms",
    "chase_every": "100ms",
    "smtp_require_tls": True,
    "mail_from": "wjz@example.org",
    "send_timeout": "2m",  # an attempt that ends by it may have arrived all the same, and is made again
    "send_lease": "4m",
}


@pytest.fixture(scope="session")
def certificate(tmp_path_factory):
    """A certificate of its own authority for 127.0.0.1: (certificate file, key file)."""
    folder = tmp_path_factory.mktemp("tls")
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.utcnow()
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=2))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
        .sign(key, hashes.SHA256())
    )
    files = folder / "certificate.pem", folder / "key.pem"
    files[0].write_bytes(made.public_bytes(serialization.Encoding.PEM))
    files[1].write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return tuple(map(str, files))


class MailServer:
    """An SMTP server with STARTTLS; answers by a function of the recipient."""

    def __init__(self, certificate):
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(*certificate)
        self.port = free_port()
        self.url = f"smtp://127.0.0.1:{self.port}"
        self.mails = []
        self.answer = lambda recipient: None
        self.controller = None

    async def handle_RCPT(self, server, session, envelope, address, options):
        refusal = self.answer(address)
        if refusal:
            return refusal
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        assert session.ssl is not None
        mail = email.message_from_bytes(envelope.content, policy=email.policy.default)
        self.mails.append((envelope.rcpt_tos[0], mail))
        return "250 taken"

    def start(self):
        self.controller = Controller(
            self, hostname="127.0.0.1", port=self.port, tls_context=self.context, require_starttls=True, ready_timeout=PATIENCE
        )
        self.controller.start()
        return self

    def stop(self):
        if self.controller is not None:
            self.controller.stop()
            self.controller = None

    def to(self, address):
        return [mail for recipient, mail in self.mails if recipient == address]


@pytest.fixture
def mail(certificate):
    server = MailServer(certificate)
    yield server
    server.stop()


@pytest.fixture
def hook():
    """An HTTP server that keeps what is posted to it; .answers are the statuses to give, then 204."""
    calls, answers = [], []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            calls.append((dict(self.headers.items()), body))
            self.send_response(answers.pop(0) if answers else 204)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_):
            pass

    class Server(http.server.ThreadingHTTPServer):
        request_queue_size = 128  # as many as come at once: who finds it full tries again after seconds

    server = Server(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    server.calls, server.answers = calls, answers
    server.url = f"http://127.0.0.1:{server.server_port}/hook?key=hidden"
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def person(database, code, **columns):
    columns = {"name": code, "organ": "JCY-510184", "roles": ["prosecutor"], **columns}
    marks = ["%s::text[]" if isinstance(value, list) else "%s" for value in columns.values()]
    database.run(
        f"INSERT INTO directory.person (region, code, {', '.join(columns)}) VALUES ({REGION}, %s, {', '.join(marks)})",
        code,
        *columns.values(),
    )


@pytest.fixture
def county(database):
    database.run("INSERT INTO directory.organ (code, name, region, level) VALUES ('JCY-510184', '院', 510184, 'county')")
    person(database, ZHANG, name="张三", email="zhang@example.org")
    person(database, LI, name="Li Si", locale="en")
    person(database, CHIEF, name="王五")
    person(database, OPERATOR, name="值班员", roles=["operator"])
    return database


@pytest.fixture
def told(house, county):
    made = Producer(house, "assignment")
    yield made
    made.close()


def start(house, told, count=1, **options):
    port = free_port()
    options = {
        **QUICK,
        "notification_http": f"127.0.0.1:{port}",
        "notification_public_url": f"http://127.0.0.1:{port}/",
        **options,
    }
    service = house.start("notification", **options)
    service.url = f"http://127.0.0.1:{port}"
    told.wait_for(count)
    return service


def with_mail(mail, certificate):
    return {"smtp_url": mail.url, "smtp_ca": certificate[0]}


def notice(event, template="assignment_new", **fields):
    values = fields.pop("values", {"domain": "eco_env", "stars": "5"})
    if not {"person", "role", "guest"} & fields.keys():
        fields["person"] = ZHANG
    return wire.proto("notification").Notice(event=event, template=template, values=values, **fields)


def requested(*notices):
    return wire.proto("notification").NoticesRequested(notices=notices)


def tell(told, *notices, region=REGION, **how):
    message = told.send(requested(*notices), region, **how)
    told.wait_handled()
    return message


def inbox(database, recipient):
    return database.rows(
        "SELECT event, title, body, locale, urgency FROM notification.notice WHERE recipient = %s ORDER BY event", recipient
    )


def log(database, channel="email"):
    return [
        tuple(row)
        for row in database.rows(
            "SELECT attempt, result, status, address FROM notification.delivery WHERE channel = %s ORDER BY id", channel
        )
    ]


def states(database):
    return [
        tuple(row)
        for row in database.rows("SELECT channel, state, attempts, round FROM notification.sending ORDER BY notice, channel")
    ]


def ask(database, body, region=REGION):
    endpoint = database.value("SELECT request_endpoint FROM bus.instance WHERE service = 'notification' LIMIT 1")
    with wire.Client(endpoint) as client:
        return client.ask(body, region=region)


# --- inboxes ---


def test_one_notice_per_event_and_person_however_often_asked(house, told, county):
    start(house, told)
    tell(told, notice("a:1"), notice("a:1"), notice("a:1", person=LI), notice("a:2"))
    message = tell(told, notice("a:1"))
    tell(told, notice("a:1"), id=message)
    assert [row[0] for row in inbox(county, ZHANG)] == ["a:1", "a:2"]
    # Also where the sender says that nobody can have been told.
    tell(told, notice("a:3", fresh=True), notice("a:4"))
    tell(told, notice("a:3", fresh=True), notice("a:3", person=LI, fresh=True), notice("a:5"))
    assert [row[0] for row in inbox(county, ZHANG)] == ["a:1", "a:2", "a:3", "a:4", "a:5"]
    assert [row[0] for row in inbox(county, LI)] == ["a:1", "a:3"]
    assert inbox(county, ZHANG)[0][1] == "新线索待接收：生态环境和资源保护，5★"
    assert inbox(county, LI)[0][1] == "New clue to accept: environment and resources, 5 stars"
    assert states(county) == []  # no mail server, no webhook


def test_roles_are_resolved(house, told, county):
    person(county, "P-510184-010", roles=["operator", "prosecutor"])
    person(county, "P-510184-011", roles=["operator"], active=False)
    county.run(
        "INSERT INTO scheduling.shift (region, id, station, prosecutor, starts_at, ends_at, state, duty_day, duty_from, duty_of)"
        " VALUES (%s, 1, 'ST-1', %s, now() + interval '1 day', now() + interval '25 hours', 'planned', current_date, '0:00', 'x'),"
        "        (%s, 2, 'ST-1', %s, now() - interval '1 hour', now() + interval '1 hour', 'planned', current_date, '1:00', 'x'),"
        "        (%s, 3, 'ST-2', %s, now() + interval '1 hour', now() + interval '2 hours', 'planned', current_date, '2:00', 'x')",
        REGION, LI, REGION, CHIEF, REGION, LI,
    )  # fmt: skip
    start(house, told)
    tell(
        told,
        notice("r:1", role="operator"),
        notice("r:2", role="duty:ST-1"),
        notice("r:3", role="duty:ST-2"),
        notice("r:4", role="duty:ST-3"),
    )
    got = {row[0]: [] for row in county.rows("SELECT event FROM notification.notice")}
    for event, recipient in county.rows("SELECT event, recipient FROM notification.notice ORDER BY recipient"):
        got[event].append(recipient)
    operators = [OPERATOR, "P-510184-010"]
    assert got == {"r:1": operators, "r:2": [CHIEF], "r:3": [LI], "r:4": operators}


def test_nothing_is_silent(house, told, county):
    start(house, told)
    tell(told, notice("s:1", template="nonsense"), notice("s:2", person="P-510184-777"))
    assert inbox(county, ZHANG)[0][1] == "您有一条工作通知"
    assert inbox(county, "P-510184-777") != []
    assert [row[0] for row in inbox(county, OPERATOR)] == [
        "recipient_unknown:P-510184-777",
        "template_missing:nonsense",
    ]
    county.run("UPDATE directory.person SET active = false WHERE code = %s", OPERATOR)
    tell(told, notice("s:3", role="operator"))
    assert [row[0] for row in inbox(county, "role:operator")] == ["s:3"]


def test_people_of_other_counties_have_their_notices_there(house, told, county):
    county.run("INSERT INTO directory.organ (code, name, region, level) VALUES ('JCY-510104', '院', 510104, 'county')")
    county.run(
        "INSERT INTO directory.person (region, code, organ, name, roles)"
        " VALUES (510104, 'P-510104-001', 'JCY-510104', '赵六', '{prosecutor}')"
    )
    start(house, told)
    tell(told, notice("o:1", person="P-510104-001"))
    assert county.value("SELECT region FROM notification.notice WHERE event = 'o:1'") == 510104


def test_a_malformed_request_goes_back_and_harms_no_other(house, told, county):
    start(house, told)
    for bad in (notice(""), notice("m:1", template=""), notice("m:2", role="nobody"), notice("x" * 201)):
        told.send(requested(bad), REGION)
    told.send(requested(notice("m:3")), REGION)
    told.wait_handled()
    assert len(told.rejected) == 4
    assert all("notices[0]." in error for error in told.rejected.values())
    assert [row[0] for row in inbox(county, ZHANG)] == ["m:3"]


def test_a_dead_message_is_told_to_operators(house, told, county):
    start(house, told)
    died = wire.proto("bus").MessageDied(
        service="assignment", destination="scheduling", type="wjz.assignment.AssignmentsChanged", id=7, attempts=8, error="x"
    )
    told.send(died, REGION)
    told.send(died, 0)
    told.wait_handled()
    (row,) = inbox(county, OPERATOR)
    assert "assignment → scheduling" in row[1] and row[4] == "urgent"


def test_an_inbox_that_changes_is_published(house, told, county):
    service = start(house, told)
    endpoint = county.value("SELECT publish_endpoint FROM bus.instance WHERE name = %s", service.instance)
    context = wire.Context()
    live = context.socket(zmq.SUB)
    live.subscribe(b"")
    live.connect(endpoint)
    try:
        numbers = iter(range(1000))

        def heard():
            tell(told, notice(f"live:{next(numbers)}"))
            return live.poll(100) and live.recv_multipart()

        frames = wait_until(heard, what="a publication")
        cover = wire.proto("envelope").Envelope.FromString(frames[-1])
        assert wire.unpack(cover).person == ZHANG
    finally:
        live.close(0)
        context.term()


# --- mail ---


def test_a_notice_goes_out_by_mail_at_once(house, told, county, mail, certificate):
    start(house, told, **with_mail(mail.start(), certificate), send_sweep="1h")
    tell(told, notice("e:1"), notice("e:2", urgency="LOW"), notice("e:3", person=LI))
    wait_until(lambda: states(county) == [("email", "sent", 1, 1)])
    (got,) = mail.to("zhang@example.org")
    assert got["Subject"] == "微检治：您有新的工作通知"
    assert "生态环境和资源保护，5★" in got.get_content()
    assert str(got["From"]) == "微检治 <wjz@example.org>"
    identity = county.value("SELECT id FROM notification.notice WHERE event = 'e:1'")
    assert got["Message-ID"] == f"<{REGION}.{identity}.email.1@example.org>"
    assert log(county) == [(1, "started", 0, "z***@example.org"), (1, "sent", 250, "z***@example.org")]


def test_when_smtp_is_down_nothing_is_lost_and_nothing_sent_twice(house, told, county, mail, certificate):
    options = with_mail(mail, certificate)
    services = [start(house, told, count, **options) for count in (1, 2)]
    for number in range(40):
        tell(told, notice(f"d:{number}"))
    wait_until(lambda: any(row[1] == "deferred" for row in log(county)))
    assert mail.mails == []
    mail.start()
    wait_until(lambda: {row[1] for row in states(county)} == {"sent"}, what="everything sent")
    assert len(mail.mails) == 40
    assert len({message["Message-ID"] for _, message in mail.mails}) == 40
    mail.stop()
    for number in range(40, 60):
        tell(told, notice(f"d:{number}"))
    mail.start()
    wait_until(lambda: len(states(county)) == 60 and {row[1] for row in states(county)} == {"sent"})
    assert len({message["Message-ID"] for _, message in mail.mails}) == len(mail.mails) == 60
    wait_until(lambda: sum(service.metric("wjz_deliveries_total", result="sent") for service in services) == 60, what="sixty counted")


def test_what_a_dead_process_left_is_sent_by_another(house, told, county, mail, certificate):
    """The other side's answer is kept waiting, so that the kill falls between the attempt and its end."""
    gate = threading.Event()

    async def slow(server, session, envelope):
        await asyncio.get_running_loop().run_in_executor(None, gate.wait)
        return await MailServer.handle_DATA(mail, server, session, envelope)

    mail.handle_DATA = slow
    options = with_mail(mail.start(), certificate)
    first = start(house, told, **options)
    told.send(requested(notice("k:1")), REGION)
    told.wait_handled()
    wait_until(lambda: log(county) == [(1, "started", 0, "z***@example.org")])
    first.kill()
    gate.set()
    county.run("UPDATE notification.sending SET due_at = now()")  # the end of its lease
    start(house, told, 2, **options)
    wait_until(lambda: states(county) == [("email", "sent", 2, 1)])
    assert len({message["Message-ID"] for _, message in mail.mails}) == 1


def test_a_refused_address_is_given_up_and_told(house, told, county, mail, certificate):
    mail.answer = lambda recipient: "550 5.1.1 no such user"
    start(house, told, **with_mail(mail.start(), certificate))
    tell(told, notice("f:1"))
    wait_until(lambda: states(county) == [("email", "failed", 1, 1)])
    assert log(county)[-1][:3] == (1, "failed", 550)
    (row,) = wait_until(lambda: inbox(county, OPERATOR))
    assert "张三" in row[1] and "电子邮件" in row[2]


def test_a_server_that_refuses_our_sender_counts_as_away(house, told, county, mail, certificate):
    """A login that ran out, a sender that is not admitted: no fault of a notice, and none is given up for it."""
    open_to_us = threading.Event()

    async def asked(server, session, envelope, address, options):
        if not open_to_us.is_set():
            return "530 5.7.0 authentication required"
        envelope.mail_from = address
        return "250 OK"

    mail.handle_MAIL = asked
    start(house, told, **with_mail(mail.start(), certificate), send_attempts=2)
    for number in range(5):
        tell(told, notice(f"s:{number}"))
    wait_until(lambda: sum(row[1:3] == ("deferred", 530) for row in log(county)) >= 6)
    assert {row[1] for row in states(county)} <= {"waiting", "sending"}
    open_to_us.set()
    wait_until(lambda: [row[1] for row in states(county)] == ["sent"] * 5)
    assert len(mail.mails) == 5 and inbox(county, OPERATOR) == []


def test_a_busy_server_is_asked_again_until_attempts_are_used_up(house, told, county, mail, certificate):
    refusals = ["451 later"] * 2
    mail.answer = lambda recipient: refusals.pop() if refusals else None
    start(house, told, **with_mail(mail.start(), certificate), send_attempts=3)
    tell(told, notice("b:1"))
    wait_until(lambda: states(county) == [("email", "sent", 3, 1)])
    refusals.extend(["451 later"] * 9)
    tell(told, notice("b:2"))
    wait_until(lambda: ("email", "failed", 3, 1) in states(county))


def test_quiet_hours_hold_back_all_but_the_urgent(house, told, county, mail, certificate):
    county.run(
        "UPDATE directory.person SET quiet_from = (now() AT TIME ZONE 'Asia/Shanghai' - interval '2 hours')::time,"
        " quiet_to = (now() AT TIME ZONE 'Asia/Shanghai' + interval '2 hours')::time WHERE code = %s",
        ZHANG,
    )
    start(house, told, **with_mail(mail.start(), certificate))
    tell(told, notice("q:1"), notice("q:2", urgency="URGENT"))
    wait_until(lambda: len(mail.mails) == 1)
    assert mail.mails[0][1]["Subject"] == "微检治：您有紧急工作通知"
    due = county.value("SELECT due_at - now() FROM notification.sending WHERE state = 'waiting'")
    assert datetime.timedelta(hours=1.8) < due < datetime.timedelta(hours=2.1)


def test_a_server_without_tls_gets_nothing(house, told, county, certificate, mail):
    plain = Controller(mail, hostname="127.0.0.1", port=mail.port, ready_timeout=PATIENCE)
    plain.start()
    try:
        start(house, told, **with_mail(mail, certificate))
        tell(told, notice("t:1"))
        wait_until(lambda: any(row[1] == "deferred" for row in log(county)))
        assert mail.mails == []
    finally:
        plain.stop()


def test_a_guest_is_written_to_and_kept_sealed(house, told, county, mail, certificate):
    start(house, told, **with_mail(mail.start(), certificate))
    guest = wire.proto("notification").Guest(name="访客甲", phone="13800000000", email="guest@example.org")
    tell(told, notice("g:1", template="appointment_confirmed", values={"station": "金鸡小区"}, guest=guest))
    wait_until(lambda: mail.to("guest@example.org"))
    (row,) = county.rows("SELECT n::text FROM notification.notice n")
    assert "guest@example.org" not in row[0] and "13800000000" not in row[0] and "访客甲" not in row[0]


def test_a_preference_turns_a_channel_off(house, told, county, mail, certificate):
    start(house, told, **with_mail(mail.start(), certificate))
    set_preference = wire.proto("notification").SetPreference
    ask(county, set_preference(person=ZHANG, channel="email", enabled=False, actor=ZHANG))
    tell(told, notice("p:1"))
    assert states(county) == []
    ask(county, set_preference(person=ZHANG, channel="email", enabled=True, actor=ZHANG))
    tell(told, notice("p:2"))
    wait_until(lambda: len(mail.mails) == 1)
    for wrong in (set_preference(person=ZHANG, channel="fax"), set_preference(person="nobody", channel="email")):
        with pytest.raises(wire.Refused):
            ask(county, wrong)


# --- webhooks ---


def test_a_webhook_is_signed(house, told, county, hook):
    county.run("UPDATE directory.person SET webhook = %s, webhook_secret = %s WHERE code = %s", hook.url, SECRET, LI)
    start(house, told, webhook_require_tls=False)
    hook.answers.extend([500, 429])
    tell(told, notice("w:1", person=LI, subject_kind="assignment", subject=77))
    wait_until(lambda: states(county) == [("webhook", "sent", 3, 1)])
    assert len({headers["webhook-id"] for headers, _ in hook.calls}) == 1
    for headers, body in hook.calls:
        signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
        key = base64.b64decode(SECRET[len("whsec_") :])
        expected = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
        assert headers["webhook-signature"] == "v1," + expected
    data = json.loads(hook.calls[0][1])["data"]
    assert (data["event"], data["recipient"], data["subject"]) == ("w:1", LI, 77)
    assert [row[1:3] for row in log(county, "webhook") if row[1] != "started"] == [
        ("deferred", 500),
        ("deferred", 429),
        ("sent", 204),
    ]
    assert all("hidden" not in row[3] for row in log(county, "webhook"))


@pytest.mark.parametrize("answers, secret, tls", [([410], SECRET, False), ([], "whsec_short", False), ([], SECRET, True)])
def test_a_webhook_that_never_will_is_given_up(house, told, county, hook, answers, secret, tls):
    county.run("UPDATE directory.person SET webhook = %s, webhook_secret = %s WHERE code = %s", hook.url, secret, LI)
    start(house, told, webhook_require_tls=tls)
    hook.answers.extend(answers)
    tell(told, notice("w:2", person=LI))
    wait_until(lambda: states(county) == [("webhook", "failed", 1, 1)])
    assert len(hook.calls) == len(answers)
    wait_until(lambda: inbox(county, OPERATOR))


def test_a_webhook_that_hangs_holds_up_its_own_notices_alone(house, told, county, hook):
    """Thirty notices at two at once would take fifteen times the timeout before anybody else's turn came."""
    with socket.socket() as hanging:
        hanging.bind(("127.0.0.1", 0))
        hanging.listen(64)  # takes connections and never says a word
        url = f"http://127.0.0.1:{hanging.getsockname()[1]}/"
        county.run("UPDATE directory.person SET webhook = %s, webhook_secret = %s WHERE code = %s", url, SECRET, LI)
        county.run("UPDATE directory.person SET webhook = %s, webhook_secret = %s WHERE code = %s", hook.url, SECRET, CHIEF)
        start(
            house, told, webhook_require_tls=False, webhook_parallel=2, send_timeout="3s", send_lease="4m", backoff_first="10m", backoff_most="10m"
        )
        tell(told, *[notice(f"h:{number}", person=LI) for number in range(30)])
        wait_until(lambda: [row[1] for row in log(county, "webhook")].count("started") >= 2)
        tell(told, notice("h:chief", person=CHIEF))
        wait_until(lambda: len(hook.calls) == 1, what="the other one's webhook called")
        assert [row[1] for row in log(county, "webhook")].count("started") <= 5
        assert {row[1] for row in states(county)} <= {"waiting", "sending", "sent"}


# --- acknowledging ---


def until(seconds):
    return int((datetime.datetime.now().timestamp() + seconds) * 1e6)


def open_url(url, method="GET"):
    request = urllib.request.Request(url, method=method, data=b"" if method == "POST" else None)
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            return answer.status, answer.read().decode(), dict(answer.headers.items())
    except urllib.error.HTTPError as answer:
        return answer.code, answer.read().decode(), dict(answer.headers.items())


def link_in(mail):
    return re.search(r"http://\S+/ack/\S+", mail.get_content()).group()


def test_a_link_acknowledges_by_its_button_alone(house, told, county, mail, certificate):
    service = start(house, told, **with_mail(mail.start(), certificate))
    tell(told, notice("l:1", acknowledge_until_us=until(3600)))
    wait_until(lambda: mail.mails)
    link = link_in(mail.mails[0][1])
    status, page, headers = open_url(link)
    assert status == 200 and "<button>" in page and "生态" not in page
    assert headers["Cache-Control"] == "no-store" and headers["Referrer-Policy"] == "no-referrer"
    assert county.value("SELECT acknowledged_at FROM notification.notice WHERE event = 'l:1'") is None
    assert open_url(link, "POST")[0] == 200
    at, by, via = county.row("SELECT acknowledged_at, acknowledged_by, acknowledged_via FROM notification.notice WHERE event = 'l:1'")
    assert (by, via) == (ZHANG, "link")
    assert "<button>" not in open_url(link)[1]
    assert open_url(link, "POST")[0] == 200
    assert county.value("SELECT acknowledged_at FROM notification.notice WHERE event = 'l:1'") == at
    assert log(county, "link") == [(0, "acknowledged", 0, "")]

    for bad in ("x", link.rsplit("/", 1)[1][:-2] + "AA", "%00", "a" * 5000):
        for method in ("GET", "POST"):
            assert open_url(f"{service.url}/ack/{bad}", method)[0] in (400, 404, 414)
    county.run("DELETE FROM notification.ack_token")
    assert open_url(link)[0] == 404


def test_a_link_expires(house, told, county, mail, certificate):
    start(house, told, **with_mail(mail.start(), certificate), link_valid="1s", chase_every="1h")
    tell(told, notice("x:1", acknowledge_until_us=until(1)))
    wait_until(lambda: mail.mails)
    link = link_in(mail.mails[0][1])
    wait_until(lambda: open_url(link)[0] == 410)
    assert open_url(link, "POST")[0] == 410


def test_the_recipient_acknowledges_in_the_console(house, told, county):
    start(house, told)
    tell(told, notice("c:1", acknowledge_until_us=until(3600)))
    number = county.value("SELECT id FROM notification.notice WHERE event = 'c:1'")
    acknowledge = wire.proto("notification").AcknowledgeNotice
    for wrong in (acknowledge(notice=number, actor=LI), acknowledge(token="x"), acknowledge(notice=number), acknowledge()):
        with pytest.raises(wire.Refused):
            ask(county, wrong)
    assert ask(county, acknowledge(notice=number, actor=ZHANG)).before is False
    assert ask(county, acknowledge(notice=number, actor=ZHANG)).before is True


def test_what_nobody_acknowledges_is_repeated_then_escalated(house, told, county, mail, certificate):
    start(house, told, **with_mail(mail.start(), certificate))
    tell(
        told,
        notice("n:1", acknowledge_until_us=until(3600), escalate_to=CHIEF),
        notice("n:2", person=LI, acknowledge_until_us=until(3600)),
        notice("n:3", acknowledge_until_us=until(3600), escalate_to=CHIEF),
    )
    wait_until(lambda: states(county) == [("email", "sent", 1, 1)] * 2)  # what is still on its way is not repeated
    time_is_up = "UPDATE notification.notice SET chase_at = now() WHERE event IN ('n:1', 'n:2')"
    county.run(time_is_up)
    again = wait_until(lambda: [m for m in mail.to("zhang@example.org") if "再次提醒" in m["Subject"]])
    assert len(again) == 1
    assert again[0]["In-Reply-To"] == again[0]["Message-ID"].replace(".email.2@", ".email.1@")
    assert inbox(county, CHIEF) == inbox(county, OPERATOR) == []
    county.run(time_is_up)
    (row,) = wait_until(lambda: inbox(county, CHIEF))
    assert "张三" in row[1]
    wait_until(lambda: inbox(county, OPERATOR))  # nobody was named for n:2
    assert county.value("SELECT count(*) FROM notification.notice WHERE chase_at IS NOT NULL") == 1
    assert len(inbox(county, CHIEF)) == 1 and len(mail.to("zhang@example.org")) == 3


# --- privileges and lifetime ---


def test_the_delivery_log_cannot_be_rewritten(county):
    for statement in ("UPDATE notification.delivery SET result = 'sent'", "DELETE FROM notification.delivery"):
        with county.connect("wjz_notification") as connection, pytest.raises(psycopg2.errors.InsufficientPrivilege):
            connection.cursor().execute(statement)
    with county.connect("wjz_operator") as connection, pytest.raises(psycopg2.errors.InsufficientPrivilege):
        connection.cursor().execute("SELECT guest FROM notification.notice")


def test_two_hundred_at_once_by_four_instances(house, told, county, mail, certificate, hook):
    county.run("UPDATE directory.person SET webhook = %s, webhook_secret = %s WHERE code = %s", hook.url, SECRET, ZHANG)
    options = {**with_mail(mail.start(), certificate), "webhook_require_tls": False}
    for count in (1, 2, 3):
        start(house, told, count, **options)
    for number in range(20):
        told.send(requested(*(notice(f"z:{number * 10 + i}") for i in range(10))), REGION)
    told.wait_handled()
    wait_until(lambda: len(states(county)) == 400 and {row[1] for row in states(county)} == {"sent"}, 5 * PATIENCE)
    assert len(mail.mails) == len({message["Message-ID"] for _, message in mail.mails}) == 200
    assert len(hook.calls) == len({headers["webhook-id"] for headers, _ in hook.calls}) == 200


@pytest.mark.parametrize(
    "options, says",
    [
        ({"smtp_url": "smtp://127.0.0.1:25", "mail_from": "nobody"}, "mail_from"),
        ({"send_lease": "10s"}, "send_lease"),
        ({"backoff_first": "10m", "backoff_most": "1m"}, "backoff_most"),
        ({"notification_public_url": "ftp://x"}, "notification_public_url"),
        ({"templates_dir": "/nonexistent"}, "templates"),
    ],
)
@pytest.mark.expect_log(".")
def test_bad_options_are_named(house, county, options, says):
    service = house.start("notification", wait=False, **{"notification_http": "127.0.0.1:0", **options})
    service.ended_by_test = True
    assert service.wait() != 0
    assert says in service.text()
