from compliance.report import Verdict
from compliance.synth import Synthesized, environments, table


def test_every_settings_file_is_an_environment() -> None:
    assert environments() == ["commercial", "govcloud-east", "govcloud-west", "local"]


def test_the_table_has_a_line_for_each_environment() -> None:
    verdict = Verdict(objections=("one",), accepted=3, reasons=2)
    row = Synthesized(environment="local", seconds=1.25, stacks=7, verdict=verdict)
    head, line = table([row]).splitlines()
    assert head.split() == ["environment", "stacks", "accepted", "reasons", "objections", "seconds"]
    assert line.split() == ["local", "7", "3", "2", "1", "1.2"]
