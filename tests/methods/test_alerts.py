"""What alerts promise: few false ones at any look, a known delay, states that do not flicker."""

import json
import math
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from methods.statistics import sequential
from methods.statistics.alerts import Rule, State, Window, follow, prospect, step
from methods.statistics.sequential import Detector

DAYS, BEFORE, MEN, WOMEN, RATE, GAP = 180, 60, 2_000, 500, 0.30, 0.02
VARIANCE = RATE * (1 - RATE) * (1 / MEN + 1 / WOMEN)
RULE = Rule(limit=0.0, shift=GAP)
Array = sequential.Array


def _window(
    day: int,
    estimate: float,
    variance: float = VARIANCE,
    *,
    subjects: int = 500,
    version: str = "1",
) -> Window:
    start = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=day)
    return Window(start, version, subjects, estimate, variance)


def _gaps(runs: int, seed: int, gap: float = 0.0) -> tuple[Array, Array]:
    """Daily gaps of rates, and their variances, of men and women who come once; gap from BEFORE."""
    generator = np.random.default_rng(seed)
    women = np.where(np.arange(DAYS) < BEFORE, RATE, RATE - gap)
    first = generator.binomial(MEN, RATE, (runs, DAYS)) / MEN
    second = generator.binomial(WOMEN, women, (runs, DAYS)) / WOMEN
    variance = first * (1 - first) / MEN + second * (1 - second) / WOMEN
    return first - second, variance


def _panel(runs: int, seed: int, gap: float = 0.0) -> tuple[Array, Array, Array]:
    """The same when the same people come every day, each with a rate of his own."""
    generator = np.random.default_rng(seed)
    gaps, variances, shared = (np.zeros((runs, DAYS)) for _ in range(3))
    size = np.r_[np.full(MEN, MEN), np.full(WOMEN, WOMEN)]
    sign = np.r_[np.ones(MEN), -np.ones(WOMEN)]
    for run in range(runs):
        own = generator.beta(RATE * 6, (1 - RATE) * 6, MEN + WOMEN)
        before = np.zeros(MEN + WOMEN)
        for day in range(DAYS):
            lost = gap if day >= BEFORE else 0.0
            chance = np.where(sign > 0, own, own * (1 - lost / RATE))
            got = (generator.random(MEN + WOMEN, dtype=np.float32) < chance).astype(np.float64)
            first, second = got[:MEN].mean(), got[MEN:].mean()
            influence = (got - np.where(sign > 0, first, second)) / size
            gaps[run, day] = first - second
            variances[run, day] = influence @ influence
            shared[run, day] = influence @ before
            before = influence
    return gaps, variances, shared


def _first_alert(gaps: Array, variances: Array, shared: Array | None = None) -> Array:
    """The day of the first alert of each stream, DAYS + 1 for none; as the states go."""
    known = np.zeros_like(gaps) if shared is None else shared
    hits = []
    for run in range(len(gaps)):
        state, hit = State(), DAYS + 1
        for day in range(DAYS):
            start = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=day)
            state = step(
                state,
                Window(start, "1", WOMEN, gaps[run, day], variances[run, day], known[run, day]),
                RULE,
            )
            if state.status == "alert":
                hit = day + 1
                break
        hits.append(hit)
    return np.array(hits)


def _share(hits: Array) -> float:
    return float((hits <= DAYS).mean())


def _delay(hits: Array) -> float:
    return float(np.median(hits[hits > BEFORE])) - BEFORE


def _slack(runs: int, share: float = 0.05) -> float:
    """Three standard errors of a share estimated from so many simulations."""
    return 3 * math.sqrt(share * (1 - share) / runs)


def test_half_a_year_of_daily_looks_raises_few_false_alarms_and_the_naive_test_nearly_always() -> (
    None
):
    runs = 100
    gaps, variances = _gaps(runs, seed=1)
    assert _share(_first_alert(gaps, variances)) <= 0.05 + _slack(runs)
    naive = (np.abs(gaps) / np.sqrt(variances) > 1.96).any(axis=1)
    assert naive.mean() > 0.99


def test_a_gap_of_two_points_is_found_within_three_weeks() -> None:
    gaps, variances = _gaps(100, seed=2, gap=GAP)
    hits = _first_alert(gaps, variances)
    assert _delay(hits) <= 21
    assert (hits <= DAYS).mean() > 0.97


