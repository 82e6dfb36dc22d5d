from edgewright.sites.local.drafts import new_draft, sweep


def test_no_two_attempts_write_to_the_same_place(tmp_path):
    first, second = new_draft(tmp_path / "mlx"), new_draft(tmp_path / "mlx")
    assert first != second
    assert first.name.startswith(".mlx.")
    assert first.name.endswith(".draft")


def test_a_sweep_takes_what_attempts_left_and_nothing_else(tmp_path):
    for name in (new_draft(tmp_path / "mlx").name, ".mlx.draft", ".mlx-b.1-a.draft", "mlx-1", ".mlx.keep"):
        (tmp_path / name).mkdir()
    sweep(tmp_path / "mlx")
    assert {p.name for p in tmp_path.iterdir()} == {".mlx-b.1-a.draft", "mlx-1", ".mlx.keep"}
