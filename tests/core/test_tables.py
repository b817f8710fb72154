"""Tables made together are the tables made one by one."""

from django.db import models
from django.db.migrations.operations import CreateModel
from django.db.migrations.state import ProjectState

from governance.core.tables import CreateTables


def _models() -> list[CreateModel]:
    parent = models.ForeignKey("core.parent", on_delete=models.CASCADE, related_name="children")
    return [
        CreateModel("Parent", [("id", models.BigAutoField(primary_key=True))]),
        CreateModel("Child", [("id", models.BigAutoField(primary_key=True)), ("parent", parent)]),
    ]


def test_many_models_make_the_state_that_single_ones_make() -> None:
    together, singly = ProjectState(), ProjectState()
    assert not together.apps.get_models()  # rendered, as before every migration
    CreateTables(_models()).state_forwards("core", together)
    for model in _models():
        model.state_forwards("core", singly)
    assert together == singly
    parent = together.apps.get_model("core", "Parent")
    assert [relation.name for relation in parent._meta.related_objects] == ["children"]


def test_it_says_what_it_makes() -> None:
    made = CreateTables(_models())
    assert made.describe() == "Create the tables of Parent, Child"
    assert made.references_model("Parent", "core")
    assert not CreateTables(_models()[:1]).references_model("Child", "core")
