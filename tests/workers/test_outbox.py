"""What crosses a pipe: packets hold what waits, the jobs by turns, and come apart again byte for byte."""

from __future__ import annotations

import multiprocessing
import time

from hypothesis import given
from hypothesis import strategies as st

from artifact_browser.workers.messages import FRAME_BYTES, Assembler, Kind, Message, packet_of
from artifact_browser.workers.outbox import Outbox

PAYLOADS = st.one_of(
    st.binary(max_size=40),
    st.sampled_from([FRAME_BYTES - 1, FRAME_BYTES, FRAME_BYTES + 1, 3 * FRAME_BYTES]).map(lambda size: b"z" * size),
)
MESSAGES = st.lists(st.builds(Message, st.integers(0, 2**64 - 1), st.sampled_from(Kind), PAYLOADS), max_size=6)


@given(MESSAGES)
def test_a_packet_comes_apart_as_it_was_put_together(messages: list[Message]) -> None:
    packet = packet_of(frame for message in messages for frame in message.frames())
    assert list(Assembler().add(packet)) == messages


def test_a_packet_takes_what_waits_and_no_job_waits_for_anothers_event() -> None:
    reading, writing = multiprocessing.Pipe(duplex=False)
    outbox = Outbox()
    large = Message(1, Kind.EVENT, bytes(4 * FRAME_BYTES))
    small = [Message(number, Kind.PROGRESS, b"x") for number in range(2, 12)]
    for message in (large, *small):
        outbox.put(message)
    outbox.open(writing, "test")
    assembler, arrived = Assembler(), []
    packets = 0
    while large not in arrived:
        packets += 1
        arrived += assembler.add(reading.recv_bytes())
    outbox.close()
    outbox.join(5)
    assert arrived == [*small, large]
    assert packets <= 5


def test_a_lane_that_collects_wakes_its_reader_seldom() -> None:
    reading, writing = multiprocessing.Pipe(duplex=False)
    outbox = Outbox(pause_s=0.2)
    outbox.open(writing, "test")
    sent = [Message(number % 3, Kind.PROGRESS, str(number).encode()) for number in range(30)]
    for message in sent:
        outbox.put(message)
        time.sleep(0.002)
    assembler, arrived = Assembler(), []
    packets = 0
    while len(arrived) < len(sent):
        packets += 1
        arrived += assembler.add(reading.recv_bytes())
    outbox.close()
    outbox.join(5)
    for job_id in range(3):  # the order is each job's own
        assert [one for one in arrived if one.job_id == job_id] == [one for one in sent if one.job_id == job_id]
    assert packets < len(sent) / 2


def test_only_progress_is_collected() -> None:
    """What an item puts down must be known before its process can be killed over it."""
    reading, writing = multiprocessing.Pipe(duplex=False)
    outbox = Outbox(pause_s=30.0)
    outbox.open(writing, "test")
    assembler = Assembler()
    for kind in (Kind.PROGRESS, Kind.EVENT, Kind.QUESTION, Kind.DONE):
        outbox.put(Message(7, kind, b"x"))
        assert reading.poll(10)
        assert [message.kind for message in assembler.add(reading.recv_bytes())] == [kind]
    outbox.close()
    outbox.join(5)
