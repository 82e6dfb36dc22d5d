"""What every backend's parent half and every store must do. Subclass in a test file and return yours from ``make``."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from edgewright.core.device.lock import canonical, read_lock
from edgewright.core.device.server import HOST, Load
from edgewright.core.model.facts import ModelFacts
from edgewright.core.recipe.recipes import Recipe
from edgewright.ports import Backend, Store
from edgewright.testing.samples import facts


class BackendConformance:
    """The promises of `edgewright.ports.Backend`, for a model that the backend says it can build."""

    runs_with_torch = False
    """Whether PyTorch is the runtime itself, and not only what builds are made with."""

    def make(self) -> Backend:
        """The backend under test."""
        raise TypeError("return the backend under test from make()")

    def model(self) -> ModelFacts:
        """A model it should be able to build."""
        return facts()

    def _recipes(self) -> tuple[Recipe, ...]:
        return self.make().recipes(self.model())

    def test_it_says_what_it_can_build_in_words(self) -> None:
        fit = self.make().fit(self.model())
        assert fit.framework == self.make().name
        assert fit.works
        assert all(reason.strip() for reason in fit.reasons)
        assert fit.reasons

    def test_it_refuses_an_architecture_nobody_knows_with_a_reason(self) -> None:
        fit = self.make().fit(facts(model_type="no-such-thing", architecture="NoSuchThingForCausalLM"))
        assert not fit.works
        assert fit.reasons

    def test_it_does_not_take_an_empty_directory_for_its_own(self, tmp_path: Path) -> None:
        assert not self.make().recognizes(tmp_path)

    def test_the_first_recipe_is_the_only_unquantized_one_made_from_the_source(self) -> None:
        first, *rest = self._recipes()
        assert first.precision.unquantized
        assert not first.base
        assert not any(recipe.precision.unquantized for recipe in rest if not recipe.auxiliary)

    def test_recipes_have_distinct_names_and_its_own_framework(self) -> None:
        recipes = self._recipes()
        assert len({recipe.id for recipe in recipes}) == len(recipes)
        assert {recipe.framework for recipe in recipes} == {self.make().name}

    def test_a_base_is_a_recipe_that_comes_earlier(self) -> None:
        seen: set[str] = set()
        for recipe in self._recipes():
            assert not recipe.base or recipe.base in seen
            seen.add(recipe.name)

    def test_what_a_search_may_try_has_distinct_names_and_bases_that_are_made(self) -> None:
        space = self.make().space(self.model())
        if space is None:
            return
        recipes = [candidate.recipe for candidate in space.candidates]
        made = {recipe.name for recipe in self._recipes()}
        assert len({recipe.id for recipe in recipes}) == len(recipes)
        assert {recipe.framework for recipe in recipes} == {self.make().name}
        assert all(not recipe.base or recipe.base in made for recipe in recipes)
        assert not any(recipe.precision.unquantized for recipe in recipes)
        assert all(candidate.storage.bits > 0.0 for candidate in space.candidates)

    def test_what_every_run_tries_is_in_the_space_unchanged(self) -> None:
        space = self.make().space(self.model())
        if space is None:
            return
        by_name = {candidate.recipe.name: candidate.recipe for candidate in space.candidates}
        tried = [r for r in self._recipes() if not r.precision.unquantized and not r.auxiliary]
        assert all(by_name[recipe.name] == recipe for recipe in tried)

    def test_its_digests_do_not_change_between_two_looks(self) -> None:
        assert self.make().code_digest == self.make().code_digest
        assert self.make().toolchain.digest == self.make().toolchain.digest

    def test_its_locks_pin_every_package_and_the_hashes_of_its_files(self) -> None:
        run = self.make().toolchain
        for lock in (run.lock, run.compile_lock, run.builder.lock):
            assert all(pin.hashes for pin in read_lock(lock))

    def test_its_run_half_holds_what_the_worker_needs(self) -> None:
        assert {"numpy", "pydantic"} <= _names(self.make().toolchain.lock)

    def test_its_run_half_holds_no_pytorch_unless_it_runs_with_it(self) -> None:
        assert self.runs_with_torch or "torch" not in _names(self.make().toolchain.lock)

    def test_its_server_can_be_started_and_is_reached_by_named_routes_with_a_secret(self) -> None:
        server = self.make().server
        if server is None:
            return
        variables = dict.fromkeys(re.findall(r"{(\w+)}", server.program), "tools")
        command = server.command(variables, model="m", port=4321, load=Load(slots=2, context=512))
        assert {"m", HOST, "4321", "1024", "2"} <= set(command)
        assert server.secret
        assert all(route.startswith("/") for route in (server.ready, *server.routes))

    def test_its_build_half_holds_nothing_that_is_in_its_run_half(self) -> None:
        run = self.make().toolchain
        if run.makes is None:
            return
        assert run.makes.needs == replace(run, makes=None)
        assert run.makes.digest != run.digest
        assert not _names(run.makes.lock) & _names(run.lock)


def _names(lock: str) -> set[str]:
    return {canonical(pin.name) for pin in read_lock(lock)}


class StoreConformance:
    """The promises of `edgewright.ports.Store`."""

    def make(self, root: Path) -> Store:
        """The store under test, keeping its things below ``root``."""
        raise TypeError("return the store under test from make()")

    def test_what_was_never_built_is_not_found(self, tmp_path: Path) -> None:
        assert self.make(tmp_path).find("artifacts", "k") is None

    def test_what_was_built_is_found_whole(self, tmp_path: Path) -> None:
        store = self.make(tmp_path)
        with store.building("artifacts", "k") as draft:
            draft.mkdir()
            (draft / "weights").write_bytes(b"w")
            assert store.find("artifacts", "k") is None
        found = store.find("artifacts", "k")
        assert found is not None
        assert (found / "weights").read_bytes() == b"w"

    def test_a_failed_build_leaves_nothing(self, tmp_path: Path) -> None:
        store = self.make(tmp_path)
        try:
            with store.building("artifacts", "k") as draft:
                draft.mkdir()
                raise RuntimeError("the build failed")
        except RuntimeError:
            assert store.find("artifacts", "k") is None
            assert not draft.exists()

    def test_what_was_removed_is_not_found_and_can_be_built_again(self, tmp_path: Path) -> None:
        store = self.make(tmp_path)
        for _ in range(2):
            with store.building("artifacts", "k") as draft:
                draft.mkdir()
            store.remove("artifacts", "k")
            assert store.find("artifacts", "k") is None
        store.remove("artifacts", "never there")

    def test_keys_of_different_kinds_do_not_meet(self, tmp_path: Path) -> None:
        store = self.make(tmp_path)
        with store.building("artifacts", "k") as draft:
            draft.mkdir()
        assert store.find("scores", "k") is None
