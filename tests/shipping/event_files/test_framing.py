"""The records of event files are read as far as they are whole, and later from there."""

from __future__ import annotations

import os
import struct

import pytest

from runsettings.shipping.event_files.framing import DamagedError, read_event_records
from runsettings.shipping.event_files.messages import event_parser


def read(path, start=0):
    """The records that can be read, and whether the file is damaged after them."""
    found = []
    try:
        found.extend(read_event_records(os.fspath(path), start))
    except DamagedError as error:
        return found, error.offset
    return found, None


def test_the_records_are_those_that_the_writer_wrote(write_events):
    """The first one is the version of the file, which is no scalar."""
    records, damage = read(write_events([0.5, 0.25]))
    events = [event_parser()(record.data) for record in records]
    assert [(event.step, event.scalars) for event in events] == [
        (0, {}),
        (0, {"loss": 0.5}),
        (1, {"loss": 0.25}),
    ]
    assert damage is None


def test_every_prefix_of_a_file_gives_the_records_that_it_has(write_events):
    """A file that is being written, or was cut off, ends anywhere; the rest is read later."""
    path = write_events([0.5, 0.25, 0.125])
    content, (whole, _) = path.read_bytes(), read(path)
    for size in range(len(content)):
        path.write_bytes(content[:size])
        found, damage = read(path)
        assert found == [record for record in whole if record.end <= size]
        assert damage is None
        path.write_bytes(content)
        assert found + read(path, found[-1].end if found else 0)[0] == whole


@pytest.mark.parametrize("offset", [0, 8, 12, -1], ids=["length", "its sum", "data", "its sum too"])
def test_a_damaged_record_ends_the_reading(write_events, offset):
    """Whatever is wrong in it; nothing tells where the next one begins."""
    path = write_events([0.5, 0.25, 0.125])
    content, (whole, _) = bytearray(path.read_bytes()), read(path)
    content[(whole[1].end if offset >= 0 else whole[2].end) + offset] ^= 0xFF
    path.write_bytes(content)
    assert read(path) == (whole[:2], whole[1].end)


def test_a_damaged_file_that_was_mended_is_read_from_there(write_events):
    """As when a network disk had not all of its blocks."""
    path = write_events([0.5, 0.25])
    content, (whole, _) = path.read_bytes(), read(path)
    path.write_bytes(content[: whole[0].end] + bytes(len(content) - whole[0].end))
    found, damage = read(path)
    assert (found, damage) == (whole[:1], whole[0].end)
    path.write_bytes(content)
    assert read(path, damage)[0] == whole[1:]


def test_a_record_longer_than_what_is_read_at_once_is_whole(write_events):
    """Images and histograms are long; the scalars after them count."""
    path = write_events([0.5], tag="x" * (3 << 20))
    long, *_ = reversed(read(path)[0])
    with path.open("ab") as file:
        file.write(path.read_bytes())
    records, damage = read(path)
    assert ([len(record.data) for record in records[1::2]], damage) == ([len(long.data)] * 2, None)


def test_a_length_that_no_record_has_is_damage(write_events):
    """Its own checksum is right, and nothing of that length is read into memory."""
    from google_crc32c import value

    path = write_events([])
    length = struct.pack("<Q", 1 << 40)
    crc = value(length)
    crc = ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF
    size = path.stat().st_size
    with path.open("ab") as file:
        file.write(length + struct.pack("<I", crc) + bytes(8))
    assert read(path)[1] == size


def test_tensorboards_own_reader_reads_the_same(write_events):
    """The same scalars at the same steps, in the same order; `make integrations` has it."""
    reason = "its reader is the oracle"
    loader = pytest.importorskip(
        "tensorboard.backend.event_processing.event_file_loader", reason=reason
    )
    path = write_events([0.1, float("inf"), -3, 1e30])
    expected = [
        (event.wall_time, event.step, value.tag, value.tensor.float_val[0])
        for event in loader.EventFileLoader(os.fspath(path)).Load()
        for value in event.summary.value
    ]
    events = [event_parser()(record.data) for record in read(path)[0]]
    found = [(e.time, e.step, tag, value) for e in events for tag, value in e.scalars.items()]
    assert found == expected
    assert len(found) == 4


@pytest.mark.parametrize("form", ["float32", "float64", "float16", "int32", "int64", "bool"])
def test_a_tensor_with_one_number_is_a_scalar(form):
    """TensorFlow 2 writes scalars so; of every type of number, and in both forms of tensors."""
    np = pytest.importorskip("numpy", reason="the types")
    pytest.importorskip("google_crc32c", reason="it checks the checksums")
    tensors = pytest.importorskip("tensorboard.util.tensor_util", reason="it makes tensors")
    event_pb2 = pytest.importorskip("tensorboard.compat.proto.event_pb2", reason="and events")
    value = np.dtype(form).type(1)
    tensor = tensors.make_tensor_proto(value)
    packed = type(tensor)(
        dtype=tensor.dtype, tensor_shape=tensor.tensor_shape, tensor_content=value.tobytes()
    )
    for each in (tensor, packed):
        event = event_pb2.Event(step=3, wall_time=1.0)
        event.summary.value.add(tag="loss", tensor=each)
        event.summary.value.add(tag="picture", tensor=tensors.make_tensor_proto(np.zeros(3)))
        parsed = event_parser()(event.SerializeToString())
        assert (parsed.step, parsed.scalars) == (3, {"loss": 1})
