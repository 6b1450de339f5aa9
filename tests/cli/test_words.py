from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clapless.cli.words import (
    drift_words,
    length_words,
    offset_words,
    parse_distance_m,
    parse_named,
    parse_pin,
    parse_time_s,
)
from clapless.errors import UsageError
from clapless.timing import Timecode
from tests.strategies import rates


class TestTime:
    @pytest.mark.parametrize(
        ("text", "seconds"),
        [
            ("0", 0.0),
            ("83.5", 83.5),
            (" 83,5 ", 83.5),
            ("1:23.5", 83.5),
            ("01:23", 83.0),
            ("90:00", 5400.0),
            ("1:00:00.001", 3600.001),
            ("100:00:00", 360000.0),
        ],
    )
    def test_what_people_type(self, text, seconds):
        assert parse_time_s(text) == pytest.approx(seconds)

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "-1",
            "+1",
            "1e3",
            "nan",
            "inf",
            "1:60",
            "1:60:00",
            "1:2:3:4",
            "01:00:00;00",
            "٣",
            "1_0",
        ],
    )
    def test_anything_else_is_wrong_usage(self, text):
        with pytest.raises(UsageError, match="is no time: write seconds"):
            parse_time_s(text)

    @given(
        hours=st.integers(0, 99),
        minutes=st.integers(0, 59),
        milliseconds=st.integers(0, 59999),
    )
    def test_hours_minutes_and_seconds_add_up(self, hours, minutes, milliseconds):
        text = f"{hours}:{minutes:02d}:{milliseconds / 1000:06.3f}"
        assert parse_time_s(text) == pytest.approx(
            hours * 3600 + minutes * 60 + milliseconds / 1000
        )


class TestPin:
    @pytest.mark.parametrize(
        ("text", "parts"),
        [
            ("C0001@1.5=ZOOM@2", ("C0001", 1.5, "ZOOM", 2.0)),
            ("me@home@1:00=a@2", ("me@home", 60.0, "a", 2.0)),
            ("a=b.wav@1=c=d.wav@2", ("a=b.wav", 1.0, "c=d.wav", 2.0)),
            ("a b'\"\n.wav@1=🎬@2", ("a b'\"\n.wav", 1.0, "🎬", 2.0)),
            ("/x/a@1/b@2=c@3", ("/x/a@1/b", 2.0, "c", 3.0)),
        ],
    )
    def test_names_may_hold_anything(self, text, parts):
        pin = parse_pin(text)
        assert (pin.a, pin.a_s, pin.b, pin.b_s) == parts

    @pytest.mark.parametrize(
        "text", ["", "a@1", "a=b", "a@1=b", "@1=b@2", "a@=b@2", "a@1=b@", "a@x=b@2", "a@-1=b@2"]
    )
    def test_half_a_pin_is_wrong_usage(self, text):
        with pytest.raises(UsageError, match="is not of the form CLIP@TIME=CLIP@TIME"):
            parse_pin(text)

    def test_two_readings_are_wrong_usage(self):
        with pytest.raises(UsageError, match="can be read in 2 ways"):
            parse_pin("a@1=b@2=c@3")

    def test_of_two_readings_the_one_whose_files_exist_is_meant(self, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        for name in ("a@1=b", "c"):
            (tmp_path / name).touch()
        pin = parse_pin("a@1=b@2=c@3")
        assert (pin.a, pin.a_s, pin.b, pin.b_s) == ("a@1=b", 2.0, "c", 3.0)

    @given(
        names=st.tuples(
            *[
                st.text(
                    st.characters(exclude_characters="@=\0", exclude_categories=["Cs"]), min_size=1
                )
            ]
            * 2
        ),
        times=st.tuples(*[st.integers(0, 10**6)] * 2),
    )
    def test_plain_names_come_back(self, names, times):
        pin = parse_pin(f"{names[0]}@{times[0]}={names[1]}@{times[1]}")
        assert (pin.a, pin.a_s, pin.b, pin.b_s) == (names[0], times[0], names[1], times[1])


class TestNamed:
    def test_a_value_may_hold_an_equals_sign(self):
        assert parse_named("--device", ["A=x=*.wav"], "NAME=GLOB") == {"A": "x=*.wav"}

    @pytest.mark.parametrize("text", ["", "A", "A=", "=x"])
    def test_half_of_it_is_wrong_usage(self, text):
        with pytest.raises(UsageError, match=r"--device .* is not of the form NAME=GLOB"):
            parse_named("--device", [text], "NAME=GLOB")

    def test_a_name_twice_is_wrong_usage(self):
        with pytest.raises(UsageError, match="names 'A' twice"):
            parse_named("--device", ["A=x", "A=y"], "NAME=GLOB")

    @pytest.mark.parametrize(("text", "metres"), [("12", 12.0), ("1.5 m", 1.5), ("0,5m", 0.5)])
    def test_distances(self, text, metres):
        assert parse_distance_m("A", text) == metres

    @pytest.mark.parametrize("text", ["", "-1", "x", "1km", "nan", "1e3"])
    def test_no_distance(self, text):
        with pytest.raises(UsageError, match="is no distance in metres"):
            parse_distance_m("A", text)


class TestWords:
    @given(rate=rates, offset_s=st.floats(0, 86000))
    def test_the_timecode_of_an_offset_is_its_nearest_frame(self, rate, offset_s):
        label, frames = offset_words(offset_s, rate)
        assert label[0] == "+"
        frame = Timecode.parse(label[1:], rate).frame
        assert abs(frame - Fraction(offset_s) * rate) <= Fraction(1, 2)
        assert float(frames) == pytest.approx(offset_s * float(rate), abs=0.006)

    def test_signs(self):
        assert offset_words(-2.0, Fraction(25)) == ("-00:00:02:00", "-50.00")
        assert offset_words(0.0, Fraction(25)) == ("+00:00:00:00", "+0.00")
        assert offset_words(-1e-6, Fraction(25)) == ("+00:00:00:00", "+0.00")
        assert offset_words(-1e-6, None) == ("+0.0000 s", "")

    def test_more_than_a_day(self):
        assert offset_words(86400 * 2 + 1.0, Fraction(25))[0] == "+2 d 00:00:01:00"

    def test_drift_by_the_hour(self):
        assert drift_words(-24.7, Fraction(25)) == ("-24.7", "-2.2 fr")
        assert drift_words(100.0, None) == ("+100.0", "+360 ms")
        assert drift_words(-0.01, Fraction(25)) == ("+0.0", "+0.0 fr")

    def test_lengths(self):
        assert length_words(59.96) == "1:00.0"
        assert length_words(0.0) == "0:00.0"
        assert length_words(3600.0) == "1:00:00"
