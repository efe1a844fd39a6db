import asyncio
import tracemalloc
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from model_code.serving import protocol
from model_code.serving.answers import Service
from model_code.serving.app import INLINE_BYTES, Application
from model_code.serving.metrics import ROWS
from model_code.serving.model import ServedModel
from tests.unit.model_code.serving.exchange import Response, Wire, connect, read, until, written

CSV = {"content-type": "text/csv"}
ROW = b"2.0,0.1,0.2,\n"


@pytest.fixture
def app(model: ServedModel) -> Application:
    return Application(Service(model), max_body_bytes=3 * INLINE_BYTES)


def post(body: bytes = ROW, *, parts: int = 1, **headers: str) -> bytes:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return b"".join(written("POST", "/invocations", body, CSV | named, parts=parts))


def talk(app: Application, pieces: list[bytes], *, expected: int) -> tuple[list[Response], Wire]:
    """Send pieces, each when the server reads, and return so many responses and the wire that they came on."""

    async def send() -> Wire:
        connection, wire = connect(app)
        for piece in pieces:
            await until(lambda: not wire.is_paused)
            if not wire.is_closed:
                connection.data_received(piece)
        await until(lambda: wire.written.count(b"content-length: ") >= expected)
        for _ in range(3):
            await asyncio.sleep(0)
        connection.connection_lost(None)
        return wire

    wire = asyncio.run(asyncio.wait_for(send(), 30))
    responses, rest = [], wire.written
    while rest:
        response, rest = read(rest)
        responses.append(response)
    assert app._held == 0
    return responses, wire


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.data())
def test_however_the_stream_is_cut_each_request_has_its_answer_in_its_turn(
    app: Application, data: st.DataObject
) -> None:
    kinds = {
        200: post(),
        400: post(b"1,2\n", parts=2),
        404: b"GET http://localhost/nowhere HTTP/1.1\r\n\r\n",
        405: b"GET /invocations?a=b HTTP/1.1\r\nhost: x\r\n\r\n",
        406: post(accept="image/png"),
        415: b"POST /invocations HTTP/1.1\r\ncontent-length: 4\r\n\r\nPOST",
    }
    sent = data.draw(st.lists(st.sampled_from(sorted(kinds)), min_size=1, max_size=6))
    stream = b"".join(kinds[status] for status in sent)
    cuts = sorted(data.draw(st.sets(st.integers(1, len(stream) - 1), max_size=8)))
    pieces = [stream[start:end] for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    responses, wire = talk(app, pieces, expected=len(sent))
    assert [response.status for response in responses] == sent
    assert not wire.is_closed


def test_a_long_body_between_short_ones_is_answered_in_its_turn(app: Application) -> None:
    long = ROW * (2 * INLINE_BYTES // len(ROW))
    responses, _ = talk(app, [post() + post(long) + post()], expected=3)
    assert [response.body.count(b"\n") for response in responses] == [0, long.count(b"\n") - 1, 0]


def test_a_body_in_the_thread_is_answered_once(model: ServedModel) -> None:
    service, rows = Service(model), 2 * INLINE_BYTES // len(ROW)
    app = Application(service, max_body_bytes=3 * INLINE_BYTES)

    async def send() -> bytes:
        connection, wire = connect(app)
        connection.data_received(post(ROW * rows))
        await asyncio.sleep(0)  # now the thread has it
        assert wire.is_paused
        for _ in range(3):  # the client reads by fits and starts
            connection.pause_writing()
            connection.resume_writing()
        await until(lambda: bool(wire.written))
        await asyncio.sleep(0.05)
        return wire.written

    assert read(asyncio.run(send()))[1] == b""
    assert service.metrics.totals()[ROWS] == rows


def test_a_client_that_leaves_leaves_nothing_behind(app: Application) -> None:
    async def leave() -> None:
        for pieces in ([post()[:-3]], [post(ROW * 20_000)], [post()[:-3], b"\n" * 9]):
            connection, _ = connect(app)
            for piece in pieces:
                connection.data_received(piece)
            connection.connection_lost(None)
        app.thread.shutdown()
        for _ in range(5):
            await asyncio.sleep(0.01)

    asyncio.run(leave())
    assert app._held == 0


def test_a_refused_body_is_thrown_away_and_the_next_request_answered(app: Application) -> None:
    too_long = b"1" * (4 * INLINE_BYTES)
    declared, in_chunks = post(too_long), post(too_long, parts=8)
    for sent in (declared, in_chunks):
        pieces = [sent[start : start + 65536] for start in range(0, len(sent), 65536)]
        responses, wire = talk(app, [*pieces, post()], expected=2)
        assert [response.status for response in responses] == [413, 200]
        assert not wire.is_closed


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"GET /ping HTTP/1.0\r\n\r\n", 200),
        (b"GET /ping HTTP/1.1\r\nConnection: close\r\n\r\n", 200),
        (b"GET /ping HTTP/1.1\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n", 200),
        (post(connection="Upgrade, HTTP2-Settings", upgrade="h2c"), 400),
        (b"hello\r\n\r\n", 400),
        (post(parts=2)[:-9] + b"x\r\n\r\n", 400),
    ],
)
def test_what_can_not_go_on_is_answered_and_closed(app: Application, sent: bytes, status: int) -> None:
    responses, wire = talk(app, [sent + post()], expected=1)
    assert responses[0].status == status
    assert responses[-1].headers["connection"] == "close"
    assert wire.is_closed


