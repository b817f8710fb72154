"""Django's entry to this room."""

from django.apps import AppConfig


class LedgerConfig(AppConfig):
    name = "governance.ledger"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from governance.core.ports import (
            KeepForever,
            register_personal_data_holder,
            register_retention_rule,
        )
        from governance.ledger.ports import LedgerPersonalDetails

        register_personal_data_holder(LedgerPersonalDetails())
        for model, reason in (
            ("LedgerEntry", "The record of what was done; it holds no personal data."),
            ("LedgerLeaf", "A leaf that is gone would break every later proof."),
            ("TreeNode", "A node that is gone would break proofs."),
            ("Checkpoint", "Each checkpoint is a statement others may hold us to."),
            ("PersonalDetail", "Erased with the person, through the personal data holder."),
            ("UnsequencedEntry", "The sequencer removes a row within a second."),
        ):
            register_retention_rule(KeepForever(f"ledger.{model}", reason))
