"""The laws and norms the presets speak of, each told once: what it says and what it does not.

Written for people who plan audits, not as legal advice. Where a text was not read for this, or is
being amended, its citation says that it has to be checked.
"""

from __future__ import annotations

from audits.presets.preset import Citation, Reach

_DSA = "https://eur-lex.europa.eu/eli/reg/2022/2065/oj"
_AI_ACT = "https://eur-lex.europa.eu/eli/reg/2024/1689/oj"

FOUR_FIFTHS_SOURCE = Citation(
    "29 CFR 1607.4(D), Uniform Guidelines on Employee Selection Procedures (1978)",
    "https://www.ecfr.gov/current/title-29/section-1607.4",
)
META_SOURCE = Citation(
    "United States v. Meta Platforms (S.D.N.Y. 2022), compliance targets of 9 January 2023, as the "
    "Department of Justice announced them; what they leave open: B. Imana and others, "
    "arXiv:2506.16560",
    "https://benton.org/node/336737",
)

FOUR_FIFTHS = Reach(
    "Four-fifths rule (United States, employment)",
    "Agencies generally regard a selection rate below four fifths of the highest group's as "
    "evidence of adverse impact. It speaks of hiring, promotion and the like.",
    "It is a rule of thumb of guidelines, not a limit of the statute: smaller differences may "
    "count and larger ones may not, where numbers are small. It is not a rule for credit, prices, "
    "advertisements or rankings, and no law of the European Union has it. It looks at who is "
    "selected: refusals of 1 % and 3 % pass it, though one group is refused three times as often.",
    FOUR_FIFTHS_SOURCE,
)
LL144 = Reach(
    "Local Law 144 (New York City, hiring)",
    "Who uses an automated tool to hire or promote has it audited each year by an independent "
    "auditor and publishes selection (or scoring) rates and impact ratios by sex, by race or "
    "ethnicity and crossed: each rate divided by the highest. Scored tools count the share above "
    "the median of all. Categories below 2 % of the data may be left out, with a reason.",
    "It sets no limit on the impact ratio: publishing is the duty. An audit made here by the "
    "company itself is not the independent audit it asks for.",
    Citation(
        "NYC Administrative Code 20-870 ff.; rules 6 RCNY 5-300 to 5-304",
        "https://www.nyc.gov/site/dca/about/automated-employment-decision-tools.page",
    ),
)
DSA_26 = Reach(
    "Digital Services Act, Article 26 (advertisements on platforms)",
    "People can tell that it is an advertisement, on whose behalf and who paid, and the main "
    "parameters that chose them and how to change these. Profiling with special categories of "
    "data is not used to choose who sees it.",
    "It sets no figure for how evenly advertisements must reach groups, and an audit of delivery "
    "does not show that the notices are there.",
    Citation("Regulation (EU) 2022/2065, Article 26", _DSA),
)
DSA_28 = Reach(
    "Digital Services Act, Article 28(2) (minors)",
    "Platforms do not show advertisements by profiling when they know with reasonable certainty "
    "that the person is a minor.",
    "That is for the decision at serving time; no ratio between groups stands in for it.",
    Citation("Regulation (EU) 2022/2065, Article 28", _DSA, read=False),
)
DSA_27 = Reach(
    "Digital Services Act, Article 27 (recommender systems)",
    "Platforms state in plain words the main parameters of their recommender systems, why they "
    "matter, and the options to change them.",
    "It asks for openness, not for a spread of exposure: it names no metric and no limit.",
    Citation("Regulation (EU) 2022/2065, Article 27", _DSA),
)
DSA_38 = Reach(
    "Digital Services Act, Articles 34 and 38 (very large platforms)",
    "Very large platforms offer at least one option that is not based on profiling, and assess "
    "systemic risks, to fundamental rights among them.",
    "Neither names a metric or a limit; smaller platforms are not addressed.",
    Citation("Regulation (EU) 2022/2065, Articles 34 and 38", _DSA),
)
P2B = Reach(
    "Platform-to-business Regulation, Articles 5 and 7 (ranking of traders)",
    "Marketplaces and search engines describe the main parameters of ranking, why they matter, "
    "and any different treatment of what they offer themselves.",
    "It asks for description; it sets no limit on differences between groups of traders.",
    Citation(
        "Regulation (EU) 2019/1150, Articles 5 and 7",
        "https://eur-lex.europa.eu/eli/reg/2019/1150/oj",
    ),
)
AI_ACT_DATA = Reach(
    "AI Act, Article 10 (data of high-risk systems)",
    "Data of high-risk systems are examined for biases that are likely to harm people or lead to "
    "discrimination, and measures are taken to detect, prevent and mitigate them; special "
    "categories may be processed for that under strict conditions.",
    "It names no metric and no limit. Since when these duties apply has been under amendment: "
    "the date must be looked up.",
    Citation("Regulation (EU) 2024/1689, Article 10(2)(f), (g) and 10(5)", _AI_ACT, read=False),
)
AI_ACT_ANNEX = Reach(
    "AI Act, Annex III (what is high-risk)",
    "Among others: recruitment (4), eligibility for public benefits (5a), creditworthiness of "
    "natural persons save for detecting fraud (5b), risk and pricing in life and health insurance "
    "(5c).",
    "Recommendations, advertisements in general and the prices of goods are not in the list.",
    Citation("Regulation (EU) 2024/1689, Annex III, points 4 and 5", _AI_ACT),
)
ECOA = Reach(
    "Equal Credit Opportunity Act and Regulation B (United States, credit)",
    "Creditors do not discriminate against applicants on a prohibited basis, such as race, sex, "
    "age or marital status.",
    "It sets no ratio. The Bureau's rule of 22 April 2026, in force since 21 July 2026, removed "
    "the effects test (disparate impact) from Regulation B; states' laws and the Fair Housing Act "
    "differ, and the rule may be contested in court.",
    Citation(
        "15 U.S.C. 1691; 12 CFR 1002.4 and 1002.6 as amended in 2026",
        "https://www.ecfr.gov/current/title-12/part-1002",
        read=False,
    ),
)
FAIR_HOUSING = Reach(
    "Fair Housing Act, the Meta settlement (United States, housing advertisements)",
    "In one settlement a platform agreed that the audience that saw a housing advertisement "
    "differs from the eligible audience by at most 10 % for 91.7 % of advertisements by sex and "
    "81.0 % by estimated race or ethnicity.",
    "It binds that one company, for housing advertisements, until June 2026. It counts shares of "
    "impressions, not people, and allows levelling down: showing the advertisement to fewer.",
    META_SOURCE,
)
UNISEX = Reach(
    "Unisex rule (European Union, insurance)",
    "Using sex as an actuarial factor must not lead to differences in individuals' premiums and "
    "benefits, in contracts since 21 December 2012.",
    "For sex in insurance there is thus no tolerated gap: a limit such as 1.05 is an alarm for "
    "reviewers, not a permission. Factors that are justified in themselves may still correlate "
    "with sex.",
    Citation(
        "Directive 2004/113/EC, Article 5(1); Court of Justice, C-236/09 Test-Achats (1 March "
        "2011); Commission guidelines, OJ C 11, 13 January 2012",
        "https://eur-lex.europa.eu/eli/dir/2004/113/oj",
    ),
)
PERSONAL_PRICES = Reach(
    "Consumer Rights Directive, Article 6(1)(ea) (personalised prices)",
    "Before a distance contract, consumers are told that a price was personalised by automated "
    "decision-making.",
    "It is a duty to inform; it does not limit by how much prices differ.",
    Citation(
        "Directive 2011/83/EU, Article 6(1)(ea), inserted by Directive (EU) 2019/2161",
        "https://eur-lex.europa.eu/eli/dir/2019/2161/oj",
        read=False,
    ),
)
EQUAL_SERVICES = Reach(
    "Equal treatment in goods and services (European Union)",
    "Sex (2004/113/EC) and racial or ethnic origin (2000/43/EC) are no ground for less favourable "
    "treatment in goods and services offered to the public; a neutral rule that puts a group at a "
    "particular disadvantage needs an objective justification.",
    "No figure says how large a disadvantage must be, and whether a stratum is a legitimate "
    "reason is a judgement this method cannot make.",
    Citation(
        "Directives 2000/43/EC and 2004/113/EC",
        "https://eur-lex.europa.eu/eli/dir/2000/43/oj",
        read=False,
    ),
)
GDPR_22 = Reach(
    "GDPR, Articles 9 and 22",
    "Decisions based solely on automated processing that significantly affect a person need a "
    "ground and safeguards; special categories of data, also for auditing, need a condition of "
    "their own.",
    "An audit that passes does not make a decision lawful, and does not by itself permit holding "
    "the attribute it is made by.",
    Citation(
        "Regulation (EU) 2016/679, Articles 9 and 22",
        "https://eur-lex.europa.eu/eli/reg/2016/679/oj",
    ),
)