def test_good_requests_before_a_bad_one_have_their_answers(app: Application) -> None:
    responses, wire = talk(app, [post() + post() + b"hello\r\n\r\n"], expected=3)
    assert [response.status for response in responses] == [200, 200, 400]
    assert wire.is_closed


def test_a_client_that_asks_whether_to_send_is_told_to(app: Application) -> None:
    head, _, body = post(expect="100-continue").partition(b"\r\n\r\n")

    async def send() -> list[bytes]:
        connection, wire = connect(app)
        connection.data_received(head + b"\r\n\r\n")
        before = wire.written
        connection.data_received(body)
        await until(lambda: wire.written != before)
        return [before, wire.written[len(before) :]]

    before, after = asyncio.run(send())
    assert before == b"HTTP/1.1 100 Continue\r\n\r\n"
    assert read(after)[0].status == 200


def test_an_answer_to_head_has_no_body(app: Application) -> None:
    async def send() -> bytes:
        connection, wire = connect(app)
        connection.data_received(b"HEAD /invocations HTTP/1.1\r\n\r\n")
        await until(lambda: bool(wire.written))
        return wire.written

    assert asyncio.run(send()).endswith(b"\r\n\r\n")


def test_a_client_that_does_not_read_gets_no_more_answers(app: Application) -> None:
    async def send() -> list[int]:
        connection, wire = connect(app)
        connection.pause_writing()
        connection.data_received(post() + post())
        await until(lambda: wire.is_paused)
        counts = [wire.written.count(b"HTTP/1.1 200 OK")]
        connection.resume_writing()
        await until(lambda: not wire.is_paused)
        return [*counts, wire.written.count(b"HTTP/1.1 200 OK")]

    assert asyncio.run(send()) == [0, 2]


@pytest.mark.parametrize(
    ("before", "told", "aborted"),
    [
        (lambda connection: connection.data_received(post()[:-1]), b"HTTP/1.1 408 ", False),
        (lambda connection: connection.data_received(post()), b"", False),
        (lambda connection: (connection.pause_writing(), connection.data_received(post())), b"", True),
    ],
)
def test_a_client_that_is_too_slow_is_told_or_left(
    app: Application, monkeypatch: pytest.MonkeyPatch, before: Callable, told: bytes, *, aborted: bool
) -> None:
    monkeypatch.setattr(protocol, "RECEIVING_SECONDS", 0.05)
    monkeypatch.setattr(protocol, "KEEP_ALIVE_SECONDS", 0.05)

    async def wait() -> tuple[bytes, bool]:
        connection, wire = connect(app)
        before(connection)
        await asyncio.sleep(0.01)  # it answers what is whole
        already = len(wire.written)
        await until(lambda: wire.is_closed)
        return wire.written[already:][:13], wire.is_aborted

    assert asyncio.run(asyncio.wait_for(wait(), 30)) == (told, aborted)


