"""What is shown while packages come: what is done, and how much is left."""

import io

from provision.progress import Progress

BEGUN = ["Using Python 3.11", "Resolved 3 packages in 1ms", "Downloading pyarrow (47.5MiB)", "Downloading ty (512KiB)"]


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def told(out: io.StringIO, *lines: str, seconds: float = 6) -> str:
    clock = Clock()
    progress = Progress(out, clock)
    progress.follow(f"{line}\n" for line in lines)
    clock.now = seconds
    progress.say()
    return out.getvalue()


def test_a_log_gets_plain_lines_of_what_is_left() -> None:
    assert told(io.StringIO(), *BEGUN) == "    6 s: 48 of 48 MiB left: pyarrow (48 MiB), ty (0 MiB)\n"
    assert told(io.StringIO(), *BEGUN, " Downloaded pyarrow") == "    6 s: 0 of 48 MiB left: ty (0 MiB)\n"


def test_a_log_is_not_filled_and_says_nothing_of_nothing() -> None:
    assert told(io.StringIO(), *BEGUN, seconds=4) == ""
    assert told(io.StringIO(), "Using Python 3.11") == ""
    lines = [
        *BEGUN,
        " Downloaded pyarrow",
        " Downloaded ty",
        "Prepared 3 packages in 1s",
        "Installed 3 packages in 1ms",
    ]
    assert told(io.StringIO(), *lines) == "  3 packages in place after 0 s\n"


def test_a_source_that_comes_without_a_sign_is_no_silence() -> None:
    assert told(io.StringIO(), *BEGUN[:2]) == "    6 s: fetching small packages and sources, or unpacking\n"


def test_a_terminal_gets_one_line_that_moves() -> None:
    assert told(Terminal(), *BEGUN, seconds=1).startswith("\r\x1b[K    1 s: 48 of 48 MiB left")


def test_many_downloads_fit_a_line() -> None:
    names = [f"Downloading p{number} (2.0MiB)" for number in range(9)]
    assert told(io.StringIO(), *names).endswith("18 of 18 MiB left: p0 (2 MiB), p1 (2 MiB), p2 (2 MiB) and 6 more\n")


def test_a_source_that_is_built_is_named_until_it_is_there() -> None:
    lines = ["   Building pyspark==4.0.5", "Downloading pyspark (414.0MiB)"]
    assert "pyspark==4.0.5 being built" in told(io.StringIO(), *lines)
    assert "pyspark" not in told(io.StringIO(), lines[0], "      Built pyspark==4.0.5")


def test_the_end_is_counted_and_each_package_is_not_a_line() -> None:
    lines = ["Prepared 2 packages in 3s", "Installed 2 packages in 9ms", " - click==8.5.1", " + six==1.16.0"]
    assert told(io.StringIO(), *lines) == "  2 packages in place after 0 s\n"


def test_what_it_does_not_know_is_passed_on() -> None:
    error = "error: Hash mismatch for `six==1.16.0`"
    assert told(io.StringIO(), error) == f"  {error}\n"
    assert told(Terminal(), error) == f"\r\x1b[K  {error}\n"
