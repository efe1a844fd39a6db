"""Which files are a ledger's, what each is inside, and what an archive holds."""

import gzip
import hashlib
import zipfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from model_code.errors import InputError
from model_code.etl.files import Kind, files_of, folders_of, kind_of, ledger_sha256
from model_code.etl.mapping import ColumnMapping, Form
from model_code.etl.reading import open_ledger

TEXT = b"id,merchant\n1,ACME\n"


def write(path: Path, content: bytes = TEXT) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def archive(path: Path, members: dict[str, bytes]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as target:
        for name, content in members.items():
            target.writestr(name, content)
    return path


def names(ledger: Path) -> list[str]:
    with files_of(ledger) as files:
        return [file.name for file in files]


def test_a_folder_is_read_with_all_below_it_in_the_order_of_names(tmp_path: Path) -> None:
    for name in ("b.csv", "a/2.csv.gz", "a/1.TXT", "_SUCCESS", ".b.csv.crc", "_temporary/0.csv", "a/.hidden"):
        write(tmp_path / name)
    assert names(tmp_path) == ["a/1.TXT", "a/2.csv.gz", "b.csv"]


def test_an_archive_is_its_members_also_within_a_folder(tmp_path: Path) -> None:
    members = {"2025/02.csv": b"x", "2025/01.csv": TEXT, "__MACOSX/01.csv": b"x", "2025/.DS_Store": b"x"}
    archive(tmp_path / "l/year.zip", members)
    write(tmp_path / "l/extra.csv")
    assert names(tmp_path / "l") == ["extra.csv", "year.zip/2025/01.csv", "year.zip/2025/02.csv"]
    with files_of(tmp_path / "l/year.zip") as files:
        assert files[0].path.read_bytes() == TEXT
        assert files[0].sha256 == hashlib.sha256(TEXT).hexdigest()
    assert not files[0].path.exists()


def test_a_member_never_leaves_the_scratch_folder(tmp_path: Path) -> None:
    archive(tmp_path / "evil.zip", {"../../outside.csv": TEXT, "/etc/absolute.csv": TEXT})
    with files_of(tmp_path / "evil.zip") as files:
        folders = {file.path.resolve().parents[1] for file in files}
        assert len(folders) == 1
        assert all(tmp_path.resolve() not in file.path.resolve().parents for file in files)
    assert not list(tmp_path.rglob("outside.csv"))


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("a.doc", TEXT, r"a\.doc is no ledger that can be read: its name must end in \.csv"),
        ("a.zip", b"PK\x03\x04 and then nothing", r"a\.zip is an archive that can't be read"),
    ],
)
def test_a_file_that_is_no_ledger_is_named(tmp_path: Path, name: str, content: bytes, sentence: str) -> None:
    write(tmp_path / "l" / name, content)
    with pytest.raises(InputError, match=sentence), files_of(tmp_path / "l"):
        raise AssertionError


def test_a_locked_archive_is_refused_with_a_sentence(tmp_path: Path) -> None:
    path = archive(tmp_path / "locked.zip", {"a.csv": TEXT})
    content = bytearray(path.read_bytes())
    content[6] |= 1  # the flag of encryption, in the member's head and in the directory
    content[content.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"a\.csv of locked\.zip can't be unpacked; .*password"), files_of(path):
        raise AssertionError


def test_what_a_file_is_inside_decides_and_not_its_name(tmp_path: Path) -> None:
    pq.write_table(pa.table({"id": ["1"]}), tmp_path / "really-parquet.csv")
    assert kind_of(tmp_path / "really-parquet.csv") is Kind.PARQUET
    assert kind_of(write(tmp_path / "a.csv", gzip.compress(TEXT))) is Kind.TEXT
    with open_ledger(tmp_path / "really-parquet.csv") as ledger:
        assert (ledger.header, ledger.encoding) == (["id"], "parquet")


def test_one_files_hash_is_the_ledgers_and_several_make_one_by_name(tmp_path: Path) -> None:
    write(tmp_path / "a.csv")
    with files_of(tmp_path / "a.csv") as files:
        assert ledger_sha256(files) == hashlib.sha256(TEXT).hexdigest()
    write(tmp_path / "b.csv", b"x")
    with files_of(tmp_path) as files:
        listed = "".join(f"{file.sha256}  {file.name}\n" for file in files)
        assert ledger_sha256(files) == hashlib.sha256(listed.encode()).hexdigest()


def test_folders_of_partitions_are_columns_that_a_mapping_may_name(tmp_path: Path) -> None:
    path = tmp_path / "year=2025/part-0.parquet"
    path.parent.mkdir()
    pq.write_table(pa.table({"id": ["1", "2"]}), path)
    with files_of(tmp_path) as files:
        assert files[0].folders == {"year": "2025"}
        mapping = ColumnMapping(columns={"transaction_id": ("id",), "agency": ("year",)})
        with open_ledger(path, mapping, declared=True, folders=files[0].folders) as ledger:
            assert ledger.header == ["id", "year"]
            assert [row.values for row in ledger.rows] == [["1", "2025"], ["2", "2025"]]


@pytest.mark.parametrize(
    ("content", "form", "sentence"),
    [
        (b"1;ACME\n2;BOLTS\n", Form(column_names=("id", "merchant", "day"), header_line=0), "no line of 3 values"),
        (b"x,y\nid,merchant\n1,ACME\n", Form(header_line=1), "lacks the columns|several ways"),
        ("id,merchant\n1,CAF\u00c9\n".encode("cp1252"), Form(encoding="utf-8"), r"isn't utf-8 throughout .* at byte"),
    ],
)
def test_a_form_that_does_not_fit_is_refused(tmp_path: Path, content: bytes, form: Form, sentence: str) -> None:
    path = write(tmp_path / "a.csv", content)
    columns = {"transaction_id": ("id",), "merchant": ("merchant",)}
    with (
        pytest.raises(InputError, match=sentence),
        open_ledger(path, ColumnMapping(columns=columns, form=form), declared=True) as ledger,
    ):
        list(ledger.rows)


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("above", ["", "Payments,of;the\tcouncil|\n\n", "sep=;\n"])
def test_the_header_is_where_the_columns_are_whatever_separates_them(
    tmp_path: Path, separator: str, above: str
) -> None:
    lines = (
        f"{above}{separator.join([' ID ', 'Merchant', 'Day', '', ''])}\n{separator.join(['1', 'A', 'x', '', '', ''])}\n"
    )
    columns = {"transaction_id": ("id",), "merchant": ("Vendor", "merchant"), "transaction_date": ("Day",)}
    with open_ledger(
        write(tmp_path / "a.csv", lines.encode()), ColumnMapping(columns=columns), declared=True
    ) as ledger:
        assert (ledger.header, ledger.separator) == (["ID", "Merchant", "Day"], separator)
        assert [row.values for row in ledger.rows] == [["1", "A", "x"]]


@pytest.mark.parametrize(
    ("name", "folders"),
    [
        ("a.csv", {}),
        ("2026/a.csv", {}),
        ("year=2026/month=01/a.csv", {"year": "2026", "month": "01"}),
        ("note=a=b/x=1.csv", {"note": "a=b"}),
    ],
)
def test_folders_alone_say_what_a_file_is_of(name: str, folders: dict[str, str]) -> None:
    assert folders_of(name) == folders
