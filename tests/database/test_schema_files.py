"""Which files are read, in which order, and how."""

from __future__ import annotations

from pathlib import Path

import pytest

from fixtures.database.schema_files import SchemaError, decode, read_schema


def write(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(f"-- {name}\n")


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["b/01.sql", "02.sql", "a-03.sql"], ["b/01.sql", "02.sql", "a-03.sql"]),
        (["1.sql", "10.sql", "2.sql"], ["1.sql", "2.sql", "10.sql"]),
        (["V10__b.sql", "V2__a.sql"], ["V2__a.sql", "V10__b.sql"]),
        (["2024_b/migration.sql", "2023_z/migration.sql"], ["2023_z/migration.sql", "2024_b/migration.sql"]),
        (["20240102_b.sql", "20240101120000_a.sql"], ["20240101120000_a.sql", "20240102_b.sql"]),
        (["supabase/migrations/1.sql", "supabase/seed.sql"], ["supabase/migrations/1.sql"]),
        (["1.up.sql", "1.down.sql", "2_rollback.sql"], ["1.up.sql"]),
    ],
)  # fmt: skip
def test_order_of_a_folder(tmp_path: Path, names: list[str], expected: list[str]) -> None:
    """By name; what takes migrations back is not part of it."""
    write(tmp_path, *names)
    assert expected == [str(file.path.relative_to(tmp_path)) for file in read_schema([tmp_path])]


def test_what_is_left_out_is_told(tmp_path: Path) -> None:
    """Never a silent omission."""
    write(tmp_path, "supabase/migrations/1.sql", "supabase/migrations/1.down.sql", "supabase/seed.sql")
    notes = " ".join(read_schema([tmp_path])[0].notes)
    assert "1.down.sql" in notes
    assert "supabase/seed.sql" in notes


def test_included_files(tmp_path: Path) -> None:
    """Inside the folder only, once, and not for ever."""
    (tmp_path / "secret.sql").write_text("select 1;")
    folder = tmp_path / "schema"
    write(folder, "tables/a.sql")
    (folder / "0.sql").write_text("\\i tables/a.sql\n\\ir ../secret.sql\n\\i 0.sql\n\\i missing.sql\n")
    files = read_schema([folder])
    assert ["0.sql"] == [file.path.name for file in files]
    assert "tables/a.sql" in files[0].included
    assert "../secret.sql" not in files[0].included


def test_down_section(tmp_path: Path) -> None:
    """Of dbmate and goose."""
    (tmp_path / "1.sql").write_text("-- migrate:up\ncreate table t ();\n-- migrate:down\ndrop table t;\n")
    file = read_schema([tmp_path])[0]
    assert "drop" not in file.text
    assert file.notes


@pytest.mark.parametrize(
    ("content", "text", "told"),
    [
        ("\ufeffsélect".encode(), "sélect", False),
        ("sélect".encode("utf-16"), "sélect", False),
        ("sélect".encode("cp1252"), "sélect", True),
        (b"a\r\nb", "a\r\nb", False),
        (b"--a\rb", "--a\nb", False),
    ],
)
def test_encodings(content: bytes, text: str, *, told: bool) -> None:
    """Byte order marks are obeyed, other bytes are guessed, and that is told."""
    assert (text, told) == (decode(content)[0], bool(decode(content)[1]))


@pytest.mark.parametrize("content", [None, b"\xff\xfe\x00", b"a\0b"])
def test_unreadable_schema(tmp_path: Path, content: bytes | None) -> None:
    """An empty folder, or bytes that are no text."""
    if content:
        (tmp_path / "1.sql").write_bytes(content)
    with pytest.raises(SchemaError, match="schema"):
        read_schema([tmp_path])