def test_people_who_return_every_day_raise_few_false_alarms_although_the_panel_is_uneven() -> None:
    """Their chance gap lasts: taken for independent days it raises many times as many."""
    runs = 24
    gaps, variances, shared = _panel(runs, seed=3)
    assert _share(_first_alert(gaps, variances, shared)) <= 0.05 + _slack(runs)
    assert float(np.median(shared[:, 1:] / variances[:, 1:])) == pytest.approx(1 / 7, abs=0.03)


@pytest.mark.trust
@pytest.mark.timeout(1_800)
def test_alerts_hold_their_promises_in_many_simulations() -> None:
    runs = 2_000
    gaps, variances = _gaps(runs, seed=11)
    found, late = _gaps(runs, seed=12, gap=GAP)
    assert _share(_first_alert(gaps, variances)) <= 0.05
    assert _delay(_first_alert(found, late)) <= 21
    panel, moved = _panel(400, seed=13), _panel(200, seed=14, gap=GAP)
    independent = _share(_first_alert(panel[0], panel[1]))
    assert _share(_first_alert(*panel)) <= 0.05 < independent
    assert _delay(_first_alert(*moved)) <= 21


def test_the_simulated_panel_agrees_with_the_prospect_shown_before_a_rule_is_saved() -> None:
    alone = prospect(RULE, VARIANCE, runs=2_000)
    panel = prospect(RULE, VARIANCE, shared=VARIANCE / 7, runs=2_000)
    for found in (alone, panel):
        assert found.false_alarms <= found.false_alarm_bound == pytest.approx(180 / 3_650)
        assert found.median_delay is not None and found.median_delay <= 21
        assert found.detected > 0.97


def test_a_smaller_shift_is_expected_later_and_one_too_small_is_said_not_to_be_found() -> None:
    delays = [
        prospect(Rule(0.0, shift), VARIANCE, runs=200).median_delay for shift in (0.04, 0.02, 0.002)
    ]
    assert delays[0] is not None and delays[1] is not None
    assert delays[0] < delays[1] and delays[2] is None


@pytest.mark.parametrize("bet", [0.5, 0.873, 1.5])
def test_the_e_cusum_has_the_delay_of_siegmunds_closed_form(bet: float) -> None:
    runs, days = 2_000, 200
    generator = np.random.default_rng(4)
    detector, hit = sequential.start(runs), np.full(runs, days + 1.0)
    one, none = np.ones(runs), np.zeros(runs)
    for day in range(days):
        reading = generator.standard_normal(runs) + bet
        detector = sequential.observe(detector, reading, one, none, bet, "e_cusum")
        hit = np.where((hit > days) & (detector.evidence >= math.log(3_650)), day + 1, hit)
    expected = sequential.run_length(bet, bet, 3_650)
    assert hit.mean() == pytest.approx(expected, rel=0.04)


def test_siegmunds_closed_form_at_the_drift_of_the_reference() -> None:
    """Alerts at a gap of 0.02 in 20 days and false ones in 0.7 % of half years."""
    bet = GAP / math.sqrt(VARIANCE)
    assert sequential.run_length(bet, bet, 3_650) == pytest.approx(21.6, abs=0.05)
    assert 180 / sequential.run_length(bet, 0.0, 3_650) == pytest.approx(0.0068, abs=1e-4)


def test_the_e_value_of_one_window_is_a_likelihood_ratio() -> None:
    one = np.ones(1)
    after = sequential.observe(sequential.start(), one * 0.7, one, one * 0, 0.5)
    expected = -((0.7 - 0.5) ** 2) / 2 + 0.7**2 / 2  # log N(0.7; 0.5, 1) / N(0.7; 0, 1)
    assert after.evidence[0] == pytest.approx(expected, abs=1e-12)


def test_the_luck_of_returning_people_is_the_posterior_mean() -> None:
    """Against the closed form of a normal mean with a normal prior."""
    readings, shared, own = [0.3, -0.1, 0.25, 0.4], 0.5, 2.0
    detector = sequential.start()
    for reading in readings:
        detector = sequential.observe(
            detector, np.array([reading]), np.array([shared + own]), np.array([shared]), 1.0
        )
    precision = 1 / shared + len(readings) / own
    assert detector.luck[0] == pytest.approx(sum(readings) / own / precision, abs=1e-12)
    assert detector.unknown[0] * shared == pytest.approx(1 / precision, abs=1e-12)


