"""The seven built-in personalization types and their purposes, as data; a migration loads them.

DPV IRIs name concepts of the Data Privacy Vocabulary, `fideslang_use` data uses of Fideslang.
"""

from __future__ import annotations

from typing import Any

_DPV = "https://w3id.org/dpv#"
_OPT_IN = {"*": "opt_in"}

PURPOSES: list[dict[str, Any]] = [
    {
        "key": "product_suggestions",
        "title": "Product suggestions",
        "description": "Suggest products that fit what a person looked at, bought or saved.",
        "dpv_iri": _DPV + "ProvideProductRecommendations",
        "fideslang_use": "personalize.content.profiled",
        "lawful_basis": "consent",
        "mechanism": _OPT_IN,
    },
    {
        "key": "ads",
        "title": "Ads from our own data",
        "description": "Choose our ads by what a person does with us, and with nobody else.",
        "dpv_iri": _DPV + "PersonalisedAdvertising",
        "fideslang_use": "marketing.advertising.first_party.targeted",
        "lawful_basis": "consent",
        "needs_device_access": True,
        "mechanism": _OPT_IN,
    },
    {
        "key": "ads_third_party",
        "title": "Ads across companies",
        "description": "Choose ads with data that is shared with, or comes from, other companies.",
        "dpv_iri": _DPV + "TargetedAdvertising",
        "fideslang_use": "marketing.advertising.third_party.targeted",
        "lawful_basis": "consent",
        "needs_device_access": True,
        "mechanism": _OPT_IN,
        "gpc_covers": True,
    },
    {
        "key": "content_ranking",
        "title": "Order of content",
        "description": "Order feeds and search results by what a person liked or opened before.",
        "dpv_iri": _DPV + "ProvidePersonalisedRecommendations",
        "fideslang_use": "personalize.content.profiled",
        "lawful_basis": "consent",
        "mechanism": _OPT_IN,
    },
    {
        "key": "pricing",
        "title": "Personal prices and offers",
        "description": "Set a price, a discount or an offer for one person by what we know.",
        "dpv_iri": _DPV + "PersonalisedBenefits",
        "fideslang_use": "personalize.system",
        "lawful_basis": "consent",
        "mechanism": _OPT_IN,
    },
    {
        "key": "notifications",
        "title": "Notifications chosen for a person",
        "description": "Choose which messages a person gets, and when, by their use of it.",
        "dpv_iri": _DPV + "DirectMarketing",
        "fideslang_use": "marketing.communications",
        "lawful_basis": "consent",
        "mechanism": _OPT_IN,
    },
    {
        "key": "inferred_interests",
        "title": "Guessed interests",
        "description": "Guess from a person's behaviour what they like, and keep the guesses.",
        "dpv_iri": _DPV + "ServicePersonalisation",
        "fideslang_use": "personalize.content.profiling",
        "lawful_basis": "consent",
        "mechanism": _OPT_IN,
    },
    {
        "key": "model_training",
        "title": "Training our models",
        "description": "Learn from a person's behaviour to improve models that serve everybody.",
        "dpv_iri": _DPV + "ServiceOptimisation",
        "fideslang_use": "train_ai_system",
        "lawful_basis": "consent",
        "mechanism": _OPT_IN,
    },
]

#: How long a yes lasts at most, in days; long memories of ads and guesses need a shorter one.
DEFAULT_TTL_DAYS: dict[str, int] = {
    "product_suggestions": 730,
    "ads": 365,
    "ads_third_party": 365,
    "content_ranking": 730,
    "pricing": 365,
    "notifications": 730,
    "inferred_interests": 365,
    "model_training": 730,
}

#: (type, minimum age, people of unknown age): closed to minors everywhere.
AGE_RULES: list[tuple[str, int, str]] = [
    ("ads", 18, "allow"),
    ("pricing", 18, "allow"),
    ("inferred_interests", 18, "allow"),
]

#: A rule of the registry may close these types to more people, never open them to minors.
CLOSED_TO_MINORS: dict[str, int] = {key: age for key, age, _ in AGE_RULES}

TYPES: list[dict[str, Any]] = [
    {
        "key": "product_suggestions",
        "title": "Product suggestions",
        "help": "Products picked for you from what you looked at and bought.",
        "purposes": ["product_suggestions"],
    },
    {
        "key": "ads",
        "title": "Ads",
        "help": "Ads picked for you. Off means you still see ads, chosen by what is on the page.",
        "purposes": ["ads", "ads_third_party"],
    },
    {
        "key": "content_ranking",
        "title": "Order of content",
        "help": "Feeds and search results in an order made for you.",
        "purposes": ["content_ranking"],
    },
    {
        "key": "pricing",
        "title": "Personal prices and offers",
        "help": "Prices and offers that depend on what we know about you.",
        "purposes": ["pricing"],
    },
    {
        "key": "notifications",
        "title": "Notifications",
        "help": "Messages chosen and timed by how you use the service.",
        "purposes": ["notifications"],
    },
    {
        "key": "inferred_interests",
        "title": "Guessed interests",
        "help": "A list of what we think you like, which you can see, change and clear.",
        "purposes": ["inferred_interests"],
    },
    {
        "key": "model_training",
        "title": "Training our models",
        "help": "What you do helps to improve models that serve everybody.",
        "purposes": ["model_training"],
    },
]
