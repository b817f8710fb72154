"""Presets: plans to start from, each number with its source and each law with its reach."""

from audits.presets.ads_delivery import ADS_DELIVERY
from audits.presets.eligibility import ELIGIBILITY
from audits.presets.preset import Preset
from audits.presets.pricing import PRICING
from audits.presets.ranking import RANKING
from audits.presets.recommendations import RECOMMENDATIONS

PRESETS: dict[str, Preset] = {
    preset.key: preset for preset in (RECOMMENDATIONS, ADS_DELIVERY, RANKING, PRICING, ELIGIBILITY)
}

__all__ = ["PRESETS", "Preset"]