def test_the_mean_evidence_without_a_change_is_the_number_of_windows() -> None:
    """E[M_t] = t: what bounds the false alarms of the Shiryaev-Roberts sum."""
    generator = np.random.default_rng(5)
    runs = 200_000
    detector, one = sequential.start(runs), np.ones(runs)
    for _ in range(8):
        detector = sequential.observe(detector, generator.standard_normal(runs), one, one * 0, 0.3)
    assert np.exp(detector.evidence).mean() == pytest.approx(8, rel=0.02)


def test_no_single_window_alerts_however_far_out() -> None:
    path = follow([_window(0, 0.0), _window(1, 0.9)], RULE)
    assert path[-1].status == "watch"


def test_states_go_from_ok_over_watch_and_alert_to_recovered() -> None:
    rule = Rule(limit=0.05, shift=0.05)
    quiet, bad, good = [0.0] * 10, [0.12] * 12, [0.0] * 80
    windows = [_window(day, gap) for day, gap in enumerate(quiet + bad + good)]
    statuses = [state.status for state in follow(windows, rule)]
    order = [s for i, s in enumerate(statuses) if i == 0 or s != statuses[i - 1]]
    assert order == ["ok", "watch", "alert", "recovered", "ok"]
    assert statuses.index("alert") < 20
    alerted = statuses.count("alert")
    assert alerted >= 10 + rule.calm - 1  # the bad windows count against recovery


def test_recovery_needs_several_calm_windows_inside_the_limit() -> None:
    rule = Rule(limit=0.05, shift=0.05)
    near = [0.12] * 10 + [0.048] * 60  # inside the limit, yet not well inside
    statuses = [s.status for s in follow([_window(d, g) for d, g in enumerate(near)], rule)]
    assert statuses[-1] == "alert"


def test_a_ratio_below_four_fifths_alerts_and_one_above_does_not() -> None:
    rule = Rule(limit=0.8, shift=1.1, side=">=", log=True)
    low = follow([_window(day, 0.70, 0.004) for day in range(60)], rule)
    high = follow([_window(day, 0.85, 0.004) for day in range(60)], rule)
    assert low[-1].status == "alert" and {s.status for s in high} <= {"ok", "watch"}
    assert high[-1].low is not None and high[-1].low < 0.85 < (high[-1].high or 0)


@pytest.mark.parametrize("gap", [0.12, -0.12])
def test_a_limit_on_both_sides_alerts_in_either_direction(gap: float) -> None:
    rule = Rule(limit=0.05, shift=0.05, side="within")
    assert follow([_window(day, gap) for day in range(20)], rule)[-1].status == "alert"
    assert follow([_window(day, gap / 4) for day in range(60)], rule)[-1].status == "ok"


def test_a_new_version_starts_anew() -> None:
    state = follow([_window(day, 0.2) for day in range(10)], RULE)[-1]
    assert state.status == "alert"
    fresh = step(state, _window(10, 0.0, version="2"), RULE)
    assert fresh.status == "ok" and fresh.windows == 1 and fresh.version == "2"
    assert fresh == follow([_window(10, 0.0, version="2")], RULE)[-1]


def test_a_window_handed_in_twice_counts_once_and_an_older_one_is_refused() -> None:
    path = follow([_window(0, 0.01), _window(1, 0.03)], RULE)
    assert step(path[-1], _window(1, 0.9), RULE) == path[-1]
    with pytest.raises(ValueError, match="windows go in order"):
        step(path[-1], _window(0, 0.01), RULE)


def test_too_few_people_are_no_evidence_and_no_recovery() -> None:
    few = step(State(), _window(0, 0.9, subjects=29), RULE)
    assert few.status == "insufficient_data" and few.windows == 0
    alert = follow([_window(day, 0.2) for day in range(10)], RULE)[-1]
    later = step(alert, _window(10, 0.0, subjects=5), RULE)
    assert later.status == "alert" and later.log_evidence == alert.log_evidence


def test_a_state_survives_storage() -> None:
    path = follow([_window(day, 0.02) for day in range(5)], RULE)
    stored = State.from_dict(json.loads(json.dumps(path[-1].to_dict(), allow_nan=False)))
    assert stored == path[-1]
    assert step(stored, _window(5, 0.02), RULE) == step(path[-1], _window(5, 0.02), RULE)