def test_a_server_that_drains_answers_what_has_begun(app: Application) -> None:
    async def drain() -> tuple[bool, Response, bool]:
        idle, idle_wire = connect(app)
        idle.shutdown()
        connection, wire = connect(app)
        connection.data_received(post()[:-3])
        connection.shutdown()
        connection.data_received(post()[-3:])
        await until(lambda: wire.is_closed)
        return idle_wire.is_closed, read(wire.written)[0], wire.is_closed

    idle_closed, response, closed = asyncio.run(drain())
    assert idle_closed
    assert closed
    assert (response.status, response.headers["connection"]) == (200, "close")


HEAD = b"POST /invocations HTTP/1.1\r\ncontent-type: text/csv\r\ntransfer-encoding: chunked\r\n\r\n"


@pytest.mark.parametrize(
    "trailers",
    [[b"x%d: y\r\n" % number for number in range(200_000)], [b"x: "] + [b"y" * 1000] * 2000],
    ids=["many", "one without end"],
)
def test_trailers_count_as_a_head_does(app: Application, trailers: list[bytes]) -> None:
    sent = 0

    async def send() -> Wire:
        nonlocal sent
        connection, wire = connect(app)
        connection.data_received(HEAD + b"%x\r\n%b\r\n0\r\n" % (len(ROW), ROW))
        for trailer in trailers:
            if wire.is_closed:
                break
            connection.data_received(trailer)
            sent += len(trailer)
            await asyncio.sleep(0)
        assert len(connection._headers) == 2
        await until(lambda: wire.is_closed)
        return wire

    response, rest = read(asyncio.run(asyncio.wait_for(send(), 60)).written)
    assert (response.status, rest) == (431, b"")
    assert sent <= protocol.MOST_HEAD_BYTES + 2000


def test_a_few_trailers_are_taken_and_say_nothing(app: Application) -> None:
    whole = HEAD + b"%x\r\n%b\r\n0\r\nContent-Type: image/png\r\nx: y\r\n\r\n" % (len(ROW), ROW)
    responses, _ = talk(app, [whole + post()], expected=2)
    assert [response.status for response in responses] == [200, 200]


def test_what_announces_a_chunk_counts_as_a_head_does(app: Application) -> None:
    piece = b";x=" + b"y" * 997
    responses, wire = talk(app, [HEAD + b"5", *[piece] * 100], expected=1)
    assert responses[0].status == 431
    assert wire.is_closed


def test_a_body_in_tiny_chunks_costs_no_more_memory_than_its_size(app: Application) -> None:
    body = ROW * 5000
    chunks = b"".join(b"2\r\n%b\r\n" % body[start : start + 2] for start in range(0, len(body), 2))

    async def send() -> tuple[int, int]:
        connection, _ = connect(app)
        tracemalloc.start()
        for start in range(0, len(HEAD + chunks), 65536):
            connection.data_received((HEAD + chunks)[start : start + 65536])
        used = tracemalloc.get_traced_memory()[0]
        tracemalloc.stop()
        message = connection._incoming
        assert message
        assert message.body == body
        connection.connection_lost(None)
        return used, message.size

    used, size = asyncio.run(send())
    assert size == len(body)
    assert used < 2 * size


@pytest.mark.parametrize(("length", "status"), [(b"0" * 5000 + b"13", 400), (b"0" * 17 + b"013", 200)])
def test_a_length_of_thousands_of_digits_is_refused(app: Application, length: bytes, status: int) -> None:
    sent = b"POST /invocations HTTP/1.1\r\ncontent-type: text/csv\r\ncontent-length: %b\r\n\r\n" % length + ROW
    responses, _ = talk(app, [sent], expected=1)
    assert responses[0].status == status
