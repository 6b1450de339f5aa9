"""GPMF's records and payloads: what every type and describing key means."""

from __future__ import annotations

import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clapless.media.gpmf.axes import FIXED_ORDERS, axis_matrix, camera_matrix
from clapless.media.gpmf.klv import GpmfError, fields_of, numbers_of, records, utc_seconds
from clapless.media.gpmf.payload import read_payload
from clapless.synth.gpmf import nest, numbers, record, structures, text, texts

DEVICE = (numbers("DVID", "L", [[1]]), text("DVNM", "Camera"))


def only(*parts: bytes, device: str = "HERO9 Black"):
    payload = read_payload(
        nest("DEVC", numbers("DVID", "L", [[1]]), text("DVNM", device), nest("STRM", *parts))
    )
    assert payload.problems == []
    (delivery,) = payload.deliveries
    return delivery


@pytest.mark.parametrize(
    ("kind", "data", "value"),
    [
        ("b", b"\xff", -1),
        ("B", b"\xff", 255),
        ("s", b"\xff\xfe", -2),
        ("S", b"\xff\xfe", 65534),
        ("l", b"\xff\xff\xff\xfd", -3),
        ("L", b"\xff\xff\xff\xfd", 2**32 - 3),
        ("j", b"\xff" * 8, -1),
        ("J", b"\0" * 7 + b"\x09", 9),
        ("f", struct.pack(">f", 1.5), 1.5),
        ("d", struct.pack(">d", -2.25), -2.25),
        ("q", struct.pack(">i", -(3 << 16) // 2), -1.5),
        ("Q", struct.pack(">q", 5 << 31), 2.5),
        ("F", b"SNOW", 0x534E4F57),
        ("U", b"170417173103.250", 1492450263.25),
    ],
)
def test_every_type_of_number(kind: str, data: bytes, value: float) -> None:
    (found,), problem = records(memoryview(record("test", kind, data, size=len(data))))
    assert problem == ""
    assert numbers_of(found).tolist() == [[value]]


@pytest.mark.parametrize("kind", ["#", "x", "\x01"])
def test_unknown_types_are_refused(kind: str) -> None:
    (found,), _ = records(memoryview(record("test", kind, b"1234", size=4)))
    with pytest.raises(GpmfError):
        numbers_of(found)


def test_each_axis_has_its_scale_and_unit() -> None:
    delivery = only(
        texts("UNIT", ("deg", "deg", "m", "m/s", "m/s")),
        numbers("SCAL", "l", [[s] for s in (1e7, 1e7, 1000, 1000, 100)]),
        numbers("GPS5", "l", [[331264969, -1173273542, -20184, 167, 19]]),
    )
    assert delivery.units == ("deg", "deg", "m", "m/s", "m/s")
    assert delivery.values.tolist() == [[33.1264969, -117.3273542, -20.184, 0.167, 0.19]]


def test_structures_with_arrays() -> None:
    assert fields_of("f[3]Lb") == "fffLb"
    delivery = only(
        text("TYPE", "f[2]L"),
        numbers("SCAL", "f", [[2.0], [10.0]]),
        structures("cust", "ffL", [(1.0, 2.0, 30), (3.0, 4.0, 50)]),
    )
    assert delivery.values.tolist() == [[0.5, 1.0, 3.0], [1.5, 2.0, 5.0]]


def test_records_of_one_key_are_samples_of_varying_width() -> None:
    faces = [structures("FACE", "Lf", rows) for rows in ([(1, 0.5), (2, 0.25)], [], [(3, 1.0)])]
    delivery = only(numbers("TSMP", "L", [[3]]), text("TYPE", "Lf"), *faces)
    np.testing.assert_array_equal(
        delivery.values,
        [[1, 0.5, 2, 0.25], [np.nan] * 4, [3, 1.0, np.nan, np.nan]],
    )
    assert delivery.total == 3


def test_samples_nested_with_their_own_ticks() -> None:
    inner = [
        nest(
            "FACE",
            numbers("TICK", "L", [[10_000 + k]]),
            numbers("TOCK", "L", [[10_300 + k]]),
            structures("FACE", "Lf", [(k, 0.5)]),
        )
        for k in range(3)
    ]
    delivery = only(text("TYPE", "Lf"), *inner)
    assert delivery.values.tolist() == [[0, 0.5], [1, 0.5], [2, 0.5]]


def test_text_streams_and_their_counts() -> None:
    delivery = only(numbers("TSMP", "L", [[16]]), text("FWVS", "1.1.11.0"))
    assert delivery.texts == ("1.1.11.0",)
    assert (delivery.count, delivery.total) == (1, 2)


def test_stamps_ticks_and_stated_numbers() -> None:
    delivery = only(
        numbers("STMP", "J", [[62968]]),
        numbers("TSMP", "L", [[202]]),
        numbers("TICK", "L", [[119095]]),
        numbers("TMPC", "f", [[31.5]]),
        numbers("TIMO", "f", [[0.25]]),
        numbers("ACCL", "s", [[1, 2, 3]]),
    )
    assert (delivery.stamp_s, delivery.tick_s) == (0.062968, 119.095)
    assert dict(delivery.stated) == {"TMPC": 31.5, "TIMO": 0.25}


@pytest.mark.parametrize(
    ("order", "stored"), [("ZXY", (3, 1, 2)), ("YxZ", (2, -1, 3)), ("zxY", (-3, -1, 2))]
)
def test_channels_are_turned_to_the_cameras_axes(order: str, stored: tuple[int, ...]) -> None:
    delivery = only(text("ORIN", order), numbers("GYRO", "s", [stored]))
    assert delivery.values.tolist() == [[1, 2, 3]]
    assert delivery.axes == ("X", "Y", "Z")


@pytest.mark.parametrize(
    ("device", "stored"),
    [("Camera", (3, 1, 2)), ("Hero6 Black", (2, -1, 3)), ("Fusion", (-2, 1, 3))],
)
def test_models_that_do_not_say_their_order(device: str, stored: tuple[int, ...]) -> None:
    assert only(numbers("ACCL", "s", [stored]), device=device).values.tolist() == [[1, 2, 3]]


def test_foreign_devices_keep_their_axes() -> None:
    delivery = only(numbers("ACCL", "s", [[7, 8, 9]]), device="SENSORB6")
    assert delivery.values.tolist() == [[7, 8, 9]]
    assert delivery.axes == ()


def test_every_fixed_order_is_a_proper_rotation() -> None:
    for _, order in FIXED_ORDERS:
        assert np.linalg.det(axis_matrix(order)) == pytest.approx(1.0)


def test_a_mixing_matrix_and_the_order_behind_it() -> None:
    # As HERO6 writes them: ORIN YxZ, ORIO ZXY and the matrix between.
    mixed = (0, 0, 1, 0, -1, 0, 1, 0, 0)
    found = camera_matrix("", "", "ZXY", tuple(float(v) for v in mixed))
    np.testing.assert_array_equal(found, axis_matrix("YxZ"))


@pytest.mark.parametrize("order", ["XXY", "XY", "XYW", "ZXYZ"])
def test_impossible_orders_are_refused(order: str) -> None:
    with pytest.raises(GpmfError, match="order of axes"):
        axis_matrix(order)


@pytest.mark.parametrize(
    "bad",
    [
        (numbers("SCAL", "s", [[0]]), numbers("GYRO", "s", [[1, 2, 3]])),
        (numbers("SCAL", "s", [[1], [2]]), numbers("GYRO", "s", [[1, 2, 3]])),
        (record("GYRO", "s", b"12345", size=5),),
        (text("TYPE", "fz"), record("cust", "?", b"12345678", size=8)),
        (record("cust", "?", b"12345678", size=8),),
        (text("TYPE", "f"), record("cust", "?", b"12345678", size=8)),
    ],
)
def test_what_cannot_be_meant_is_a_problem_and_no_number(bad: tuple[bytes, ...]) -> None:
    payload = read_payload(nest("DEVC", *DEVICE, nest("STRM", *bad)))
    assert payload.deliveries == []
    assert len(payload.problems) == 1


@pytest.mark.parametrize("bad", ["999999999999.000", "170230000000.000", "hello, world 123"])
def test_impossible_dates_are_refused(bad: str) -> None:
    with pytest.raises(GpmfError):
        utc_seconds(bad)


@given(st.binary(max_size=400))
def test_no_bytes_make_it_fail(data: bytes) -> None:
    payload = read_payload(data)
    assert len(payload.deliveries) <= len(data) // 8


@given(
    st.sampled_from("bBsSlL"),
    st.integers(1, 6),
    st.lists(st.integers(0, 100), min_size=1, max_size=30),
)
def test_what_is_written_is_read(kind: str, axes: int, values: list[int]) -> None:
    table = np.resize(np.array(values, float), (len(values), axes))
    assert np.array_equal(only(numbers("cust", kind, table)).values, table)