def test_the_level_holds_its_promise_at_every_look() -> None:
    """The naive interval, looked at daily, leaves the truth in a large share of streams."""
    runs = 1_000
    generator = np.random.default_rng(6)
    totals = np.cumsum(generator.standard_normal((runs, DAYS)), axis=1)
    days = np.arange(1, DAYS + 1)
    half = [sequential.mixture_sequence(0.0, 1 / d, 0.95, 0.5).high for d in days]
    assert (np.abs(totals / days) > half).any(axis=1).mean() <= 0.05 + _slack(runs)
    assert (np.abs(totals / days) > 1.96 / np.sqrt(days)).any(axis=1).mean() > 0.3


def test_the_level_is_robbins_mixture() -> None:
    """Where the sequence ends, the mixture likelihood ratio is 1 / 0.05 = 20."""
    information, scale = 40.0, 0.3
    high = sequential.mixture_sequence(0.0, 1 / information, 0.95, scale).high
    score, grown = information * high, 1 + scale**2 * information
    ratio = math.exp(score**2 * scale**2 / (2 * grown)) / math.sqrt(grown)
    assert ratio == pytest.approx(20, rel=1e-9)


@pytest.mark.parametrize("rate", [0.05, 0.5])
def test_the_bernstein_sequence_holds_the_mean_at_every_look(rate: float) -> None:
    runs, misses = 300, 0
    generator = np.random.default_rng(7)
    for _ in range(runs):
        values = (generator.random(600) < rate).astype(float)
        low, high = sequential.bernstein_sequence(values)
        misses += bool((low > rate).any() or (high < rate).any())
    assert misses / runs <= 0.05 + _slack(runs)
    assert high[-1] - low[-1] < 0.25


def test_the_bernstein_sequence_by_hand() -> None:
    low, high = sequential.bernstein_sequence(np.array([1.0, 1.0]), 0.5)
    target, bet = math.log(4), 0.5
    cost = 0.25 * (-math.log1p(-bet) - bet)
    assert high[0] == 1.0 and low[0] == pytest.approx(max(1 - (target + cost) / bet, 0.0))


def test_two_groups_that_differ_are_told_apart_without_a_normal_approximation() -> None:
    generator = np.random.default_rng(8)
    first, second = (generator.random(4_000) < p for p in (0.5, 0.3))
    low, high = sequential.bernstein_contrast(first.astype(float), second.astype(float))
    assert 0 < low < 0.2 < high < 0.4
    low, high = sequential.bernstein_contrast(second.astype(float), first.astype(float), ratio=True)
    assert low < 0.6 < high < 0.8


def test_e_bh_reports_by_the_published_rule() -> None:
    # 4 streams at 0.05: one needs 80, two need 40 each.
    assert sequential.e_bh([81, 1, 1, 1]) == [0]
    assert sequential.e_bh([79, 1, 1, 1]) == []
    assert sequential.e_bh([1, 41, 45, 1]) == [1, 2]
    assert sequential.e_bh([]) == []
    assert sequential.global_e_value([4.0, 0.0]) == 2.0


def test_detectors_side_by_side_do_not_touch_each_other() -> None:
    two = sequential.start(2)
    reading, one = np.array([0.3, 2.0]), np.ones(2)
    both = sequential.observe(two, reading, one, one * 0.2, 0.5)
    alone = [
        sequential.observe(sequential.start(), reading[i : i + 1], one[:1], one[:1] * 0.2, 0.5)
        for i in range(2)
    ]
    joined = Detector(*(np.concatenate(part) for part in zip(*alone, strict=True)))
    assert all(np.array_equal(a, b) for a, b in zip(both, joined, strict=True))


def test_people_who_are_replaced_must_be_said_to_be() -> None:
    """A tenth of the panel changes every window: taken for lasting, luck becomes an alert."""
    replaced = Rule(0.0, GAP, lasting=0.9)
    runs, shared = 1_000, VARIANCE * 0.3
    held = prospect(replaced, VARIANCE, shared=shared, runs=runs)
    assert held.false_alarms <= held.false_alarm_bound + _slack(runs)
    generator = np.random.default_rng(9)
    luck = generator.standard_normal(runs) * math.sqrt(shared)
    detector, over = sequential.start(runs), np.zeros(runs, dtype=bool)
    every, part = np.full(runs, VARIANCE), np.full(runs, shared)
    for _ in range(DAYS):
        noise = generator.standard_normal(runs) * math.sqrt(VARIANCE - shared)
        detector = sequential.observe(detector, luck + noise, every, part, GAP)
        over |= detector.evidence >= math.log(RULE.threshold)
        fresh = generator.standard_normal(runs) * math.sqrt(shared)
        luck = 0.9 * luck + math.sqrt(1 - 0.81) * fresh
    assert over.mean() > 0.3
